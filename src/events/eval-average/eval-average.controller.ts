import { CallbackController } from '../callback.controller.js';

/** `POST {path}/eval-average`: the URL to enter for the average of an evaluation. */
export class EvalAverageController extends CallbackController {
  static override readonly routeKind = 'eval-average';
}
