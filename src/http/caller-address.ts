import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { type AddressRange, familyOf } from '../address-range.ts';

/** Says whether an address is that of a proxy in front of us. */
export type IsProxy = (address: string) => boolean;

/** Whether an address lies in one of `ranges`. */
export function proxiesIn(ranges: readonly AddressRange[]): IsProxy {
  const proxies = new BlockList();
  for (const { address, bits, family } of ranges) proxies.addSubnet(address, bits, family);
  return (address) => {
    const family = familyOf(address);
    return family !== undefined && proxies.check(address, family);
  };
}

/**
 * Where a request comes from. `X-Forwarded-For` is read from its end, as far as each hop is a proxy of ours: what a stranger
 * wrote into it further left counts for nothing.
 */
export function callerAddress(request: IncomingMessage, isProxy: IsProxy): string {
  let address = plainAddress(request.socket.remoteAddress ?? '');
  const header = request.headers['x-forwarded-for'];
  if (header === undefined) return address;
  for (const hop of String(header).split(',').reverse()) {
    const next = hop.trim();
    if (!isProxy(address) || familyOf(next) === undefined) break;
    address = plainAddress(next);
  }
  return address;
}

/**
 * An IPv4 address that came as IPv6 (`::ffff:10.0.0.1`) is that IPv4 address. The zone of an IPv6 address (`%eth0`) says
 * nothing to anybody else, and may be of any length.
 */
function plainAddress(address: string): string {
  if (!address.includes(':')) return address;
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/s, '');
}
