import { maskStreamParam } from '../common/mask-secrets.js';
import { parsePayload, type Payload } from '../events/payload/payload.js';

/** A body as it was read; the text stands for nothing where it is not JSON. */
interface ReadBody {
  readonly payload: Pick<Payload, 'value' | 'unreadable'>;
  readonly text: string;
}

/** A body without the credentials of the push, read anew where it had some. */
export function withoutStreamParam({ payload, text }: ReadBody): ReadBody {
  const { value, unreadable } = payload;
  if (unreadable) {
    // A character per byte.
    const bytes = Buffer.from(maskStreamParam(unreadable.bytes.toString('latin1')), 'latin1');
    return { payload: { value, unreadable: { ...unreadable, bytes } }, text };
  }
  const masked = maskStreamParam(text);
  return masked === text ? { payload, text } : { payload: parsePayload(masked), text: masked };
}
