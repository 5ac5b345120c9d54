import { isIP } from 'node:net';

import { maskUrl } from './mask.js';
import { CloudError } from './cloud.error.js';

/** Where the API is. */
export interface Endpoint {
  readonly protocol: 'http://' | 'https://';
  /** With its port, if it is not the usual one. */
  readonly host: string;
}

/** Endpoint of the accounts of the mainland edition, which the action pages name. */
export const DEFAULT_ENDPOINT = 'https://live.tencentcloudapi.com';

/**
 * Reads an endpoint. Plain http is for the loopback only: requests carry callback keys.
 *
 * @param text a URL or a host name
 * @throws CloudError
 */
export function parseEndpoint(text: string): Endpoint {
  const url = parse('endpoint', text.includes('://') ? text : `https://${text}`);
  if (url.pathname !== '/' || url.search || url.hash || url.username) {
    throw invalid('endpoint', text, `must be a host only, such as ${DEFAULT_ENDPOINT}`);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw invalid('endpoint', text, 'must be https, because requests carry callback keys');
  }
  return { protocol: url.protocol === 'http:' ? 'http://' : 'https://', host: url.host };
}

/** @throws CloudError */
export function checkProxy(text: string): string {
  return parse('proxy', text).href;
}

/** Variables that name a proxy and are set. They are not used, which may be why a call fails. */
export function proxyVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const names = [
    'https_proxy',
    'HTTPS_PROXY',
    'http_proxy',
    'HTTP_PROXY',
    'ALL_PROXY',
    'all_proxy',
  ];
  return names.filter((name) => env[name]);
}

function parse(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.hostname) return url;
  throw invalid(name, text, 'must be an http or https URL');
}

function invalid(name: string, text: string, problem: string): CloudError {
  return new CloudError('invalid', `${name} ${problem}, not "${maskUrl(text)}".`);
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    (isIP(hostname) === 4 && hostname.startsWith('127.'))
  );
}
