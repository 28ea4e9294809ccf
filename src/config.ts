import { z } from 'zod';
import { type AddressRange, parseAddressRange } from './address-range.ts';
import { SECOND_MS } from './clock.ts';
import { PEPPER_LENGTH_MIN, type Pepper, pepperFrom, peppersFrom } from './tokens/pepper.ts';
import { INTROSPECT_SCOPE } from './tokens/policy.ts';
import type { PersonId } from './tokens/token.ts';
import { PREFIX_PATTERN } from './tokens/token-value.ts';

const LIFETIME_DAYS_MAX = 3650;

const DRAIN_SECONDS_MAX = 300;

/** Longer than any balancer takes to look at `/readyz` a few times. */
const SHUTDOWN_DELAY_SECONDS_MAX = 300;

/** Far more than anybody needs; small enough to be counted at every creation. */
const COUNT_MAX = 10_000;

/** Slack draws 100 options in a list, of 75 characters. One is the built-in scope. */
const SCOPES_MAX = 99;

const SCOPE_LENGTH_MAX = 75;

/** As many as Slack allows an app: https://docs.slack.dev/apis/events-api/using-socket-mode */
const SLACK_SOCKETS_MAX = 10;

/** One that writes, one that verifies, one for the rest. */
const DATABASE_POOL_MIN = 3;

const DATABASE_POOL_LIMIT = 100;

const OLD_PEPPERS_MAX = 10;

const PORT_MAX = 65_535;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/** Scheme, host, port and a path of plain names: it becomes the path of a route. No user. */
const PUBLIC_ADDRESS = /^https?:\/\/[^/?#@\\\s]+(?:\/[\w.~-]+)*\/?$/i;

/** RFC 9116 §2.5.3: a URI, in one line. */
const SECURITY_CONTACT =
  /^(?=[\x21-\x7e]+$)(?:mailto:[^@:/?#]+@[^@:/?#]+\.[^@]+|https:\/\/[^/?#@]+(?:[/?#].*)?|tel:\+?[\d().-]+)$/i;

/** Who has a role: people by their Slack user ids, and all members of user groups. */
export type RoleHolders = { readonly people: readonly PersonId[]; readonly groups: readonly string[] };

/** The settings are not usable. The message names every problem, a line each, and holds no value of any setting. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  /** One each, without a full stop. */
  readonly problems: readonly string[];

  constructor(message: string, problems: readonly string[] = [message]) {
    super(message);
    this.problems = problems;
  }
}

const APP_TOKEN =
  'an app-level token, xapp-…, with the scope connections:write. Make one in your Slack app, "Basic Information" → "App-Level Tokens"';

const SIGNING_SECRET =
  'the signing secret of your Slack app, at least 16 characters without spaces. Copy it from "Basic Information" → "Signing Secret"';

/** What the database needs to be worked with. */
const ofStore = z.object({
  DATABASE_URL: text(
    /^(?:file:.|postgres(?:ql)?:\/\/.)/,
    'file: and a path, for example file:data/apitoken.db, or postgres:// and where the database is',
  ).prefault('file:data/apitoken.db'),
  DATABASE_POOL_MAX: wholeNumber(DATABASE_POOL_MIN, DATABASE_POOL_LIMIT).prefault('10'),
  TOKEN_PEPPER: text(
    new RegExp(`^.{${PEPPER_LENGTH_MIN},}$`, 's'),
    `a secret of at least ${PEPPER_LENGTH_MIN} characters. Make one with "openssl rand -hex 32" and keep it safe`,
  ).transform(pepperFrom),
  TOKEN_PEPPERS_OLD: listOf(oldPeppers),
});

/** What listens, logs and stops, as every process of the product does. */
const ofProcess = z.object({
  HTTP_HOST: text(/^\S+$/, 'an address or host name of this machine, without spaces').prefault('127.0.0.1'),
  HTTP_PORT: wholeNumber(0, PORT_MAX).prefault('8080'),
  HTTP_REUSE_PORT: trueOrFalse('false'),
  TRUSTED_PROXIES: listOf(addressRanges),
  PUBLIC_URL: z.string().transform(parsePublicUrl).optional(),
  SECURITY_CONTACT: text(
    SECURITY_CONTACT,
    'where to write to about security, beginning with mailto:, https:// or tel:, for example mailto:security@example.com',
  ).optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).prefault('info'),
  DRAIN_SECONDS: wholeNumber(0, DRAIN_SECONDS_MAX).prefault('10'),
  SHUTDOWN_DELAY_SECONDS: wholeNumber(0, SHUTDOWN_DELAY_SECONDS_MAX).prefault('0'),
});

const settings = z
  .object({
    SLACK_BOT_TOKEN: text(
      /^xoxb-\S+$/,
      'a bot token, xoxb-…. Copy it from your Slack app, "OAuth & Permissions" → "Bot User OAuth Token"',
    ),
    SLACK_APP_TOKEN: text(/^xapp-\S+$/, APP_TOKEN).optional(),
    SLACK_SIGNING_SECRET: text(/^[\x21-\x7e]{16,}$/, SIGNING_SECRET).optional(),
    SLACK_SOCKETS: wholeNumber(1, SLACK_SOCKETS_MAX).prefault('2'),
    SLACK_API_URL: z.string().transform(parseApiUrl).prefault('https://slack.com/api/'),
    ...ofStore.shape,
    TOKEN_PREFIX: text(
      PREFIX_PATTERN,
      'a lowercase letter, then 1 to 9 lowercase letters or digits, for example apit',
    ).prefault('apit'),
    MANAGERS: listOf(roleHolders),
    ONCALL: listOf(roleHolders),
    ADMINS: listOf(roleHolders),
    ALLOW_GUESTS: trueOrFalse('false'),
    LEAVER_POLICY: z.enum(['revoke', 'flag'], { error: 'must be revoke or flag' }).prefault('revoke'),
    LEAK_GUARD: z.enum(['off', 'warn', 'revoke'], { error: 'must be off, warn or revoke' }).prefault('off'),
    LEAK_CHANNEL: text(
      /^[CG][A-Z0-9]+$/,
      "a channel id, C… or G…. In Slack, open the channel's details: it is at the bottom",
    ).optional(),
    MAX_LIFETIME_DAYS: wholeNumber(1, LIFETIME_DAYS_MAX).prefault('365'),
    ALLOW_NEVER_EXPIRES: trueOrFalse('false'),
    SCOPES: listOf(scopes),
    TOKENS_PER_PERSON_MAX: wholeNumber(1, COUNT_MAX).prefault('50'),
    CREATIONS_PER_DAY_MAX: wholeNumber(1, COUNT_MAX).prefault('50'),
    GITHUB_SECRET_SCANNING: trueOrFalse('false'),
    GITHUB_KEYS_URL: z
      .string()
      .transform(parseKeysUrl)
      .prefault('https://api.github.com/meta/public_keys/secret_scanning'),
    ...ofProcess.shape,
  })
  .refine(({ SLACK_APP_TOKEN, SLACK_SIGNING_SECRET }) => SLACK_APP_TOKEN ?? SLACK_SIGNING_SECRET, {
    path: ['SLACK_APP_TOKEN'],
    error: `is not set. It must be ${APP_TOKEN}. For HTTP mode, set SLACK_SIGNING_SECRET instead: ${SIGNING_SECRET}`,
    // Whatever else is wrong: every problem is named.
    when: () => true,
  })
  .refine((env) => env.SLACK_APP_TOKEN === undefined || env.SLACK_SIGNING_SECRET === undefined, {
    path: ['SLACK_SIGNING_SECRET'],
    error:
      'must not be set together with SLACK_APP_TOKEN. Keep this one for HTTP mode, or SLACK_APP_TOKEN for Socket Mode',
    when: () => true,
  })
  .superRefine(refuseRepeatedPeppers)
  .transform((env) => ({
    slack: {
      apiUrl: env.SLACK_API_URL,
      // Functions: nothing that prints, serialises or clones the config calls them.
      botToken: () => env.SLACK_BOT_TOKEN,
      mode: slackMode(env),
    },
    ...storeOf(env),
    ...processOf(env),
    prefix: env.TOKEN_PREFIX,
    roles: { managers: env.MANAGERS, oncall: env.ONCALL, admins: env.ADMINS },
    policy: {
      allowGuests: env.ALLOW_GUESTS,
      lifetimeDaysMax: env.MAX_LIFETIME_DAYS,
      mayNeverExpire: env.ALLOW_NEVER_EXPIRES,
      liveTokensMax: env.TOKENS_PER_PERSON_MAX,
      creationsPerDayMax: env.CREATIONS_PER_DAY_MAX,
      scopes: env.SCOPES,
    },
    leavers: env.LEAVER_POLICY,
    guard: { policy: env.LEAK_GUARD, channel: env.LEAK_CHANNEL },
    /** Where GitHub's keys are, where it may tell what it found. */
    githubKeysUrl: env.GITHUB_SECRET_SCANNING ? env.GITHUB_KEYS_URL : undefined,
  }));

/** All settings, read once at the start. Printed or serialised it shows neither Slack's tokens nor a pepper. */
export type Config = z.infer<typeof settings>;

/** The settings in `env`. Surrounding spaces are taken off, and what is empty is not set. Throws a `ConfigError`. */
export function parseConfig(env: Environment): Config {
  return parse(settings, env);
}

function storeOf(env: z.infer<typeof ofStore>) {
  return {
    database: { url: env.DATABASE_URL, poolMax: env.DATABASE_POOL_MAX },
    peppers: peppersFrom(env.TOKEN_PEPPER, env.TOKEN_PEPPERS_OLD),
  };
}

function processOf(env: z.infer<typeof ofProcess>) {
  return {
    http: {
      host: env.HTTP_HOST,
      port: env.HTTP_PORT,
      reusePort: env.HTTP_REUSE_PORT,
      trustedProxies: env.TRUSTED_PROXIES,
      publicUrl: env.PUBLIC_URL,
      securityContact: env.SECURITY_CONTACT,
    },
    logLevel: env.LOG_LEVEL,
    stopping: {
      delayMs: env.SHUTDOWN_DELAY_SECONDS * SECOND_MS,
      drainMs: env.DRAIN_SECONDS * SECOND_MS,
    },
  };
}

const storeSettings = ofStore.superRefine(refuseRepeatedPeppers).transform(storeOf);

const verifierSettings = ofStore
  .extend(ofProcess.shape)
  .superRefine(refuseRepeatedPeppers)
  .transform((env) => ({ ...storeOf(env), ...processOf(env) }));

/** What a process needs that answers over HTTP and never speaks to Slack. */
export type VerifierConfig = z.infer<typeof verifierSettings>;

/** As `parseConfig`, of the settings that a verifier needs alone. Throws a `ConfigError`. */
export function parseVerifierConfig(env: Environment): VerifierConfig {
  return parse(verifierSettings, env);
}

/** What the database needs to be worked with, without Slack. */
export type StoreConfig = z.infer<typeof storeSettings>;

/** As `parseConfig`, of the settings that the database needs alone. Throws a `ConfigError`. */
export function parseStoreConfig(env: Environment): StoreConfig {
  return parse(storeSettings, env);
}

/** Variables by their names. */
export type Environment = Readonly<Record<string, string | undefined>>;

type Schema<T> = z.ZodType<T> & { readonly in: { readonly shape: Readonly<Record<string, unknown>> } };

function parse<T>(schema: Schema<T>, env: Environment): T {
  const given = Object.keys(schema.in.shape).flatMap((name) => {
    const value = env[name]?.trim();
    return value ? [[name, value]] : [];
  });
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`);
  const list = problems.map((problem) => `- ${problem}`).join('\n');
  throw new ConfigError(
    `apitoken can't start with these settings (.env.example explains each):\n${list}`,
    problems,
  );
}

/** How Slack delivers: through sockets that we open, or by posting to us. The settings hold one of the two secrets. */
function slackMode({
  SLACK_APP_TOKEN: appToken,
  SLACK_SIGNING_SECRET: signingSecret,
  SLACK_SOCKETS: sockets,
}: {
  readonly SLACK_APP_TOKEN?: string | undefined;
  readonly SLACK_SIGNING_SECRET?: string | undefined;
  readonly SLACK_SOCKETS: number;
}) {
  if (appToken !== undefined) return { kind: 'socket', appToken: () => appToken, sockets } as const;
  if (signingSecret !== undefined) return { kind: 'http', signingSecret: () => signingSecret } as const;
  throw new Error('the settings hold neither secret, which is refused above');
}

function text(pattern: RegExp, what: string) {
  return z.string({ error: `is not set. It must be ${what}` }).regex(pattern, { error: `must be ${what}` });
}

function oldPeppers(peppers: readonly string[], context: z.RefinementCtx): readonly Pepper[] {
  const flawed = peppers.findIndex((pepper) => pepper.length < PEPPER_LENGTH_MIN);
  if (flawed === -1 && peppers.length <= OLD_PEPPERS_MAX) return peppers.map(pepperFrom);
  const message = `must list at most ${OLD_PEPPERS_MAX} old peppers, separated by commas, each at least ${PEPPER_LENGTH_MIN} characters`;
  return refuse(flawed === -1 ? message : `${message}: entry ${flawed + 1} is shorter`, context);
}

/** Whoever lists the current pepper forgot to change one of both; by their ids, which must differ too. */
function refuseRepeatedPeppers(
  env: { readonly TOKEN_PEPPER: Pepper; readonly TOKEN_PEPPERS_OLD: readonly Pepper[] },
  context: z.RefinementCtx,
): void {
  const ids = [env.TOKEN_PEPPER, ...env.TOKEN_PEPPERS_OLD].map(({ id }) => id);
  const repeated = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (repeated === -1) return;
  const twin = ids.indexOf(ids[repeated] ?? '');
  context.addIssue({
    code: 'custom',
    path: ['TOKEN_PEPPERS_OLD'],
    message: `must list each old pepper once: entry ${repeated} is the same as ${twin === 0 ? 'TOKEN_PEPPER' : `entry ${twin}`}`,
  });
}

/** Notes what is wrong with a setting, and keeps nothing of it. It comes back: what else is wrong is named too. */
function refuse(message: string, context: z.RefinementCtx): never {
  context.issues.push({ code: 'custom', message, input: undefined });
  return z.NEVER;
}

function trueOrFalse(standard: 'true' | 'false') {
  return z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((word) => word === 'true')
    .prefault(standard);
}

function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, { error })
    .transform(Number)
    .refine((number) => number >= min && number <= max, { error });
}

function roleHolders(ids: readonly string[], context: z.RefinementCtx): RoleHolders {
  for (const [index, id] of ids.entries()) {
    if (/^[UWS][A-Z0-9]+$/.test(id)) continue;
    const message = `must list Slack user ids (U… or W…) and user group ids (S…), separated by commas: entry ${index + 1} is neither`;
    refuse(message, context);
  }
  return {
    people: ids.filter((id) => !id.startsWith('S')) as PersonId[],
    groups: ids.filter((id) => id.startsWith('S')),
  };
}

/** RFC 6749 §3.3: printable ASCII without spaces, quotes and backslashes; no comma, which stands between two of them here. */
function scopes(entries: readonly string[], context: z.RefinementCtx): readonly string[] {
  const names = [...new Set(entries)];
  const isFlawed = (name: string) =>
    !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name) || name.length > SCOPE_LENGTH_MAX || name === INTROSPECT_SCOPE;
  const flawed = names.findIndex(isFlawed);
  if (flawed === -1 && names.length <= SCOPES_MAX) return names;
  const message = `must list at most ${SCOPES_MAX} scopes, separated by commas, and not "${INTROSPECT_SCOPE}". Each is up to ${SCOPE_LENGTH_MAX} printable ASCII characters, without spaces, quotes or backslashes`;
  return refuse(flawed === -1 ? message : `${message}: entry ${flawed + 1} is not`, context);
}

function addressRanges(entries: readonly string[], context: z.RefinementCtx): readonly AddressRange[] {
  const ranges = entries.map(parseAddressRange);
  const flawed = ranges.indexOf(undefined);
  if (flawed === -1) return ranges.filter((range) => range !== undefined);
  const message = `must list addresses or ranges (10.0.0.0/8), separated by commas: entry ${flawed + 1} is neither`;
  return refuse(message, context);
}

/** What `parse` makes of entries with commas between them, of none where the setting is not there. */
function listOf<T>(parse: (entries: readonly string[], context: z.RefinementCtx) => T) {
  const entriesOf = (list: string) => (list === '' ? [] : list.split(',').map((entry) => entry.trim()));
  return z
    .string()
    .transform((list, context) => parse(entriesOf(list), context))
    .prefault('');
}

function parseApiUrl(text: string, context: z.RefinementCtx): string {
  const url = parseSafeUrl(text);
  if (url === undefined || url.search !== '') {
    const message =
      'must be an https:// address, for example https://slack.com/api/. http:// works for this machine only';
    return refuse(message, context);
  }
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

function parseKeysUrl(text: string, context: z.RefinementCtx): string {
  const url = parseSafeUrl(text);
  if (url !== undefined) return url.href;
  const message =
    "must be the https:// address of GitHub's list of keys. Leave it empty for GitHub's own. http:// works for this machine only";
  return refuse(message, context);
}

/** What nobody on the way can answer for: https://, or http:// of this machine. */
function parseSafeUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  return url !== null && isSafe && url.username + url.password + url.hash === '' ? url : undefined;
}

/** In one spelling, without a slash at its end: an issuer is compared sign by sign (RFC 8414 §3.3). */
function parsePublicUrl(text: string, context: z.RefinementCtx): string {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isWeb || !PUBLIC_ADDRESS.test(text)) {
    const message =
      'must be an https:// or http:// address without a user, query or fragment, for example https://tokens.example';
    return refuse(message, context);
  }
  return url.href.replace(/(?<!\/)\/+$/, '');
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
