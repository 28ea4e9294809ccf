import type { IncomingMessage } from 'node:http';
import { BlockList, SocketAddress } from 'node:net';
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
    if (!isProxy(address)) break;
    const text = hop.trim();
    // RFC 9110 §5.6.1: an empty element of a list is none.
    if (text === '') continue;
    const next = addressIn(text);
    if (next === undefined) break;
    address = next;
  }
  return address;
}

/**
 * The address that a hop names, in one spelling for each; undefined when it is `unknown` or anything else. Nobody has specified the
 * header: Azure's Application Gateway and IIS add the port, others put brackets or the quotes of RFC 7239 around. The zone of an
 * IPv6 address (`%eth0`) says nothing to anybody else, and may be of any length.
 */
function addressIn(hop: string): string | undefined {
  const text = /^(["'])(.*)\1$/s.exec(hop)?.[2] ?? hop;
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(text)?.[1];
  const address = (bracketed ?? text.replace(/^([\d.]+):\d*$/, '$1')).replace(/%.*$/s, '');
  const family = familyOf(address);
  if (family === undefined || (bracketed !== undefined && family === 'ipv4')) return undefined;
  return family === 'ipv4' ? address : plainAddress(new SocketAddress({ address, family }).address);
}

/** An IPv4 address that came as IPv6 (`::ffff:10.0.0.1`) is that IPv4 address. */
function plainAddress(address: string): string {
  return address.includes(':') ? address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/s, '') : address;
}
