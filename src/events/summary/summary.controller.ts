import { CallbackController } from '../callback.controller.js';

/** `POST {path}/summary`: the URL to enter for the summary of a stream. */
export class SummaryController extends CallbackController {
  static override readonly routeKind = 'summary';
}
