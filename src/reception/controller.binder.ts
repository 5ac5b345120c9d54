import {
  Controller,
  HttpCode,
  Post,
  Req,
  Res,
  SetMetadata,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';

import type { CallbackControllerClass } from '../events/index.js';
import { CallbackExceptionFilter } from './callback-exception.filter.js';
import { CallbackSignatureGuard } from './callback-signature.guard.js';
import { ROUTE_CONFIG_METADATA, ROUTE_MARK, type Registration } from './registration.js';

/**
 * Makes the controllers of one registration: a subclass of each kind's controller with path, guard,
 * filter and the host's decorators on it. Never on the shared class, where the second registration
 * would silently win.
 */
export function bindControllers(
  registration: Registration,
  controllers: readonly CallbackControllerClass[],
): CallbackControllerClass[] {
  return controllers.map((controller) => bind(registration, controller));
}

function bind(registration: Registration, Base: CallbackControllerClass): CallbackControllerClass {
  class BoundController extends Base {
    override receive(request: object, response: object): Promise<void> {
      return super.receive(request, response);
    }
  }
  Object.defineProperty(BoundController, 'name', { value: Base.name });
  const { prototype } = BoundController;
  const receive = Object.getOwnPropertyDescriptor(prototype, 'receive') as PropertyDescriptor;
  Req()(prototype, 'receive', 0);
  // Nest writes no answer of its own where the response is injected.
  Res()(prototype, 'receive', 1);
  Post(Base.routeKind ?? '')(prototype, 'receive', receive);
  HttpCode(200)(prototype, 'receive', receive);
  SetMetadata(ROUTE_CONFIG_METADATA, { [ROUTE_MARK]: registration })(prototype, 'receive', receive);
  UseGuards(CallbackSignatureGuard)(BoundController);
  UseFilters(CallbackExceptionFilter)(BoundController);
  // The URL stands in the cloud's console: it must not move with the host's default version.
  Controller({ path: registration.path, version: VERSION_NEUTRAL })(BoundController);
  for (const decorate of registration.decorators) decorate(BoundController);
  return BoundController;
}
