import { getFips, hash } from 'node:crypto';

import { LiveCallbackError } from '../../common/live-callback.error.js';

/** Thrown at start when the platform refuses MD5, with which CSS signs. */
export class DigestForbiddenError extends LiveCallbackError {
  readonly code = 'digest-forbidden';
}

/**
 * Makes sure that signatures can be checked on this host. CSS knows no other digest, and one that the
 * owner of a host has forbidden is not brought in by the back door.
 *
 * @throws DigestForbiddenError
 */
export function checkDigest(): void {
  try {
    hash('md5', '');
  } catch (cause) {
    const by =
      getFips() === 1 ? 'OpenSSL runs in FIPS mode' : 'the configuration of OpenSSL forbids it';
    throw new DigestForbiddenError(
      `Node.js refuses MD5, because ${by}. CSS signs callbacks with MD5(key + t) and nothing else, so none could be verified here. Receive callbacks (role "all" or "intake") in a process that is started without --force-fips, --enable-fips and that OPENSSL_CONF; a process with role "worker" needs no MD5.`,
      { cause },
    );
  }
}
