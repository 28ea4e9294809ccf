import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  findPlaces,
  findValues,
  holdsSecret,
  maskValues,
  SEARCHED_LENGTH_MAX,
} from '../../src/tokens/finder.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { valueFrom } from './a-token.ts';
import { FORMS, NEARLY } from './forms.ts';

const VALUE = TokenValue.generate('apit');
const TEXT = VALUE.reveal();
const OTHER_TEXT = TokenValue.generate('acme').reveal();
/** `_`, 12 characters, `_`, 38 characters: what a value ends in. */
const TAIL_LENGTH = 52;

describe('values are found', () => {
  test.for([
    ['alone', TEXT],
    ['in a sentence', `I leaked ${TEXT}, sorry.`],
    ['in double quotes', `"${TEXT}"`],
    ['in curly quotes', `“${TEXT}”`],
    ['in single quotes, in JSON, in a shell', `echo '{"token":"${TEXT}"}'`],
    ['in backticks', `\`${TEXT}\` and \`\`\`${TEXT.slice(0, 4)}\`\`\``],
    ['in angle brackets', `<${TEXT}>`],
    ['as the text of a link', `<https://example.com|${TEXT}>`],
    ['in a link', `<https://example.com/?token=${TEXT}&x=1>`],
    ['in guillemets', `«${TEXT}»`],
    ['behind an equals sign', `APITOKEN=${TEXT}`],
    ['behind letters', `x${TEXT}`],
    ['behind ten letters', `abcdefghij${TEXT}`],
    ['behind capitals and digits', `A1${TEXT}`],
    ['behind letters beyond ASCII', `é部${TEXT}`],
    ['behind an underscore', `my_${TEXT}`],
    ['before letters', `${TEXT}xyz`],
    ['before an underscore', `${TEXT}_old`],
    [
      'before a value of the same shape without check digits',
      `${TEXT} apit_${'0'.repeat(12)}_${'0'.repeat(38)}`,
    ],
    ['on a line of its own', `one\r\n${TEXT}\r\ntwo`],
    ['with zero-width spaces in it', [...TEXT].join('\u200b')],
    ['with a soft hyphen in it', `${TEXT.slice(0, 20)}\u00ad${TEXT.slice(20)}`],
    ['with a byte order mark and joiners', `\ufeff${TEXT.slice(0, 7)}\u2060${TEXT.slice(7)}\u200d`],
    ['with quotes in it', `${TEXT.slice(0, 17)}"+"`.replace('+', '') + TEXT.slice(17)],
    ['in wide letters', TEXT.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0))],
  ] as const)('%s', ([, text]) => {
    expect(findValues(text).map((value) => value.reveal())).toEqual([TEXT]);
  });

  test.for([
    ['two of them', `${TEXT} ${OTHER_TEXT}`, [TEXT, OTHER_TEXT]],
    ['two with nothing between them', TEXT + OTHER_TEXT, [TEXT, OTHER_TEXT]],
    ['the same one twice', `${TEXT},${TEXT}`, [TEXT, TEXT]],
    ['one behind a cut one', TEXT.slice(0, 52) + OTHER_TEXT, [OTHER_TEXT]],
  ] as const)('also %s', ([, text, expected]) => {
    expect(findValues(text).map((value) => value.reveal())).toEqual(expected);
  });

  test.for([
    ['nothing', ''],
    ['a value with wrong check digits', `${TEXT.slice(0, -1)}${TEXT.endsWith('0') ? '1' : '0'}`],
    ['a value without its prefix', TEXT.slice(4)],
    ['a value in capitals', TEXT.toUpperCase()],
    ['a cut value', TEXT.slice(0, -1)],
    ['a token id', 'tok_0123456789abcdef'],
  ] as const)('not in %s', ([, text]) => {
    expect(findValues(text)).toEqual([]);
  });

  test('wherever they stand in any text (fast-check prints the seed)', () => {
    // What could belong to the value itself is kept off its ends.
    const around = fc.string({ unit: 'binary', maxLength: 200 }).map((text) => text.normalize('NFKC'));
    fc.assert(
      fc.property(around, around, (before, after) => {
        expect(findValues(`${before} ${TEXT} ${after}`).map((value) => value.reveal())).toContain(TEXT);
      }),
      { numRuns: 500 },
    );
  });

  test.for([
    ['that end like values', `_${'a'.repeat(12)}_${'a'.repeat(32)}000000`],
    ['that begin and end like values', `aaaa_${'a'.repeat(12)}_${'a'.repeat(32)}000000`],
    ['that are all letters', 'a'],
    ['that are all underscores', '_'],
    ['that are almost values', `apit_${'a'.repeat(12)}_${'a'.repeat(37)}-`],
  ] as const)('with work that grows as the text does, for characters %s', ([, unit]) => {
    const parse = vi.spyOn(TokenValue, 'parse');
    const attemptsFor = (length: number) => {
      parse.mockClear();
      findValues(unit.repeat(length).slice(0, length));
      return parse.mock.calls.length;
    };

    const [few, many] = [attemptsFor(10_000), attemptsFor(40_000)];

    // At most nine prefixes are tried for each end of a value.
    expect(many).toBeLessThanOrEqual((40_000 / TAIL_LENGTH) * 9);
    expect(many).toBeLessThanOrEqual(few * 4 + 9 * 4);
  });
});

test('a value that stands there several times, in several forms, has a place for each', () => {
  const packed = Buffer.from(TEXT).toString('base64');
  const text = `${TEXT} ${TEXT}\n${packed},${TEXT.replaceAll('_', '%5F')}\n${OTHER_TEXT}`;

  expect(findPlaces(text).map(({ value, at }) => [value.reveal(), at])).toEqual([
    [TEXT, 0],
    [TEXT, TEXT.length + 1],
    [TEXT, 2 * TEXT.length + 2],
    [TEXT, 2 * TEXT.length + 2 + packed.length + 1],
    [OTHER_TEXT, text.length - OTHER_TEXT.length],
  ]);
});

describe('what holds a secret', () => {
  test.for([
    ['a value', TEXT, true],
    ['one with wrong check digits', `${TEXT.slice(0, -6)}000000`, true],
    ['one within a text', `a ${TEXT} b`, true],
    ['one glued to letters', `xyz${TEXT}xyz`, true],
    ['one that is cut', TEXT.slice(0, -1), true],
    ['one without a prefix', TEXT.slice(4), true],
    ['one with a prefix of one letter', `x${TEXT.slice(4)}`, true],
    ['a token id', 'tok_0123456789abcdef', false],
  ] as const)('%s: %s', ([, text, expected]) => {
    expect(holdsSecret(text)).toBe(expected);
  });
});

describe('masking', () => {
  test.for([
    ['a value', TEXT, `${TEXT.slice(0, 9)}…`],
    ['one with wrong check digits', `${TEXT.slice(0, -6)}000000`, `${TEXT.slice(0, 9)}…`],
    ['one without check digits', TEXT.slice(0, -6), `${TEXT.slice(0, 9)}…`],
    ['one glued to others', `x${TEXT}${TEXT}y`, `x${TEXT.slice(0, 9)}…${TEXT.slice(0, 9)}…y`],
    ['eleven characters and more of a secret', `-${TEXT.slice(6)}`, `-${TEXT.slice(6)}`],
    ['a lookup id and 23 characters of a secret', TEXT.slice(0, 18 + 23), TEXT.slice(0, 18 + 23)],
    ['a token id', 'tok_0123456789abcdef', 'tok_0123456789abcdef'],
    ['a masked value', String(VALUE), String(VALUE)],
  ] as const)('%s', ([, text, expected]) => {
    expect(maskValues(text)).toBe(expected);
  });
});

/** Not drawn anew each time: by chance, one of a thousand near values looks like words once its lines are joined. */
const KNOWN = 'apit_m5UGaWyJq1Lc_phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs0084rR';

/** Also in ways that only stand apart from what they were made of where that is known. */
const WRITTEN: typeof FORMS = [
  ...FORMS,
  ['with &#95', (value) => value.replaceAll('_', '&#95')],
  ['with &#x5f', (value) => value.replaceAll('_', '&#x5f')],
  ['in hex behind a word', (value) => Buffer.from(`secret ${value}`).toString('hex')],
  ['in wrapped hex in JSON', (value) => Buffer.from(value).toString('hex').replace(/.{40}/g, '$&\\n')],
];

describe('in whatever form it stands:', () => {
  test.for(WRITTEN)('%s, a value is found, alone and among words', ([, written]) => {
    for (const text of [written(KNOWN), `we leaked ${written(KNOWN)} today`, `x=${written(KNOWN)};`]) {
      expect(findValues(text).map((value) => value.reveal())).toEqual([KNOWN]);
      expect(holdsSecret(text)).toBe(true);
    }
  });

  test.for(WRITTEN)('%s, a value is found among other text, whatever that is', ([, written]) => {
    const around = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(around, around, (before, after) => {
        const found = findValues(`${before}\n ${written(KNOWN)} \n${after}`).map((value) => value.reveal());
        expect(found).toContain(KNOWN);
      }),
      { numRuns: 40 },
    );
  });

  test.for(WRITTEN)(
    '%s, it is said where a value begins, to the character, among whatever text',
    ([form, written]) => {
      // Base64 that is cut amid a byte of it is read from up to three characters before, with a line end between.
      const before64 = /base64|Basic/.test(form) ? 8 : 0;
      const around = fc.string({ unit: 'binary', maxLength: 60 });
      fc.assert(
        fc.property(around, around, (before, after) => {
          const text = `${before}\n ${written(KNOWN)} \n${after}`;
          const places = findPlaces(text);

          expect(places.map(({ value }) => value.reveal())).toEqual([KNOWN]);
          const [{ at } = { at: 0 }] = places;
          const fromThere = findValues(text.slice(Math.max(0, at - before64)));
          expect(fromThere.map((value) => value.reveal())).toContain(KNOWN);
          expect(findValues(text.slice(at + 1))).toEqual([]);
        }),
        { numRuns: 40 },
      );
    },
  );

  test.for(
    NEARLY.flatMap(([what, cut]) =>
      FORMS.map(([form, written]) => [what, form, written(cut(KNOWN))] as const),
    ),
  )('a value %s, %s, is a secret', ([, , text]) => {
    expect(holdsSecret(`a ${text} b`)).toBe(true);
  });

  test.for([
    ['hyphens', '-'],
    ['spaces', ' '],
    ['dots', '.'],
    ['colons', ':'],
    ['two underscores', '__'],
    ['an arrow', '->'],
  ] as const)(
    'with %s in place of its underscores it is kept nowhere, without its check digits, too',
    ([, sign]) => {
      for (const [, cut] of NEARLY) {
        const written = cut(KNOWN).replaceAll('_', sign);
        for (const text of [written, `we use ${written} for now`]) expect(holdsSecret(text), text).toBe(true);
      }
    },
  );

  test('24 characters of a secret are too many, 23 are what on-call may type to find a token', () => {
    expect(holdsSecret(KNOWN.slice(0, 18 + 24))).toBe(true);
    expect(holdsSecret(KNOWN.slice(0, 18 + 23))).toBe(false);
    expect(holdsSecret(KNOWN.slice(0, 17))).toBe(false);
  });
});

describe('where words ran into each other, a lookup id and a secret are told from words', () => {
  const LETTERS = 'aBcDeFgHiJkLmNoP';
  const LOWER = 'abc1def2ghi3jkl4mno5pqr6stu7vwx8';
  const HASH = '9F86D081884C7D659A2FEAA0C55AD015';

  test.for<readonly [string, string, string, boolean]>([
    ['letters that take turns in both halves', 'abcdefghijkl', LETTERS.repeat(2), true],
    ['the same seven times, up to the last', 'abcdefghijkl', `${LETTERS}BaBaBaBBBBBBBBBa`, true],
    ['the same six times', 'abcdefghijkl', `${LETTERS}BaBaBaBBBBBBBBBB`, false],
    ['six times in the first half', 'abcdefghijkl', `aBaBaBaaaaaaaaaa${LETTERS}`, false],
    ['capitals in a row', 'abcdefghijkl', 'ABCDEFGHabcdefghABCDEFGHabcdefgh', false],
    ['small letters and digits, and a lookup id that is mixed', 'aBcdefghijkl', LOWER, true],
    ['the same behind a lookup id of two words', 'abcdefgHIJKL', LOWER, false],
    ['the same behind a lookup id of one word', 'abcdefghijkl', LOWER, false],
    ['eight turns', 'aBcdefghijkl', 'abcd1efgh2ijkl3mnop4qrstuvwxyzab', true],
    ['seven turns', 'aBcdefghijkl', 'abcd1efgh2ijkl3mnop4444444444444', false],
    ['many turns without a digit', 'aBcdefghijkl', `${LETTERS}${'BCDEFGHIJKLMNOPQ'}`, false],
    ['a hash in capitals behind a word', 'abcdefghijkl', HASH, false],
  ])('%s', ([, lookupId, secret, expected]) => {
    expect(holdsSecret(`xy${lookupId}_${secret}`)).toBe(expected);
  });

  test.for<readonly [string, string, string, boolean]>([
    ['a lookup id of two turns', 'abcDEFghijkl', KNOWN.slice(18, 18 + 32), true],
    ['a lookup id of one turn', 'abcdefGHIJKL', KNOWN.slice(18, 18 + 32), false],
    ['a word', 'organization', KNOWN.slice(18, 18 + 32), false],
    ['a secret without small letters', '4f3a2b1c9d8e', HASH, false],
    ['a secret without capitals', '4f3a2b1c9d8e', HASH.toLowerCase(), false],
  ])('also where other signs part them: %s', ([, lookupId, secret, expected]) => {
    expect(holdsSecret(`${lookupId}: ${secret}`)).toBe(expected);
  });

  test('a value is one, however little it looks drawn by chance', () => {
    const plain = valueWith('a'.repeat(12), 'a'.repeat(32));

    expect(holdsSecret(`${plain.slice(0, 10)}\n${plain.slice(10)}`)).toBe(true);
    expect(holdsSecret(`${plain.slice(0, 10)}\n${plain.slice(10, -1)}`)).toBe(false);
  });
});

describe('no alarm is raised by', () => {
  test.for([
    'Deploys of the web shop to Frankfurt and London, by the platform team; ask @ann before you touch it.',
    '_Please note it_ must be renewed before the end of the year 2027, or the nightly builds will stop.',
    'Reads the _deployment_ and the _configuration of staging_ in eu-west-1 (see RUNBOOK_2026, section 3)',
    'used by ingest_worker, report_builder_nightly_snapshot_of_all_customers_in_the_european_union',
    'MY_VERY_LONG_ENVIRONMENT_VARIABLE_THAT_SOMEBODY_ONCE_INVENTED_FOR_THE_DEPLOYMENT_OF_EVERYTHING',
    'UserServiceTest_ShouldReturnNotFoundWhenTheUserIsMissingFromTheDatabase',
    'replaces tok_AbCdEf0123456789 of deploy bot in the cluster in US-East1 since Monday 12 May',
    'refunds for pi_3MtwBwLkdIwHu7ix28a3tqPa of the customer cus_NffrFeUfNV2Hib in our shop',
    '550e8400-e29b-41d4-a716-446655440000 and 550e8400e29b41d4a716446655440000',
    'migrated_from_550e8400e29b41d4a716446655440000',
    'sha256_e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'terraformstate_9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904 on release_2026_11',
    'container 4f3a2b1c9d8e: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '550e8400-e29b-41d4-a716-44665544000a 9F86D081884C7D659A2FEAA0C55AD015',
    '123456789012-abc123def456ghi789jkl012mno345pq.apps.googleusercontent.com',
    'production12 - UserServiceTestShouldReturnNotFoundWhenMissing',
    'AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    'arn:aws:iam::123456789012:role/service-role/AmazonEKS_EBS_CSI_DriverRole_production_eu_central_1',
    'https://docs.google.com/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit#gid=0',
    'https://www.youtube.com/playlist?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf',
    'https://example.org/some_path/with_underscores/and%20spaces/and_%C3%BC/index_of_everything.html?utm_source=slack_message',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
    'const next_in_line = queue.find(({ waiting_since }) => waiting_since < Date.now() - MAX_WAIT_MS_2);',
    'SELECT user_id, created_at FROM audit_events WHERE created_at > now() - interval 30 days ORDER BY 1',
    'at process_ticks_and_rejections (node:internal/process/task_queues:95:5) in /srv/app/node_modules/a_b/c.js',
    '-----BEGIN CERTIFICATE----- MIIBkTCB+wIJAKHBfpE0pL2hMA0GCSqGSIb3DQEBCwUAMBExDzANBgNVBAMMBnVudXNl',
    'développement_et_intégration: der Schlüssel für die nächtliche Übertragung nach München, 2027',
    '部署机器人_生产环境_二〇二七 развёртывание_сервиса_на_стенде',
    'apit_4fTz8Kq2AbCd and apit_4fTz… as on-call types it; /apitoken revoke apit_4fTz8K',
  ] as const)('%s', (text) => {
    expect(holdsSecret(text)).toBe(false);
  });

  test('random bytes in base64, hex or as text', () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 48 }).map((drawn) => Buffer.from(drawn));
    fc.assert(
      fc.property(bytes, (drawn) => {
        for (const encoding of ['base64', 'hex', 'latin1'] as const) {
          expect(holdsSecret(drawn.toString(encoding))).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test('every character that NFKC makes letters, digits or an underscore of is read as these', () => {
  const missed: string[] = [];
  let several = 0;
  for (let code = 0x80; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    const plain = character.normalize('NFKC');
    if (!/^[0-9A-Za-z_]{1,3}$/.test(plain)) continue;
    if (plain.length > 1) several += 1;
    const value =
      plain === '_' ? KNOWN : valueWith('m5UGaWyJq1Lc', plain.padEnd(32, 'phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs'));
    const at = plain === '_' ? 4 : 18;
    const text = value.slice(0, at) + character + value.slice(at + plain.length);
    if (findValues(text)[0]?.reveal() !== value) missed.push(character);
  }
  expect(missed).toEqual([]);
  expect(several).toBeGreaterThan(50);
});

test('a prefix that begins like an escape is one', () => {
  for (const prefix of ['tok', 'new', 'rt', 'x5', 'u00a']) {
    const value = TokenValue.generate(prefix).reveal();
    expect(findValues(`C:\\${value}`).map((found) => found.reveal())).toEqual([value]);
  }
});

test('texts that stand apart are not read as one', () => {
  const halves = [TEXT.slice(0, 30), TEXT.slice(30)];

  expect(findValues(halves)).toEqual([]);
  expect(findValues(halves.join('\n'))).toHaveLength(1);
  expect(findValues(halves.join('\uffff'))).toHaveLength(1);
  expect(findValues([TEXT, OTHER_TEXT]).map((value) => value.reveal())).toEqual([TEXT, OTHER_TEXT]);
});

test('a value that stands in several forms, each read in two ways, is one', () => {
  const packed = Buffer.from(TEXT).toString('base64');

  expect(findValues(`${packed}\\n${packed}\\t`).map((value) => value.reveal())).toEqual([TEXT]);
});

describe('of a long text', () => {
  const LONG = SEARCHED_LENGTH_MAX;
  const reach = (text: string) => [findValues(text).length, findPlaces(text).length, holdsSecret(text)];

  test('the first 64 Ki characters are searched, and no more', () => {
    expect(reach(`${' '.repeat(LONG - TEXT.length)}${TEXT}`)).toEqual([1, 1, true]);
    expect(reach(`${' '.repeat(LONG)}${TEXT}`)).toEqual([0, 0, false]);
    expect(findPlaces(`${' '.repeat(LONG - TEXT.length)}${TEXT}`)[0]?.at).toBe(LONG - TEXT.length);
  });

  test('each of several is searched so far, together too', () => {
    const long = `${' '.repeat(LONG - TEXT.length)}${TEXT}`;
    const otherLong = `${' '.repeat(LONG - OTHER_TEXT.length)}${OTHER_TEXT}`;

    const found = findValues([long, ' '.repeat(LONG), ' '.repeat(LONG), otherLong]);

    expect(found.map((value) => value.reveal())).toEqual([TEXT, OTHER_TEXT]);
  });

  test.for([
    ['ligatures of three letters', 'ﬃ'],
    ['signs that are drawn as four', '⒇'],
    ['signs that are drawn as eighteen', '\ufdfa'],
  ] as const)('all may be %s', ([, sign]) => {
    expect(reach(sign.repeat(LONG))).toEqual([0, 0, false]);
  });
});

test.for([
  ['that stays as it is', `%C3%BC ${TEXT}`, TEXT, 7],
  ['that becomes a sign', `%41%5f ${TEXT}`, TEXT, 7],
  [
    'that its prefix begins in',
    `%${valueWith('m5UGaWyJq1Lc', 'phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs', 'c3x')}`,
    undefined,
    1,
  ],
] as const)('a value behind an escape %s has its place', ([, text, value, at]) => {
  const places = findPlaces(text);

  expect(places.map((place) => place.at)).toEqual([at]);
  expect(places[0]?.value.reveal()).toBe(value ?? text.slice(1));
});

/** A value of these parts, with right check digits. */
function valueWith(lookupId: string, secret: string, prefix = 'apit'): string {
  return valueFrom(`${prefix}_${lookupId}_${secret}`).reveal();
}
