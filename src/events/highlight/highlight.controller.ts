import { CallbackController } from '../callback.controller.js';

/** `POST {path}/highlight`: the URL to enter for highlights of a stream. */
export class HighlightController extends CallbackController {
  static override readonly routeKind = 'highlight';
}
