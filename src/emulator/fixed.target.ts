import { EmulatorError } from './emulator.error.js';
import type { CallbackTarget, TemplateDirectory } from './template-directory.js';

/** Where everything goes. */
export interface FixedTargetOptions {
  /** The callback key; empty to leave `t` and `sign` out. */
  key: string;
  /**
   * Base URL of the module's routes, such as `http://127.0.0.1:3000/live-callback`. A query string,
   * such as `?token=…`, goes with every callback.
   */
  baseUrl: string;
}

/**
 * A directory without templates: every push domain is bound to one receiver, each kind to the URL
 * of its own that the module has, such as `http://127.0.0.1:3000/live-callback/stream-push`.
 *
 * @throws EmulatorError when no callback could be sent like that
 */
export function fixedTarget({ key, baseUrl }: FixedTargetOptions): TemplateDirectory {
  if (!/^[A-Za-z0-9]{0,32}$/.test(key)) {
    throw new EmulatorError('key must be up to 32 letters and digits, as CSS takes them.');
  }
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    throw new EmulatorError('baseUrl must be a URL that begins with http:// or https://.');
  }
  const target: CallbackTarget = {
    key,
    urlOf(kind) {
      const url = new URL(baseUrl);
      url.pathname = `${url.pathname.replace(/\/+$/, '')}/${encodeURIComponent(kind)}`;
      return url.href;
    },
  };
  return { targetOf: () => target };
}
