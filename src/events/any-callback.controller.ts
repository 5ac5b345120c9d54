import { CallbackController } from './callback.controller.js';

/** `POST {path}`: takes every kind, told apart by `event_type`. */
export class AnyCallbackController extends CallbackController {
  static override readonly routeKind = null;
}
