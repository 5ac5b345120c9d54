import { isUtf8 } from 'node:buffer';

/** How a body stands in its column: as text, or as base64 where no text column of each database holds it. */
export type BodyEncoding = 'utf8' | 'base64';

/** A body as it is kept, byte for byte. */
export interface KeptBody {
  readonly body: string;
  readonly bodyEncoding: BodyEncoding;
}

/** Any bytes as they are kept. PostgreSQL takes no NUL into a text. */
export function keepBody(bytes: Buffer): KeptBody {
  const isText = isUtf8(bytes) && !bytes.includes(0);
  const bodyEncoding = isText ? 'utf8' : 'base64';
  return { body: bytes.toString(bodyEncoding), bodyEncoding };
}
