import { CallbackController } from '../callback.controller.js';

/** `POST {path}/smart-erase`: the URL to enter for erased words. */
export class SmartEraseController extends CallbackController {
  static override readonly routeKind = 'smart-erase';
}
