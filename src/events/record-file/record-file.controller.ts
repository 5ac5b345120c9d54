import { CallbackController } from '../callback.controller.js';

/** `POST {path}/record-file`: the URL to enter for a recorded file. */
export class RecordFileController extends CallbackController {
  static override readonly routeKind = 'record-file';
}
