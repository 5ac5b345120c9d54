import { CallbackController } from '../callback.controller.js';

/** `POST {path}/image-audit`: the URL to enter for a moderated image. */
export class ImageAuditController extends CallbackController {
  static override readonly routeKind = 'image-audit';
}
