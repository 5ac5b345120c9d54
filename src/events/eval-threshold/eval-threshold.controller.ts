import { CallbackController } from '../callback.controller.js';

/** `POST {path}/eval-threshold`: the URL to enter for an evaluation below its threshold. */
export class EvalThresholdController extends CallbackController {
  static override readonly routeKind = 'eval-threshold';
}
