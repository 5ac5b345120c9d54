import { CallbackController } from '../callback.controller.js';

/** `POST {path}/audio-audit`: the URL to enter for moderated sound. */
export class AudioAuditController extends CallbackController {
  static override readonly routeKind = 'audio-audit';
}
