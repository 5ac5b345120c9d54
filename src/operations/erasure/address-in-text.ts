import { isIP } from 'node:net';

/** What an IPv6 address is written with. Takes whole runs, so that no text makes it look twice. */
const MAYBE_IPV6 = /[\da-f:.]+/gi;

/** Whether an address stands in a text, and not as a part of another one; IPv6 in whatever spelling. */
export function hasAddress(text: string, address: string): boolean {
  if (isIP(address) === 4) return hasIpv4(text, address);
  const wanted = canonical(address);
  return [...text.matchAll(MAYBE_IPV6)].some(
    ([found]) => isIP(found) === 6 && canonical(found) === wanted,
  );
}

function hasIpv4(text: string, address: string): boolean {
  for (let at = text.indexOf(address); at >= 0; at = text.indexOf(address, at + 1)) {
    const around = text.charAt(at - 1) + text.charAt(at + address.length);
    if (!/[\d.]/.test(around)) return true;
  }
  return false;
}

/** One spelling of an IPv6 address, as RFC 5952 has it. */
function canonical(address: string): string {
  const [withoutZone = ''] = address.split('%');
  return new URL(`http://[${withoutZone}]`).hostname;
}
