import { CallbackController } from '../callback.controller.js';

/** `POST {path}/record-exception`: the URL to enter for an anomaly of a recording. */
export class RecordExceptionController extends CallbackController {
  static override readonly routeKind = 'record-exception';
}
