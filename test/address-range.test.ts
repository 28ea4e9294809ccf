import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { familyOf, parseAddressRange } from '../src/address-range.ts';
import { proxiesIn } from '../src/http/caller-address.ts';

describe('a range is', () => {
  test.for([
    ['one address', '10.0.0.1', { address: '10.0.0.1', family: 'ipv4', bits: 32 }],
    ['one IPv6 address', '2001:db8::1', { address: '2001:db8::1', family: 'ipv6', bits: 128 }],
    ['all that start alike', '10.0.0.0/8', { address: '10.0.0.0', family: 'ipv4', bits: 8 }],
    ['all that start alike, by IPv6', '2001:db8::/32', { address: '2001:db8::', family: 'ipv6', bits: 32 }],
    ['named by any address in it', '10.1.2.3/8', { address: '10.1.2.3', family: 'ipv4', bits: 8 }],
    ['everything', '0.0.0.0/0', { address: '0.0.0.0', family: 'ipv4', bits: 0 }],
    ['one address of 32 bits', '10.0.0.1/32', { address: '10.0.0.1', family: 'ipv4', bits: 32 }],
    ['one address of 128 bits', '::1/128', { address: '::1', family: 'ipv6', bits: 128 }],
  ] as const)('%s: %s', ([, text, range]) => {
    expect(parseAddressRange(text)).toEqual(range);
  });
});

describe('no range is', () => {
  test.for([
    ['nothing', ''],
    ['a name', 'proxy.example'],
    ['33 bits of IPv4', '10.0.0.0/33'],
    ['129 bits of IPv6', '::/129'],
    ['bits that are none', '10.0.0.0/x'],
    ['no bits behind the slash', '10.0.0.0/'],
    ['bits alone', '/8'],
    ['a negative number of bits', '10.0.0.0/-1'],
    ['half a bit', '10.0.0.0/8.5'],
    ['two slashes', '10.0.0.0/8/8'],
    ['a mask in dots', '10.0.0.0/255.0.0.0'],
    ['three numbers', '10.0.0/24'],
    ['a number beyond 255', '10.0.0.256'],
    ['an octal number', '010.0.0.1'],
    ['a hexadecimal number', '0x0a.0.0.1'],
    ['one number', '167772161'],
    ['a port', '10.0.0.1:80'],
    ['brackets', '[::1]'],
    ['two gaps in IPv6', '2001::db8::1'],
    ['the zone of one machine', 'fe80::1%eth0'],
    ['the zone of one machine with bits', 'fe80::1%eth0/64'],
    ['spaces', ' 10.0.0.1 '],
    ['a line end', '10.0.0.1\n'],
    ['two ranges', '10.0.0.1,10.0.0.2'],
    ['a star', '10.*'],
  ] as const)('%s', ([, text]) => {
    expect(parseAddressRange(text)).toBeUndefined();
  });
});

test('any text is a range or none, and never breaks anything (fast-check prints the seed)', () => {
  const likeOne = fc
    .array(fc.constantFrom('0', '1', '25', '255', '.', ':', '::', '/', '8', '32', 'f', 'ffff', '%'))
    .map((parts) => parts.join(''));

  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), likeOne), (text) => {
      const range = parseAddressRange(text);
      if (range === undefined) return;
      expect(familyOf(range.address)).toBe(range.family);
      expect(range.bits).toBeLessThanOrEqual(range.family === 'ipv4' ? 32 : 128);
      expect(proxiesIn([range])(range.address)).toBe(true);
    }),
    { numRuns: 5000 },
  );
});

test('an IPv4 address is in a range when its first bits are the same, and otherwise not (fast-check prints the seed)', () => {
  const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });

  fc.assert(
    fc.property(number, number, fc.integer({ min: 0, max: 32 }), fc.boolean(), (one, other, bits, isNear) => {
      // Two random numbers seldom start alike: half of the time the other differs in a single bit.
      const second = isNear ? (one ^ (1 << (other % 32))) >>> 0 : other;
      const range = parseAddressRange(`${dotted(one)}/${bits}`);
      if (range === undefined) throw new Error('this is a range');

      const isInside = bits === 0 || one >>> (32 - bits) === second >>> (32 - bits);
      expect(proxiesIn([range])(dotted(second))).toBe(isInside);
      expect(proxiesIn([range])(`::ffff:${dotted(second)}`)).toBe(isInside);
      expect(proxiesIn([])(dotted(second))).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

test('an IPv6 address is in a range when its first bits are the same, and otherwise not (fast-check prints the seed)', () => {
  const number = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });

  fc.assert(
    fc.property(
      number,
      fc.integer({ min: 0, max: 128 }),
      fc.integer({ min: 0, max: 127 }),
      (one, bits, flipped) => {
        const range = parseAddressRange(`${coloned(one)}/${bits}`);
        if (range === undefined) throw new Error('this is a range');

        // Bit 0 is the last one: it lies outside of the first `bits` when the flip leaves those as they are.
        const isInside = flipped < 128 - bits;
        expect(proxiesIn([range])(coloned(one ^ (1n << BigInt(flipped))))).toBe(isInside);
      },
    ),
    { numRuns: 2000 },
  );
});

test.for(['', 'garbage', '10.0.0.1:80', '::ffff:10.0.0.1:80', 'x'.repeat(10_000)])(
  'what is no address is no proxy: %j',
  (text) => {
    const everybody = proxiesIn([
      { address: '0.0.0.0', family: 'ipv4', bits: 0 },
      { address: '::', family: 'ipv6', bits: 0 },
    ]);

    expect(everybody(text)).toBe(false);
  },
);

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

function coloned(number: bigint): string {
  const text = number.toString(16).padStart(32, '0');
  return text.match(/.{4}/g)?.join(':') ?? '';
}
