import { toLine } from '../../common/error-text.js';
import { rawRequest } from './callback.reply.js';

/** A trusted proxy may still pass on what the caller wrote. */
const MAX_LENGTH = 64;

/** The caller's address, through proxies only as far as the host told its adapter to trust them. */
export function remoteAddressOf(request: object): string | null {
  const { ip } = request as { ip?: unknown };
  const address = typeof ip === 'string' ? ip : rawRequest(request).socket.remoteAddress;
  return address === undefined ? null : toLine(address, MAX_LENGTH);
}
