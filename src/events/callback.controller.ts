import { Inject } from '@nestjs/common';

/** Takes one request of a callback route, from the verified body to the written answer. */
export abstract class CallbackIntake {
  /**
   * @param routeKind kind of the URL that was called; null on the URL for every kind
   * @param request the adapter's request (Express or Fastify)
   * @param response the adapter's response; the intake writes status and body itself
   */
  abstract receive(routeKind: string | null, request: object, response: object): Promise<void>;
}

/**
 * Base of the controllers, one per kind. Path, guard, filter and the host's own decorators are put
 * on a subclass for each registration of the module, so that two registrations never share routes.
 */
export abstract class CallbackController {
  /** Kind whose URL this controller answers; null for the one that takes every kind. */
  static readonly routeKind: string | null;

  constructor(@Inject(CallbackIntake) private readonly intake: CallbackIntake) {}

  receive(request: object, response: object): Promise<void> {
    const { routeKind } = this.constructor as typeof CallbackController;
    return this.intake.receive(routeKind, request, response);
  }
}

/** A concrete controller class. */
export type CallbackControllerClass = (new (intake: CallbackIntake) => CallbackController) & {
  readonly routeKind: string | null;
};
