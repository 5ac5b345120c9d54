import { CallbackController } from '../callback.controller.js';

/** `POST {path}/stream-push`: the URL to enter for a started push. */
export class StreamPushController extends CallbackController {
  static override readonly routeKind = 'stream-push';
}
