import { CallbackController } from '../callback.controller.js';

/** `POST {path}/push-error`: the URL to enter for anomalies of a push. */
export class PushErrorController extends CallbackController {
  static override readonly routeKind = 'push-error';
}
