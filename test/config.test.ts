import { readFileSync } from 'node:fs';
import { inspect, parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, parseConfig } from '../src/config.ts';
import { pepperFrom } from '../src/tokens/pepper.ts';

const BOT_TOKEN = 'xoxb-0123-secret-bot';
const APP_TOKEN = 'xapp-1-A0-secret-app';
const SIGNING_SECRET = '0123456789abcdef-signing';
const PEPPER = 'a pepper of 32 characters or more';
const NEEDED = { SLACK_BOT_TOKEN: BOT_TOKEN, SLACK_APP_TOKEN: APP_TOKEN, TOKEN_PEPPER: PEPPER };
const OVER_HTTP = {
  SLACK_BOT_TOKEN: BOT_TOKEN,
  SLACK_SIGNING_SECRET: SIGNING_SECRET,
  TOKEN_PEPPER: PEPPER,
};

describe('settings', () => {
  test('have a default for everything but the Slack tokens and the pepper', () => {
    const config = parseConfig(NEEDED);

    expect(config).toMatchObject({
      slack: { apiUrl: 'https://slack.com/api/' },
      database: { url: 'file:data/apitoken.db', poolMax: 10 },
      prefix: 'apit',
      roles: {
        managers: { people: [], groups: [] },
        oncall: { people: [], groups: [] },
        admins: { people: [], groups: [] },
      },
      policy: {
        allowGuests: false,
        lifetimeDaysMax: 365,
        mayNeverExpire: false,
        liveTokensMax: 50,
        creationsPerDayMax: 50,
        scopes: [],
      },
      leavers: 'revoke',
      guard: { policy: 'off', channel: undefined },
      githubKeysUrl: undefined,
      http: {
        host: '127.0.0.1',
        port: 8080,
        reusePort: false,
        trustedProxies: [],
        publicUrl: undefined,
        securityContact: undefined,
      },
      logLevel: 'info',
      stopping: { delayMs: 0, drainMs: 10_000 },
    });
    expect(config.slack.botToken()).toBe(BOT_TOKEN);
    expect(appTokenOf(config)).toBe(APP_TOKEN);
    expect(config.peppers.current.id).toBe(pepperFrom(PEPPER).id);
  });

  test('that are given count, without the spaces around them', () => {
    const config = parseConfig({
      ...NEEDED,
      SLACK_BOT_TOKEN: `  ${BOT_TOKEN}\n`,
      DATABASE_URL: ' file:/var/lib/apitoken/tokens.db ',
      DATABASE_POOL_MAX: '20',
      TOKEN_PREFIX: 'acme1',
      MANAGERS: 'U0ANN, S0LEADS ,W0BOB',
      ONCALL: 'S0CALL',
      ADMINS: 'U0EVE',
      ALLOW_GUESTS: 'true',
      LEAVER_POLICY: 'flag',
      LEAK_GUARD: 'warn',
      LEAK_CHANNEL: 'C0ONCALL001',
      MAX_LIFETIME_DAYS: '90',
      ALLOW_NEVER_EXPIRES: 'true',
      SCOPES: 'read, repo:write ,read',
      TOKENS_PER_PERSON_MAX: '7',
      CREATIONS_PER_DAY_MAX: '3',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      PUBLIC_URL: 'https://tokens.example/api/',
      SECURITY_CONTACT: 'mailto:security@example.com',
      GITHUB_SECRET_SCANNING: 'true',
      HTTP_HOST: '0.0.0.0',
      HTTP_PORT: '0',
      LOG_LEVEL: 'debug',
      DRAIN_SECONDS: '0',
      HTTP_REUSE_PORT: 'true',
      SLACK_SOCKETS: '1',
      SHUTDOWN_DELAY_SECONDS: '15',
    });

    expect(config.slack.botToken()).toBe(BOT_TOKEN);
    expect(config).toMatchObject({
      slack: { mode: { kind: 'socket', sockets: 1 } },
      database: { url: 'file:/var/lib/apitoken/tokens.db', poolMax: 20 },
      prefix: 'acme1',
      roles: {
        managers: { people: ['U0ANN', 'W0BOB'], groups: ['S0LEADS'] },
        oncall: { people: [], groups: ['S0CALL'] },
        admins: { people: ['U0EVE'], groups: [] },
      },
      policy: {
        allowGuests: true,
        lifetimeDaysMax: 90,
        mayNeverExpire: true,
        liveTokensMax: 7,
        creationsPerDayMax: 3,
        scopes: ['read', 'repo:write'],
      },
      leavers: 'flag',
      guard: { policy: 'warn', channel: 'C0ONCALL001' },
      http: {
        host: '0.0.0.0',
        port: 0,
        reusePort: true,
        trustedProxies: [
          { address: '10.0.0.0', family: 'ipv4', bits: 8 },
          { address: '::1', family: 'ipv6', bits: 128 },
        ],
        publicUrl: 'https://tokens.example/api',
        securityContact: 'mailto:security@example.com',
      },
      githubKeysUrl: 'https://api.github.com/meta/public_keys/secret_scanning',
      logLevel: 'debug',
      stopping: { delayMs: 15_000, drainMs: 0 },
    });
  });

  test('that are empty or only spaces are not set', () => {
    const config = parseConfig({ ...NEEDED, HTTP_PORT: '', LOG_LEVEL: '   ', MANAGERS: '' });

    expect(config.http.port).toBe(8080);
    expect(config.logLevel).toBe('info');
    expect(() => parseConfig({ ...NEEDED, TOKEN_PEPPER: ' '.repeat(40) })).toThrow('TOKEN_PEPPER is not set');
  });

  test.for([
    ['MAX_LIFETIME_DAYS', '1', '3650'],
    ['TOKENS_PER_PERSON_MAX', '1', '10000'],
    ['CREATIONS_PER_DAY_MAX', '1', '10000'],
    ['HTTP_PORT', '0', '65535'],
    ['DRAIN_SECONDS', '0', '300'],
    ['SHUTDOWN_DELAY_SECONDS', '0', '300'],
    ['SLACK_SOCKETS', '1', '10'],
    ['DATABASE_POOL_MAX', '3', '100'],
  ] as const)('%s may be from %s to %s', ([name, least, most]) => {
    expect(() => parseConfig({ ...NEEDED, [name]: least })).not.toThrow();
    expect(() => parseConfig({ ...NEEDED, [name]: most })).not.toThrow();
    expect(() => parseConfig({ ...NEEDED, [name]: String(Number(least) - 1) })).toThrow(name);
    expect(() => parseConfig({ ...NEEDED, [name]: String(Number(most) + 1) })).toThrow(name);
  });

  test.for([
    ['https://slack.com/api', 'https://slack.com/api/'],
    ['https://slack.com/api/', 'https://slack.com/api/'],
    ['http://127.0.0.1:3000/api', 'http://127.0.0.1:3000/api/'],
    ['http://127.9.8.7/api', 'http://127.9.8.7/api/'],
    ['http://localhost:3000', 'http://localhost:3000/'],
    ['http://[::1]:3000/api/', 'http://[::1]:3000/api/'],
  ] as const)('SLACK_API_URL %s is %s, with a slash at its end', ([given, expected]) => {
    expect(parseConfig({ ...NEEDED, SLACK_API_URL: given }).slack.apiUrl).toBe(expected);
  });

  test.for([
    ['https://tokens.example', 'https://tokens.example'],
    ['https://tokens.example/', 'https://tokens.example'],
    ['HTTPS://Tokens.Example:443/', 'https://tokens.example'],
    ['https://tokens.example:8443', 'https://tokens.example:8443'],
    ['https://example.com/api/tokens/', 'https://example.com/api/tokens'],
    ['http://10.0.0.1:8080', 'http://10.0.0.1:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ] as const)('PUBLIC_URL %s is %s, in one spelling', ([given, expected]) => {
    expect(parseConfig({ ...NEEDED, PUBLIC_URL: given }).http.publicUrl).toBe(expected);
  });

  test('take the Slack tokens of a local workspace, of whatever shape behind their start', () => {
    const config = parseConfig({ ...NEEDED, SLACK_BOT_TOKEN: 'xoxb-0f', SLACK_APP_TOKEN: 'xapp-1-A-0f' });

    expect(config.slack.botToken()).toBe('xoxb-0f');
    expect(appTokenOf(config)).toBe('xapp-1-A-0f');
  });

  test('take the signing secret in place of the app token: Slack then delivers over HTTP', () => {
    const { mode } = parseConfig(OVER_HTTP).slack;

    expect(mode.kind === 'http' && mode.signingSecret()).toBe(SIGNING_SECRET);
  });

  test.for([
    ['16 characters', 'x'.repeat(16)],
    ['the 32 hex characters that Slack gives', '0123456789abcdef'.repeat(2)],
    ['any printable sign', '!"#$%&\'()*+,-./:;<=>?@[]^_`{|}~'],
  ] as const)('take a signing secret of %s', ([, secret]) => {
    const { mode } = parseConfig({ ...OVER_HTTP, SLACK_SIGNING_SECRET: secret }).slack;

    expect(mode.kind === 'http' && mode.signingSecret()).toBe(secret);
  });
});

describe('Slack delivers in one way', () => {
  test('and without either secret one problem names both', () => {
    const message = problemsOf({ ...NEEDED, SLACK_APP_TOKEN: '' });

    expect(message.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^- SLACK_APP_TOKEN is not set\. .*SLACK_SIGNING_SECRET instead/),
    ]);
  });

  test('and with both secrets one problem names both', () => {
    const message = problemsOf({ ...NEEDED, SLACK_SIGNING_SECRET: SIGNING_SECRET });

    expect(message.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^- SLACK_SIGNING_SECRET must not be set together with SLACK_APP_TOKEN/),
    ]);
    for (const secret of [APP_TOKEN, SIGNING_SECRET]) expect(message).not.toContain(secret);
  });

  test.for([
    ['of 15 characters', 'badvalue'.padEnd(15, 'x')],
    ['with a space', 'badvalue badvalue'],
    ['beyond ASCII', 'badvalue-badvalué'],
  ] as const)('and a signing secret %s is refused by name', ([, secret]) => {
    const message = problemsOf({ ...OVER_HTTP, SLACK_SIGNING_SECRET: secret });

    expect(message.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^- SLACK_SIGNING_SECRET must be .*, at least 16 characters without spaces\. /),
    ]);
    expect(message).not.toContain('badvalu');
  });
});

describe('scopes', () => {
  test.for([
    ['one', 'read', ['read']],
    ['in the order in which they are given', 'write,read', ['write', 'read']],
    [
      'with the signs of RFC 6749 §3.3',
      "a:b/c.d-e_f~!#$%&'()*+;<=>?@[]^`{|}",
      ["a:b/c.d-e_f~!#$%&'()*+;<=>?@[]^`{|}"],
    ],
    ['that differ in case', 'read,Read', ['read', 'Read']],
    ['that only start like the built-in one', 'introspect:all', ['introspect:all']],
    ['of 75 characters', 'x'.repeat(75), ['x'.repeat(75)]],
  ] as const)('may be %s', ([, given, scopes]) => {
    expect(parseConfig({ ...NEEDED, SCOPES: given }).policy.scopes).toEqual(scopes);
  });

  test('may be 99, and not 100: Slack draws 100, and one is built in', () => {
    const names = Array.from({ length: 100 }, (_, index) => `scope${index}`);

    expect(parseConfig({ ...NEEDED, SCOPES: names.slice(1).join() }).policy.scopes).toHaveLength(99);
    expect(problemsOf({ ...NEEDED, SCOPES: names.join() })).toContain('- SCOPES must list at most 99 scopes');
  });

  test('may be 99 with one of them twice', () => {
    const names = Array.from({ length: 99 }, (_, index) => `scope${index}`);

    expect(parseConfig({ ...NEEDED, SCOPES: [...names, 'scope0'].join() }).policy.scopes).toEqual(names);
  });
});

describe('old peppers', () => {
  const old = (count: number) => Array.from({ length: count }, (_, index) => `${index}`.padStart(32, 'x'));

  test('are those at hand beside the current one, in their order', () => {
    const { peppers } = parseConfig({ ...NEEDED, TOKEN_PEPPERS_OLD: old(2).join(' , ') });

    const ids = [PEPPER, ...old(2)].map((text) => pepperFrom(text).id);
    expect(peppers.all.map(({ id }) => id)).toEqual(ids);
    expect(ids.map((id) => peppers.find(id)?.id)).toEqual(ids);
    expect(peppers.find('00000000')).toBeUndefined();
  });

  test('may be 10, and not 11', () => {
    expect(parseConfig({ ...NEEDED, TOKEN_PEPPERS_OLD: old(10).join() }).peppers.all).toHaveLength(11);
    expect(problemsOf({ ...NEEDED, TOKEN_PEPPERS_OLD: old(11).join() })).toMatch(
      /^- TOKEN_PEPPERS_OLD must list at most 10 old peppers, [^.]*$/m,
    );
  });

  test.for([
    ['a short one', 'badvalue'.padEnd(31, 'x'), 'entry 1 is shorter'],
    ['a short one behind others', [...old(2), 'badvalue'].join(), 'entry 3 is shorter'],
    ['a comma too much', `${old(1)},`, 'entry 2 is shorter'],
    ['the current one', [...old(1), PEPPER].join(), 'entry 2 is the same as TOKEN_PEPPER'],
    ['one twice', [...old(2), old(1)].join(), 'entry 3 is the same as entry 1'],
  ] as const)('must not hold %s, which is named by its place', ([, given, problem]) => {
    const message = problemsOf({ ...NEEDED, TOKEN_PEPPERS_OLD: given });

    expect(message).toMatch(new RegExp(`^- TOKEN_PEPPERS_OLD must .*: ${problem}$`, 'm'));
    expect(message.split('\n')).toHaveLength(2);
    for (const pepper of [PEPPER, 'badvalue', ...old(2)]) expect(message).not.toContain(pepper);
  });

  test('are not shown, whoever prints the config', () => {
    const config = parseConfig({ ...NEEDED, TOKEN_PEPPERS_OLD: old(2).join() });

    const shown = inspect(config, { depth: null, showHidden: true, getters: true }) + JSON.stringify(config);
    for (const pepper of old(2)) expect(shown).not.toContain(pepper);
  });
});

describe('a setting is refused, by its name and without its value,', () => {
  test.for([
    ['a bot token of another kind', 'SLACK_BOT_TOKEN', 'xoxp-badvalue'],
    ['a bot token that is only its start', 'SLACK_BOT_TOKEN', 'xoxb-'],
    ['a bot token with a space in it', 'SLACK_BOT_TOKEN', 'xoxb-badvalue badvalue'],
    ['an app token of another kind', 'SLACK_APP_TOKEN', 'xoxb-badvalue'],
    ['Slack over http', 'SLACK_API_URL', 'http://badvalue.example/api/'],
    [
      'Slack at a host that only starts like this machine',
      'SLACK_API_URL',
      'http://127.0.0.1.badvalue.example/',
    ],
    [
      'Slack at a host that only starts like localhost',
      'SLACK_API_URL',
      'http://localhost.badvalue.example/',
    ],
    ['Slack by another protocol', 'SLACK_API_URL', 'ftp://badvalue.example/'],
    ['Slack with a password', 'SLACK_API_URL', 'https://badvalue:badvalue@slack.com/api/'],
    ['Slack with a password alone', 'SLACK_API_URL', 'https://:badvalue@slack.com/api/'],
    ['Slack with a query', 'SLACK_API_URL', 'https://slack.com/api/?badvalue'],
    ['no address at all', 'SLACK_API_URL', 'badvalue'],
    ['a public host without a scheme', 'PUBLIC_URL', 'badvalue.example'],
    ['a public address of another scheme', 'PUBLIC_URL', 'ftp://badvalue.example'],
    ['a public address with a query', 'PUBLIC_URL', 'https://badvalue.example/?x=1'],
    ['a public address with an empty query', 'PUBLIC_URL', 'https://badvalue.example/?'],
    ['a public address with a fragment', 'PUBLIC_URL', 'https://badvalue.example/#'],
    ['a public address with a user', 'PUBLIC_URL', 'https://badvalue@badvalue.example'],
    ['a public address with an empty user', 'PUBLIC_URL', 'https://@badvalue.example'],
    ['a public address with a space', 'PUBLIC_URL', 'https://bad value.example'],
    ['a public address with a pattern', 'PUBLIC_URL', 'https://badvalue.example/:a*'],
    ['a public address with a backslash', 'PUBLIC_URL', 'https://badvalue.example\\a'],
    ['a public address without a host', 'PUBLIC_URL', 'https:///badvalue'],
    ['a contact without a scheme', 'SECURITY_CONTACT', 'badvalue@example.com'],
    ['a contact over http', 'SECURITY_CONTACT', 'http://badvalue.example'],
    ['a contact by mail to nobody', 'SECURITY_CONTACT', 'mailto:badvalue'],
    ['a contact of two lines', 'SECURITY_CONTACT', 'mailto:badvalue@example.com\nExpires: never'],
    ['a contact with a password', 'SECURITY_CONTACT', 'https://badvalue:badvalue@example.com/'],
    ['a script as a contact', 'SECURITY_CONTACT', 'javascript:badvalue'],
    ['a yes for GitHub', 'GITHUB_SECRET_SCANNING', 'badvalue'],
    ["GitHub's keys over http", 'GITHUB_KEYS_URL', 'http://badvalue.example/keys'],
    ["GitHub's keys by another protocol", 'GITHUB_KEYS_URL', 'file:///badvalue'],
    ["GitHub's keys with a password", 'GITHUB_KEYS_URL', 'https://a:badvalue@github.example/keys'],
    ["GitHub's keys nowhere", 'GITHUB_KEYS_URL', 'badvalue'],
    ['another database', 'DATABASE_URL', 'mysql://badvalue'],
    ['a database without a path', 'DATABASE_URL', 'file:'],
    ['a pepper of 31 characters', 'TOKEN_PEPPER', 'badvalue'.padEnd(31, 'x')],
    ['a prefix of one character', 'TOKEN_PREFIX', 'b'],
    ['a prefix of eleven characters', 'TOKEN_PREFIX', 'badvalue123'],
    ['a prefix with a capital letter', 'TOKEN_PREFIX', 'Badvalue'],
    ['a prefix that starts with a digit', 'TOKEN_PREFIX', '1badvalue'],
    ['a prefix with an underscore', 'TOKEN_PREFIX', 'bad_value'],
    ['a policy that there is not', 'LEAVER_POLICY', 'badvalue'],
    ['a policy in capitals', 'LEAVER_POLICY', 'REVOKE'],
    ['what the guard is not', 'LEAK_GUARD', 'true'],
    ['a channel by its name', 'LEAK_CHANNEL', '#badvalue'],
    ['a person for a channel', 'LEAK_CHANNEL', 'U0BADVALUE1'],
    ['a name instead of an id', 'MANAGERS', 'badvalue'],
    ['a channel id', 'ONCALL', 'C0BADVALUE'],
    ['an id in small letters', 'ADMINS', 'u0badvalue'],
    ['a comma too much', 'ADMINS', 'U0ANN,'],
    ['a yes', 'ALLOW_GUESTS', 'badvalue'],
    ['a capital True', 'ALLOW_NEVER_EXPIRES', 'True'],
    ['a number with a point', 'MAX_LIFETIME_DAYS', '30.5'],
    ['the scope that is the app’s own', 'SCOPES', 'introspect'],
    ['the scope that is the app’s own, among others', 'SCOPES', 'badvalue, introspect,read'],
    ['a scope with a space', 'SCOPES', 'read,bad value'],
    ['a scope with a quote', 'SCOPES', 'badvalue"'],
    ['a scope with a backslash', 'SCOPES', 'bad\\value'],
    ['a scope beyond ASCII', 'SCOPES', 'badvalueé'],
    ['a scope with a control character', 'SCOPES', 'bad\x00value'],
    ['a scope of 76 characters', 'SCOPES', 'badvalue'.padEnd(76, 'x')],
    ['a scope that is empty', 'SCOPES', 'badvalue,,read'],
    ['a comma too much behind scopes', 'SCOPES', 'badvalue,'],
    ['no tokens at all', 'TOKENS_PER_PERSON_MAX', '0'],
    ['a negative number of tokens', 'CREATIONS_PER_DAY_MAX', '-5'],
    ['a number that is none', 'CREATIONS_PER_DAY_MAX', 'badvalue'],
    ['a proxy by name', 'TRUSTED_PROXIES', 'badvalue.example'],
    ['a proxy with a port', 'TRUSTED_PROXIES', '10.0.0.1:8080'],
    ['a range of too many bits', 'TRUSTED_PROXIES', '10.0.0.0/33'],
    ['a comma too much behind proxies', 'TRUSTED_PROXIES', '10.0.0.0/8,'],
    ['a word for all proxies', 'TRUSTED_PROXIES', '*'],
    ['a number with an exponent', 'MAX_LIFETIME_DAYS', '1e2'],
    ['a number in hex', 'HTTP_PORT', '0x50'],
    ['a host with a space', 'HTTP_HOST', 'bad value'],
    ['a level that is none', 'LOG_LEVEL', 'badvalue'],
    ['silence', 'LOG_LEVEL', 'silent'],
    ['a negative time', 'DRAIN_SECONDS', '-1'],
  ] as const)('for %s', ([, name, value]) => {
    const message = problemsOf({ ...NEEDED, [name]: value });

    expect(message.split('\n').slice(1)).toEqual([expect.stringMatching(new RegExp(`^- ${name} must `))]);
    expect(message.toLowerCase()).not.toMatch(/bad.?value/);
  });

  test('and a bad entry of a list by its position', () => {
    const message = problemsOf({ ...NEEDED, MANAGERS: 'U0ANN,badvalue,S0LEADS,,U0EVE' });

    expect(message).toContain('MANAGERS');
    expect(message).toContain('entry 2 is neither');
    expect(message).toContain('entry 4 is neither');
    expect(message).not.toContain('badvalue');
  });

  test('and a bad scope or proxy by its position', () => {
    const message = problemsOf({
      ...NEEDED,
      SCOPES: 'read,write,bad value',
      TRUSTED_PROXIES: '::1,badvalue',
    });

    expect(message).toMatch(/SCOPES .*: entry 3 is not$/m);
    expect(message).toMatch(/TRUSTED_PROXIES .*: entry 2 is neither$/m);
    expect(message).not.toMatch(/bad.?value/);
  });

  test('and all of them at once, a line each, which says what to do', () => {
    const message = problemsOf({ HTTP_PORT: 'x', ALLOW_GUESTS: 'x', MANAGERS: 'x', SLACK_API_URL: 'x' });

    expect(
      message
        .split('\n')
        .slice(1)
        .map((line) => line.split(' ')[1]),
    ).toEqual([
      'SLACK_BOT_TOKEN',
      'SLACK_API_URL',
      'TOKEN_PEPPER',
      'MANAGERS',
      'ALLOW_GUESTS',
      'HTTP_PORT',
      'SLACK_APP_TOKEN',
    ]);
    expect(message).toContain('OAuth & Permissions');
    expect(message).toContain('connections:write');
    expect(message).toContain('openssl rand -hex 32');
  });
});

describe.for([
  ['Slack tokens', NEEDED],
  ['signing secret', OVER_HTTP],
] as const)('the config shows neither %s nor pepper', ([, env]) => {
  const config = parseConfig(env);

  test.for([
    ['inspected', () => inspect(config, { depth: null })],
    [
      'inspected with all that is hidden',
      () => inspect(config, { depth: null, showHidden: true, getters: true }),
    ],
    ['serialised', () => JSON.stringify(config)],
    ['spread and inspected', () => inspect({ ...config, slack: { ...config.slack } }, { depth: null })],
    ['taken apart into entries', () => inspect(Object.entries(config.slack))],
  ] as const)('when it is %s', ([, show]) => {
    const shown = show();

    for (const secret of [BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, PEPPER]) expect(shown).not.toContain(secret);
    expect(shown).not.toContain(Buffer.from(PEPPER).toString('hex'));
    expect(shown).toContain('https://slack.com/api/');
  });
});

describe('.env.example', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const values = parseEnv(example);

  test('names the settings that are read, and no others', () => {
    const read = new Set<string>();
    const env = new Proxy<Record<string, string | undefined>>(NEEDED, {
      get: (target, name: string) => {
        read.add(name);
        return target[name];
      },
    });

    parseConfig(env);

    expect(Object.keys(values).sort()).toEqual([...read].sort());
  });

  test('shows the defaults', () => {
    const optional = Object.entries(values).filter(([name]) => !(name in NEEDED));

    const shown = parseConfig({ ...NEEDED, ...Object.fromEntries(optional) });

    expect(JSON.stringify(shown)).toBe(JSON.stringify(parseConfig(NEEDED)));
    expect(optional.filter(([, value]) => value === '').map(([name]) => name)).toEqual([
      'ADMINS',
      'LEAK_CHANNEL',
      'MANAGERS',
      'ONCALL',
      'PUBLIC_URL',
      'SCOPES',
      'SECURITY_CONTACT',
      'SLACK_SIGNING_SECRET',
      'TOKEN_PEPPERS_OLD',
      'TRUSTED_PROXIES',
    ]);
  });

  test('holds no value for what has no default', () => {
    for (const name of Object.keys(NEEDED)) expect(values[name]).toBe('');
  });

  test('says something about each', () => {
    for (const name of Object.keys(values)) expect(example).toMatch(new RegExp(`\n# [^\n]+\n${name}=`));
  });
});

function appTokenOf({ slack: { mode } }: ReturnType<typeof parseConfig>): string | undefined {
  return mode.kind === 'socket' ? mode.appToken() : undefined;
}

function problemsOf(env: Record<string, string>): string {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('these settings are usable');
}
