import { CallbackController } from '../callback.controller.js';

/** `POST {path}/subtitles`: the URL to enter for live subtitles. */
export class SubtitlesController extends CallbackController {
  static override readonly routeKind = 'subtitles';
}
