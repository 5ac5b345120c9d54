import type { CallbackKey } from './live-callback.options.js';

/** Reads keys as an environment variable holds them: comma separated, `domain=key` binds one. */
export function parseKeyList(text: string): CallbackKey[] {
  return text.split(',').flatMap(parseKey);
}

function parseKey(text: string): CallbackKey[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const at = trimmed.indexOf('=');
  if (at < 0) return [trimmed];
  return [{ domain: trimmed.slice(0, at).trim(), key: trimmed.slice(at + 1).trim() }];
}
