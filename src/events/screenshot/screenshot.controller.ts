import { CallbackController } from '../callback.controller.js';

/** `POST {path}/screenshot`: the URL to enter for a screenshot. */
export class ScreenshotController extends CallbackController {
  static override readonly routeKind = 'screenshot';
}
