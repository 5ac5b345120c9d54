import { CallbackController } from '../callback.controller.js';

/** `POST {path}/relay`: the URL to enter for a relay (pull and push) task. */
export class RelayController extends CallbackController {
  static override readonly routeKind = 'relay';
}
