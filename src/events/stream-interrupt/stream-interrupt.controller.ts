import { CallbackController } from '../callback.controller.js';

/** `POST {path}/stream-interrupt`: the URL to enter for an interrupted push. */
export class StreamInterruptController extends CallbackController {
  static override readonly routeKind = 'stream-interrupt';
}
