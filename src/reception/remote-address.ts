import { rawRequest } from './callback.reply.js';

/** The caller's address, through proxies only as far as the host told its adapter to trust them. */
export function remoteAddressOf(request: object): string | null {
  const { ip } = request as { ip?: unknown };
  if (typeof ip === 'string') return ip;
  return rawRequest(request).socket.remoteAddress ?? null;
}
