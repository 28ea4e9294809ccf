import { isIP } from 'node:net';

const BITS_MAX = { ipv4: 32, ipv6: 128 } as const;

/** Addresses that have their first `bits` bits in common with `address`. */
export type AddressRange = {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly bits: number;
};

/** The range that `text` is: `10.0.0.0/8`, or one address; undefined when it is neither. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [, address = '', digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const bits = digits === undefined ? BITS_MAX[family] : Number(digits);
  return bits <= BITS_MAX[family] ? { address, family, bits } : undefined;
}

/** Of which family an address is; undefined when it is none. */
export function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}
