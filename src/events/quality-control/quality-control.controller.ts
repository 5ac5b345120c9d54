import { CallbackController } from '../callback.controller.js';

/** `POST {path}/quality-control`: the URL to enter for a quality problem. */
export class QualityControlController extends CallbackController {
  static override readonly routeKind = 'quality-control';
}
