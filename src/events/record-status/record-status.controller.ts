import { CallbackController } from '../callback.controller.js';

/** `POST {path}/record-status`: the URL to enter for a changed recording status. */
export class RecordStatusController extends CallbackController {
  static override readonly routeKind = 'record-status';
}
