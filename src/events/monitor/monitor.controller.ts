import { CallbackController } from '../callback.controller.js';

/** `POST {path}/monitor`: the URL to enter for a finding of the monitor. */
export class MonitorController extends CallbackController {
  static override readonly routeKind = 'monitor';
}
