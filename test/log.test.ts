import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createLog } from '../src/log.ts';
import { TokenValue } from '../src/tokens/token-value.ts';
import { FORMS, NEARLY } from './tokens/forms.ts';

const VALUE = TokenValue.generate('apit').reveal();
const BOT_TOKEN = 'xoxb-2222-3333-AbCdEf0123';
const APP_TOKEN = 'xapp-1-A0BC-4444-0123abcdef';

/** Everything that must not be in a line: the secrets, and what is left of them beyond their first characters. */
const SECRETS = [
  VALUE,
  VALUE.slice(10),
  VALUE.slice(-38),
  BOT_TOKEN,
  '3333-AbCdEf0123',
  APP_TOKEN,
  '0123abcdef',
];

describe('a log line', () => {
  test('is one JSON object with level, time and msg', () => {
    const lines = linesOf((log) => log.info({ port: 8080 }, 'ready'));

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    const line = JSON.parse(lines[0] ?? '');
    expect(line).toEqual({ level: 'info', time: line.time, port: 8080, msg: 'ready' });
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  test.for(['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const)(
    'says its level %s in a word',
    (level) => {
      const lines = linesOf((log) => log[level]('x'), 'trace');

      expect(JSON.parse(lines[0] ?? '').level).toBe(level);
    },
  );

  test('below the level is not written', () => {
    expect(linesOf((log) => log.info('x'), 'warn')).toEqual([]);
  });

  test('of an error has its message, its stack and its causes', () => {
    const fault = new Error('could not look', { cause: new Error('disk gone') });

    const line = JSON.parse(linesOf((log) => log.error({ err: fault }, 'x'))[0] ?? '');

    expect(line.err.message).toBe('could not look: disk gone');
    expect(line.err.stack).toContain('log.test.ts');
  });
});

describe('no value and no Slack token is in the line', () => {
  test.for([
    ['as the message', (log, secret) => log.info(secret)],
    [
      'in the middle of the message',
      (log, secret) => log.info(`a <${secret}>, "${secret}" and \n${secret}\tb`),
    ],
    ['glued to other text', (log, secret) => log.info(`x${secret}y _${secret}_ 1${secret} é${secret}é`)],
    ['as a format argument', (log, secret) => log.info('a %s b %j', secret, { secret })],
    ['as a field', (log, secret) => log.info({ text: secret }, 'x')],
    [
      'deep in a field',
      (log, secret) => log.info({ a: { b: [{ c: [secret, `${secret},${secret}`] }] } }, 'x'),
    ],
    ['as a key', (log, secret) => log.info({ [secret]: { [secret]: 1 } }, 'x')],
    [
      'in JSON in a field',
      (log, secret) => log.info({ body: JSON.stringify({ a: JSON.stringify({ secret }) }) }, 'x'),
    ],
    ['in a URL', (log, secret) => log.info({ url: `/verify?token=${secret}&x=1` }, 'x')],
    ['in a header', (log, secret) => log.info({ headers: { authorization: `Bearer ${secret}` } }, 'x')],
    ['in an error message', (log, secret) => log.error({ err: new Error(`bad ${secret}`) }, 'x')],
    ['in an error alone', (log, secret) => log.error(new Error(`bad ${secret}`))],
    ['in a stack', (log, secret) => log.error({ err: withStack(`Error\n    at ${secret} (x.ts:1:1)`) }, 'x')],
    ['in a cause', (log, secret) => log.error({ err: new Error('a', { cause: new Error(secret) }) }, 'x')],
    [
      'in the cause of a cause',
      (log, secret) => {
        log.error({ err: new Error('a', { cause: new Error('b', { cause: new Error(secret) }) }) }, 'x');
      },
    ],
    [
      'in one of several errors',
      (log, secret) => log.error({ err: new AggregateError([new Error(secret)]) }, 'x'),
    ],
    [
      'in what an error carries',
      (log, secret) => {
        log.error(
          { err: Object.assign(new Error('a'), { config: { headers: { x: secret } }, data: secret }) },
          'x',
        );
      },
    ],
    ['in a child logger', (log, secret) => log.child({ text: secret }).info('x')],
    ['by its own toJSON', (log, secret) => log.info({ it: { toJSON: () => ({ secret }) } }, 'x')],
    ['in something inspected', (log, secret) => log.info(inspect({ a: [new Map([[secret, secret]])] }))],
  ] as readonly (readonly [string, (log: Log, secret: string) => void])[])('%s', ([, write]) => {
    for (const secret of [VALUE, BOT_TOKEN, APP_TOKEN]) {
      const lines = linesOf((log) => write(log, secret));

      expect(lines).toHaveLength(1);
      for (const piece of SECRETS) expect(lines[0]).not.toContain(piece);
      expect(() => JSON.parse(lines[0] ?? '')).not.toThrow();
      expect(lines[0]).toContain(`${secret.startsWith('apit') ? secret.slice(0, 9) : secret.slice(0, 5)}…`);
    }
  });

  test('nor one without check digits, or of another prefix', () => {
    const cut = VALUE.slice(0, -6);
    const other = TokenValue.generate('zz9').reveal();

    const line = linesOf((log) => log.info({ cut, other }, 'x'))[0];

    expect(line).not.toContain(cut.slice(-32));
    expect(line).not.toContain(other.slice(-38));
  });

  test('nor when a TokenValue itself is logged', () => {
    const value = TokenValue.generate('apit');

    const line = linesOf((log) => log.info({ value }, 'x'))[0];

    expect(line).toContain(`"value":"${value}"`);
    expect(line).not.toContain(value.reveal());
  });
});

test('nor one in any other form, whole or nearly, in a text, a key or an error; the rest of the line is kept', () => {
  // Not drawn anew each time: by chance, one of 10,000 near values looks like words once its lines are joined.
  const known = 'apit_m5UGaWyJq1Lc_phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs0084rR';
  for (const [flaw, cut] of NEARLY) {
    for (const [form, write] of FORMS) {
      const text = write(cut(known));
      const middle = Math.floor(text.length / 2);
      const lines = linesOf((log) => {
        log.info({ text, kept: 'this' }, 'a text');
        log.info({ [`key ${text}`]: 1, kept: 'this' }, 'a key');
        log.error({ err: new Error('x', { cause: new Error(`bad ${text}`) }), kept: 'this' }, 'an error');
      });

      for (const line of lines) {
        const what = `${flaw}, ${form}: ${line}`;
        expect(JSON.parse(line), what).toMatchObject({ kept: 'this', msg: expect.stringMatching(/^an? /) });
        for (const trace of [
          known.slice(26, 42),
          JSON.stringify(text.slice(middle - 8, middle + 8)).slice(1, -1),
        ])
          expect(line.includes(trace), what).toBe(false);
      }
    }
  }
});

test('a text of which only the beginning can be searched is logged no further', () => {
  const [line = ''] = linesOf((log) =>
    log.info({ text: `${'x '.repeat(40_000)}${Buffer.from(VALUE).toString('base64')}` }, 'x'),
  );

  expect(JSON.parse(line).text).toHaveLength(65_536);
  expect(line).not.toContain(Buffer.from(VALUE).toString('base64').slice(20, 40));
});

test('a token id and other long words are logged as they are', () => {
  const id = 'tok_0123456789abcdef';

  expect(linesOf((log) => log.info({ id, sha: 'a'.repeat(64) }, 'x'))[0]).toContain(
    `"id":"${id}","sha":"${'a'.repeat(64)}"`,
  );
});

type Log = ReturnType<typeof createLog>;

function linesOf(
  write: (log: Log) => void,
  level: Parameters<typeof createLog>[0]['level'] = 'info',
): string[] {
  const lines: string[] = [];
  write(createLog({ level, stream: { write: (line) => void lines.push(line) } }));
  return lines;
}

function withStack(stack: string): Error {
  return Object.assign(new Error('a'), { stack });
}
