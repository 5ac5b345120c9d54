import {
  applyDecorators,
  Controller,
  HttpCode,
  Post,
  Req,
  Res,
  SetMetadata,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';

import type { EventCatalog } from '../../events/event-catalog.js';
import { CallbackReceiver } from '../callback.receiver.js';
import { CallbackSignatureGuard } from '../verification/callback-signature.guard.js';
import { CallbackExceptionFilter } from './callback-exception.filter.js';
import { ROUTE_CONFIG_METADATA, ROUTE_MARK, type Registration } from './registration.js';

/**
 * Makes the controllers of one registration: one per kind of the catalog, named after it, and the one
 * that takes every kind. Classes of its own for each registration: on shared ones the path of the
 * second registration would silently win.
 */
export function createCallbackControllers(
  registration: Registration,
  catalog: EventCatalog,
): Type[] {
  return [
    createController('AnyCallbackController', null, registration),
    ...catalog.definitions.map(({ kind }) =>
      createController(`${pascalCase(kind)}Controller`, kind, registration),
    ),
  ];
}

/** @param kind kind whose URL it answers; null for the URL that takes every kind */
function createController(name: string, kind: string | null, registration: Registration): Type {
  @applyDecorators(...registration.decorators)
  @UseFilters(CallbackExceptionFilter)
  @UseGuards(CallbackSignatureGuard)
  // The URL stands in the cloud's console: it must not move with the host's default version.
  @Controller({ path: registration.path, version: VERSION_NEUTRAL })
  class CallbackController {
    static {
      // What logs, OpenAPI and the host's decorators call it.
      Object.defineProperty(this, 'name', { value: name });
    }

    constructor(private readonly receiver: CallbackReceiver) {}

    @Post(kind ?? '')
    @HttpCode(200)
    @SetMetadata(ROUTE_CONFIG_METADATA, { [ROUTE_MARK]: registration })
    // Nest writes no answer of its own where the response is injected.
    receive(@Req() request: object, @Res() response: object): Promise<void> {
      return this.receiver.receive(kind, request, response);
    }
  }
  return CallbackController;
}

/** `stream-push` becomes `StreamPush`. */
function pascalCase(kind: string): string {
  return kind
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
