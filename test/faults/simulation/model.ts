import { DAY_MS, MINUTE_MS } from '../../../src/clock.ts';

/** An instant as far as the model knows it: while the machine's clock is behind, the app's own runs ahead of it. */
export type Instant = { readonly lo: number; readonly hi: number };

/** What happened to a token, as an event tells it. */
export type Change = {
  readonly action: string;
  readonly name: string | null;
  /** A handle, `system`, `holder` or an operator of the command line. */
  readonly by: string;
  /** What the person chose. */
  readonly terms?: Terms;
};

export type Terms = {
  readonly owner?: string;
  /** How long the token lives from now on; undefined: as it did. */
  readonly lifetimeMs?: number;
  /** How long the value before this one still works. */
  readonly graceMs?: number;
};

/** A value that its owner was shown, or that Slack swallowed (`text` is undefined). */
export type Value = { readonly text: string | undefined; end: Instant };

export type Token = {
  readonly name: string;
  readonly owner: string;
  readonly creator: string;
  readonly createdAt: Instant;
  expires: Instant;
  generation: number;
  /** The newest last. */
  readonly values: Value[];
  /** Whether the newest value was used. Of a use that was not written down yet a crash leaves nothing. */
  isUsed: boolean | 'maybe';
  revokedBy: string | undefined;
  /** Of the expiry, since it has its newest value. */
  reminders: number;
  /** Counts what happened to it: what was asked before may not be right any more. */
  version: number;
};

/** Somebody who must hear of something. */
export type Duty = { readonly to: string; readonly name: string; readonly isOwner: boolean };

const UNCLAIMED_MS = 7 * DAY_MS;

/** How long a value that a crash left neither shown nor taken back may still be thought of as just being shown. */
export const LIMBO_MS = MINUTE_MS;

const GIVES_VALUE: ReadonlySet<string> = new Set([
  'value.shown',
  'token.rotated',
  'token.renewed',
  'value.replaced',
]);

/** What must be true, by the rules of the design alone. It knows nothing of how the app keeps it. */
export type Model = ReturnType<typeof createModel>;

/** A world without tokens. `gone` are those whom nobody can tell anything. */
export function createModel(now: () => Instant, gone: ReadonlySet<string>) {
  const tokens = new Map<string, Token>();
  const duties: Duty[] = [];

  const after = (ms: number): Instant => ({ lo: now().lo + ms, hi: now().hi + ms });
  const get = (name: string): Token => {
    const token = tokens.get(name);
    if (token === undefined) throw new Error(`the model knows no ${name}`);
    return token;
  };

  function create({ name, by, terms }: Change): void {
    if (name === null || tokens.has(name)) throw new Error(`${name} is created twice`);
    tokens.set(name, {
      name,
      owner: terms?.owner ?? by,
      creator: by,
      createdAt: now(),
      expires: after(terms?.lifetimeMs ?? 90 * DAY_MS),
      generation: 0,
      values: [],
      isUsed: false,
      revokedBy: undefined,
      reminders: 0,
      version: 0,
    });
  }

  function giveValue(token: Token, { action, terms }: Change, text: string | undefined): void {
    const older = token.values.slice(0, -1);
    const latest = token.values.at(-1);
    if (action !== 'value.shown') token.generation += 1;
    if (action !== 'value.replaced') for (const value of older) value.end = earlier(value.end, now());
    if (latest !== undefined) latest.end = earlier(latest.end, after(terms?.graceMs ?? 0));
    if (terms?.lifetimeMs !== undefined) token.expires = after(terms.lifetimeMs);
    token.values.push({ text, end: token.expires });
    token.isUsed = false;
    token.reminders = 0;
  }

  function revoke(token: Token, by: string, isLeaver: boolean): void {
    token.revokedBy = by;
    const { name, owner, creator } = token;
    if (by !== owner && !isLeaver && !gone.has(owner)) duties.push({ to: owner, name, isOwner: true });
    if (creator !== owner && by !== creator && !gone.has(creator))
      duties.push({ to: creator, name, isOwner: false });
  }

  function endOld({ values }: Token): void {
    for (const value of values.slice(0, -1)) value.end = earlier(value.end, now());
  }

  return {
    tokens,
    duties,
    get,
    now,
    /** That it happened: `text` is the value that the owner was shown because of it. */
    take(change: Change, text: string | undefined, isLeaver: boolean): void {
      const { action, name, by } = change;
      if (name === null) return;
      if (action === 'token.created') create(change);
      const token = get(name);
      token.version += 1;
      if (GIVES_VALUE.has(action)) giveValue(token, change, text);
      if (action === 'token.revoked') revoke(token, by, isLeaver);
      if (action === 'old_value.ended') endOld(token);
    },
    /** `maybe`: the instant is within what nobody can tell. */
    isOver: (instant: Instant): boolean | 'maybe' => {
      const { lo, hi } = now();
      if (lo >= instant.hi) return true;
      return hi < instant.lo ? false : 'maybe';
    },
  };
}

function earlier(one: Instant, other: Instant): Instant {
  return { lo: Math.min(one.lo, other.lo), hi: Math.min(one.hi, other.hi) };
}

/** Whether `/verify` must take the value. */
export function isHonoured(model: Model, token: Token, value: Value): boolean | 'maybe' {
  if (token.revokedBy !== undefined) return false;
  const isOver = model.isOver(value.end);
  return isOver === 'maybe' ? 'maybe' : !isOver;
}

export type Status = 'unclaimed' | 'active' | 'expired' | 'revoked' | 'maybe';

/** Revoked over expired over active over unclaimed. */
export function statusOf(model: Model, token: Token): Status {
  if (token.revokedBy !== undefined) return 'revoked';
  const isOver = model.isOver(token.expires);
  if (isOver === 'maybe') return 'maybe';
  if (isOver) return 'expired';
  return token.values.length === 0 ? 'unclaimed' : 'active';
}

/** Whether nobody took it within seven days. */
export function wasNeverClaimed(model: Model, token: Token): boolean | 'maybe' {
  if (token.values.length > 0 || token.revokedBy !== undefined) return false;
  const { lo, hi } = token.createdAt;
  return model.isOver({ lo: lo + UNCLAIMED_MS, hi: hi + UNCLAIMED_MS });
}

/** Whether it has a value before the newest that still works. */
export function hasOldValue(model: Model, token: Token): boolean | 'maybe' {
  const verdicts = token.values.slice(0, -1).map((value) => isHonoured(model, token, value));
  if (verdicts.includes(true)) return true;
  return verdicts.includes('maybe') ? 'maybe' : false;
}

/** One name for all that is one name. */
export function nameKeyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** A change as the trace and a failure tell it. */
export function changeText({ action, name, by }: Change): string {
  return `${action} ${name ?? '-'} by ${by}`;
}
