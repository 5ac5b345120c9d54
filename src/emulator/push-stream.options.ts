import { named, positive } from './option.checks.js';
import { checkedRecording, type RecordingOptions } from './recording.js';
import { checkedScreenshots, type ScreenshotOptions } from './screenshot.task.js';

/** A push: who pushes what where, and what CSS does with it meanwhile. */
export interface PushStreamOptions {
  /** Push domain. */
  domain: string;
  /** Push path. Default: `live`. */
  appName?: string;
  streamName: string;
  /** Whether pushes of the same name go on beside it, as main and backup do. Default: false. */
  backup?: boolean;
  /** Query string of the push URL, where push credentials stand. Default: empty. */
  streamParam?: string;
  /** IP address of the pusher. Default: one of the documentation. */
  clientIp?: string;
  /** Video width, px. Default: 1280. */
  width?: number;
  /** Video height, px. Default: 720. */
  height?: number;
  /** Takes pictures; `true` for every ten seconds. Default: none. */
  screenshots?: ScreenshotOptions | boolean;
  /** Records from the first moment on; `true` for one HLS file. Default: not. */
  record?: RecordingOptions | boolean;
}

/** The same with its defaults. */
export interface CheckedPush extends Required<Omit<PushStreamOptions, 'screenshots' | 'record'>> {
  readonly screenshots: ScreenshotOptions | null;
  readonly record: RecordingOptions | null;
}

/** @throws EmulatorError naming the option that cannot be used */
export function checkedPush(options: PushStreamOptions): CheckedPush {
  const { appName = 'live', streamParam = '', clientIp = '192.0.2.20' } = options;
  const { backup = false } = options;
  const { width = 1280, height = 720, screenshots, record } = options;
  return {
    domain: named('domain', options.domain),
    appName: named('appName', appName),
    streamName: named('streamName', options.streamName),
    backup,
    streamParam,
    clientIp,
    width: positive('width', width),
    height: positive('height', height),
    screenshots: optional(screenshots, checkedScreenshots),
    record: optional(record, checkedRecording),
  };
}

/** `true` stands for options that are all left out. */
function optional<T extends object>(
  options: T | boolean | undefined,
  check: (options: T) => T,
): T | null {
  if (options === undefined || options === false) return null;
  return check(options === true ? ({} as T) : options);
}
