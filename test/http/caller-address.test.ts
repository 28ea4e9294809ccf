import { describe, expect, test } from 'vitest';
import { parseAddressRange } from '../../src/address-range.ts';
import { proxiesIn } from '../../src/http/caller-address.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aSecret, T0 } from '../tokens/a-token.ts';
import { aServer, ask } from './a-server.ts';

const VALUE = TokenValue.generate('apit');
const BEARER = ['Authorization', `Bearer ${VALUE.reveal()}`];
const HERE = '127.0.0.1';
const OURS = '127.0.0.1, 10.0.0.0/8, 2001:db8:1::/48';

describe('without trusted proxies a use comes from where the connection comes from', () => {
  test.for([
    ['when nothing is forwarded', []],
    ['whatever a stranger writes', ['X-Forwarded-For', '198.51.100.7']],
    [
      'whatever a stranger writes twice',
      ['X-Forwarded-For', '198.51.100.7', 'X-Forwarded-For', '198.51.100.8'],
    ],
    [
      'whatever other header a stranger writes',
      ['Forwarded', 'for=198.51.100.7', 'X-Real-IP', '198.51.100.7'],
    ],
  ] as const)('%s', async ([, headers]) => {
    expect(await addressOf(headers, '')).toBe(HERE);
  });
});

describe('behind trusted proxies a use comes from', () => {
  test.for<readonly [string, readonly string[], string]>([
    ['the proxy, when it forwards nothing', [], HERE],
    ['the proxy, when it forwards an empty header', [''], HERE],
    ['whom the proxy names', ['198.51.100.7'], '198.51.100.7'],
    ['whom the proxy names by IPv6', ['2001:db8::7'], '2001:db8::7'],
    ['whom the proxy names, an IPv4 address written as IPv6', ['::ffff:198.51.100.7'], '198.51.100.7'],
    ['whom the proxy names, the same in capitals', ['::FFFF:198.51.100.7'], '198.51.100.7'],
    ['whom the proxy names, and not whom that one names', ['203.0.113.1, 198.51.100.7'], '198.51.100.7'],
    ['whom the first of our proxies names', ['198.51.100.7, 10.1.2.3'], '198.51.100.7'],
    ['whom the first of them names, written as IPv6', ['198.51.100.7, ::ffff:10.1.2.3'], '198.51.100.7'],
    ['whom the first of them names by IPv6', ['198.51.100.7, 2001:db8:1::5, 10.1.2.3'], '198.51.100.7'],
    ['the stranger, who names one of our proxies', ['10.9.9.9, 198.51.100.7, 10.1.2.3'], '198.51.100.7'],
    [
      'the stranger, who names one of ours in a header of its own',
      ['10.9.9.9', '198.51.100.7'],
      '198.51.100.7',
    ],
    [
      'whom several headers name, the last one first',
      ['198.51.100.7', '10.1.2.3', '10.1.2.4'],
      '198.51.100.7',
    ],
    ['the furthest proxy, when all are ours', ['10.1.2.3, 10.1.2.4'], '10.1.2.3'],
    ['whom it names, whatever spaces there are', [' \t 203.0.113.1 ,,198.51.100.7  '], '198.51.100.7'],
    ['the same one, named twice', ['198.51.100.7, 198.51.100.7'], '198.51.100.7'],
    ['the proxy, when garbage is forwarded', ['garbage'], HERE],
    ['the proxy, when it hides whom', ['unknown'], HERE],
    ['the proxy, when the nearest hop is garbage', ['198.51.100.7, garbage'], HERE],
    ['whom it names before a comma', ['198.51.100.7,'], '198.51.100.7'],
    ['whom it names before commas and spaces', ['198.51.100.7, ,\t, '], '198.51.100.7'],
    ['whom it names before an empty header', ['198.51.100.7', ''], '198.51.100.7'],
    ['the proxy, when there are commas alone', [',,, ,'], HERE],
    [
      'the stranger, with an empty hop before our proxy',
      ['10.9.9.9, 198.51.100.7, , 10.1.2.3'],
      '198.51.100.7',
    ],
    ['the last proxy before garbage', ['198.51.100.7, garbage, 10.1.2.3'], '10.1.2.3'],
    ['whom it names with a port', ['198.51.100.7:4711'], '198.51.100.7'],
    ['whom it names with a colon and no port', ['198.51.100.7:'], '198.51.100.7'],
    ['whom it names in brackets', ['[2001:db8::7]'], '2001:db8::7'],
    ['whom it names in brackets with a port', ['[2001:db8::7]:4711'], '2001:db8::7'],
    ['whom it names in quotes', ['"198.51.100.7"'], '198.51.100.7'],
    ['whom it names in quotes with a port', ['"198.51.100.7:4711"'], '198.51.100.7'],
    ['whom it names in quotes and brackets with a port', ['"[2001:db8::7]:4711"'], '2001:db8::7'],
    ['whom it names in single quotes', ["'198.51.100.7'"], '198.51.100.7'],
    ['whom the first of our proxies names, all with ports', ['198.51.100.7:1, 10.1.2.3:2'], '198.51.100.7'],
    ['whom the first of them names, in brackets', ['[2001:db8::7]:1, [2001:db8:1::5]:2'], '2001:db8::7'],
    [
      'the stranger, who names one of ours with a port',
      ['10.9.9.9:1, 198.51.100.7:2, 10.1.2.3:3'],
      '198.51.100.7',
    ],
    ['whom it names, in one spelling of many', ['2001:DB8:0:0::0007'], '2001:db8::7'],
    ['whom it names in brackets, in capitals', ['[2001:DB8::A]:443'], '2001:db8::a'],
    ['whom it names, an IPv4 address in hexadecimal IPv6', ['::ffff:c633:6407'], '198.51.100.7'],
    ['whom it names, the same in brackets with a port', ['[::FFFF:198.51.100.7]:80'], '198.51.100.7'],
    ['whom it names, the same written out', ['0:0:0:0:0:ffff:198.51.100.7'], '198.51.100.7'],
    ['the proxy, when an IPv4 address is in brackets', ['[198.51.100.7]'], HERE],
    ['the proxy, when the brackets are not closed', ['[2001:db8::7'], HERE],
    ['the proxy, when something follows the brackets', ['[2001:db8::7]x'], HERE],
    ['the proxy, when the port is none', ['198.51.100.7:http'], HERE],
    ['the proxy, when one quote is missing', ['"198.51.100.7'], HERE],
    ['the proxy, when the quotes hold nothing', ['""'], HERE],
    ['the proxy, when the brackets hold nothing', ['[]:80'], HERE],
    ['the proxy, when the nearest hop is hidden', ['198.51.100.7, unknown'], HERE],
    ['the proxy, when the nearest hop is a name of RFC 7239', ['198.51.100.7, _hidden:80'], HERE],
    ['the proxy, when the address is out of bounds', ['198.51.100.256'], HERE],
    ['the proxy, when the address is a number', ['3325256711'], HERE],
    ['the proxy, when the address is octal', ['0198.051.100.7'], HERE],
    ['the proxy, when the address is a script', ['<!channel>'], HERE],
    ['whom it names, without the zone of that machine', ['fe80::7%eth0'], 'fe80::7'],
    ['whom it names in brackets, without the zone', ['[fe80::7%25eth0]:80'], 'fe80::7'],
    ['whom it names, without 5,000 characters of a zone', [`fe80::7%${'x'.repeat(5000)}`], 'fe80::7'],
    [
      'the nearest stranger of 500',
      [Array.from({ length: 500 }, (_, i) => `1.1.1.${i % 256}`).join()],
      '1.1.1.243',
    ],
    [
      'beyond 500 proxies of ours with ports',
      [`198.51.100.7${',10.0.0.1:65535'.repeat(400)}`],
      '198.51.100.7',
    ],
    ['the proxy, after 7,000 brackets', ['['.repeat(7000)], HERE],
    ['the proxy, after 7,000 quotes', ['"'.repeat(7001)], HERE],
    ['whom it names, after 7,000 commas', [`198.51.100.7${','.repeat(7000)}`], '198.51.100.7'],
    ['beyond 500 proxies of ours', [`198.51.100.7${',10.0.0.1'.repeat(500)}`], '198.51.100.7'],
  ])('%s', async ([, lines, expected]) => {
    const headers = lines.flatMap((line) => ['X-Forwarded-For', line]);

    expect(await addressOf(headers, OURS)).toBe(expected);
  });

  test('whom the proxy names, also when the connection comes by IPv4 written as IPv6', async () => {
    const headers = ['X-Forwarded-For', '198.51.100.7'];

    expect(await addressOf(headers, OURS, '::ffff:127.0.0.1')).toBe('198.51.100.7');
    expect(await addressOf([], OURS, '::ffff:127.0.0.1')).toBe(HERE);
  });

  test('nobody but the connection, when that is none of ours', async () => {
    expect(await addressOf(['X-Forwarded-For', '198.51.100.7'], '10.0.0.0/8')).toBe(HERE);
  });
});

test('a refused value of a token comes from where a good one would', async () => {
  const secret = aSecret(VALUE, { endsAt: T0 });
  const server = await aServer([secret], { isProxy: proxiesFrom(OURS) });

  const headers = [...BEARER, 'X-Forwarded-For', '203.0.113.1, 198.51.100.7, 10.1.2.3'];
  const { status } = await ask(server.port, '/verify', { headers });

  expect(status).toBe(401);
  expect(server.refusals).toEqual([{ tokenId: secret.tokenId, at: T0 + 1, address: '198.51.100.7' }]);
  expect(server.uses).toEqual([]);
});

/** Where a use is said to come from that a connection from this machine makes with these headers. */
async function addressOf(
  headers: readonly string[],
  trusted: string,
  host = HERE,
): Promise<string | undefined> {
  const server = await aServer([aSecret(VALUE)], { isProxy: proxiesFrom(trusted), host });

  const { status } = await ask(server.port, '/verify', { headers: [...BEARER, ...headers] });

  expect(status).toBe(200);
  expect(server.uses).toHaveLength(1);
  return server.uses[0]?.address;
}

function proxiesFrom(list: string) {
  const texts = list === '' ? [] : list.split(', ');
  return proxiesIn(texts.flatMap((text) => parseAddressRange(text) ?? []));
}
