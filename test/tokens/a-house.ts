import type Database from 'better-sqlite3';
import type { Store } from '../../src/store/store.ts';
import { type CreateRequest, type CreationPolicy, createToken } from '../../src/tokens/create.ts';
import type { Leaks } from '../../src/tokens/held.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import type { Refusal } from '../../src/tokens/refusal.ts';
import {
  carryOutRotation,
  planRotation,
  type RotateDeps,
  type Rotated,
  type RotateRequest,
} from '../../src/tokens/rotate.ts';
import {
  createShowingTurns,
  type Deliver,
  type ShowOutcome,
  showValue,
  type ToldWithValue,
} from '../../src/tokens/show.ts';
import type { Delivery, Saying } from '../../src/tokens/telling.ts';
import type { Token, TokenId } from '../../src/tokens/token.ts';
import type { TokenValue } from '../../src/tokens/token-value.ts';
import { createUsageRecorder, type UsageRecorder } from '../../src/tokens/usage.ts';
import { type VerifyDeps, verifyToken } from '../../src/tokens/verify.ts';
import { aStore, everythingIn, PEPPER } from '../store/fixtures/temp-store.ts';
import { ANN, aName, anActor, BOB, T0, underOnly } from './a-token.ts';

export const LENIENT: CreationPolicy = {
  allowGuests: false,
  lifetimeDaysMax: 365,
  mayNeverExpire: true,
  liveTokensMax: 1000,
  creationsPerDayMax: 1000,
  scopes: ['read', 'write'],
};
export const ann = anActor();
export const bob = anActor({ id: BOB });
export const admin = anActor({ id: 'U0EVE' as Actor['id'], roles: new Set(['admin']) });

export type House = {
  readonly store: Store;
  /** Another program's look at the database. */
  readonly raw: Database.Database;
  readonly deps: RotateDeps &
    VerifyDeps & {
      readonly policy: CreationPolicy;
      readonly usage: UsageRecorder;
      readonly leaks: Leaks;
    };
  /** The values that were shown, in order. */
  readonly shown: readonly TokenValue[];
  now(): number;
  moveTo(instant: number): void;
  moveBy(ms: number): void;
  /** What becomes of the next value that is to be shown. Then all are shown again. */
  next(deliver: Deliver): void;
  /** Ann's own token, unless the fields say otherwise; unclaimed. */
  creates(fields?: Partial<CreateRequest>): Promise<Token>;
  /** The owner asks for the token's value. */
  shows(token: Token, fields?: { actor?: Actor; delivery?: Delivery }): Promise<ShowOutcome>;
  /** A new token whose owner was shown its value. */
  holds(fields?: Partial<CreateRequest>): Promise<{ token: Token; value: TokenValue }>;
  /** Plans and carries out what `rotationOf` asks for. */
  rotates(token: Token, fields?: Partial<RotateRequest>): Promise<Rotated>;
  /** Whether the value is good, or why not, at this moment. */
  verdict(value: TokenValue | undefined): Promise<string>;
  /** The token as it is by now. */
  read(id: TokenId): Promise<Token>;
  /** What was done with the token so far, in order. */
  actions(id?: TokenId): unknown[];
  /** What is to be said by now, by kind. */
  due(): Promise<readonly Saying[]>;
  /** All rows of all tables. */
  everything(): unknown;
};

/** A real store on a file of the test's own and all that the verbs need. Time stands at T0 until it is moved. */
export async function aHouse(policy: Partial<CreationPolicy> = {}): Promise<House> {
  const { store, raw } = await aStore();
  let now = T0;
  let deliverNext: Deliver | undefined;
  const shown: TokenValue[] = [];
  const deps = {
    store,
    clock: () => now,
    policy: { ...LENIENT, ...policy },
    ...underOnly(PEPPER),
    prefix: 'apit',
    showingTurns: createShowingTurns(() => now),
    // Somebody who may grant anything: of that other tests tell.
    findPerson: async (id: Actor['id']) => ({ ...admin, id }),
    usage: createUsageRecorder(store),
    leaks: { found: () => undefined },
    hasher: { hash: async () => 'no bcrypt here' },
    deliver: async (token: Token, value: TokenValue, told: ToldWithValue) => {
      const deliver = deliverNext;
      deliverNext = undefined;
      if (deliver !== undefined) return deliver(token, value, told);
      shown.push(value);
      return undefined;
    },
  };
  const creates = async (fields?: Partial<CreateRequest>) => {
    const created = await createToken(aRequest(fields), deps);
    if (created.kind !== 'created') throw new Error(`not created: ${JSON.stringify(created)}`);
    return created.token;
  };
  const shows: House['shows'] = (token, { actor = ownerOf(token), delivery = aDelivery() } = {}) =>
    showValue({ actor, tokenId: token.id, delivery }, deps);
  const read = async (id: TokenId) => {
    const token = await store.findToken(ann.workspace, id);
    if (token === undefined) throw new Error('the token is gone');
    return token;
  };

  return {
    store,
    raw,
    deps,
    shown,
    now: () => now,
    moveTo: (instant) => {
      now = instant;
    },
    moveBy: (ms) => {
      now += ms;
    },
    next: (deliver) => {
      deliverNext = deliver;
    },
    creates,
    shows,
    holds: async (fields) => {
      const token = await creates(fields);
      const outcome = await shows(token);
      const value = shown.at(-1);
      if (outcome.kind !== 'shown' || value === undefined) throw new Error('the value was not shown');
      return { token: await read(token.id), value };
    },
    rotates: async (token, fields) => {
      const planned = await planRotation(rotationOf(token, fields), deps);
      return planned.kind === 'planned' ? carryOutRotation(planned, deps) : planned;
    },
    verdict: async (value) => {
      if (value === undefined) throw new Error('there is no such value');
      const verdict = await verifyToken(value.reveal(), deps);
      return verdict.kind === 'bad' ? verdict.why : verdict.kind;
    },
    read,
    actions: (id) =>
      raw
        .prepare(
          `select action from audit_events where ${id === undefined ? '1 = 1' : 'token_id = ?'} order by sequence`,
        )
        .pluck()
        .all(...(id === undefined ? [] : [id])),
    due: async () => {
      const due = await store.takeDue(now, 100);
      return due.map(({ saying }) => saying).sort((a, b) => a.kind.localeCompare(b.kind));
    },
    everything: () => everythingIn(raw),
  };
}

let names = 0;

/** Ann asks for a token of her own that never expires, by a name that nobody had. */
export function aRequest(fields: Partial<CreateRequest> = {}): CreateRequest {
  names += 1;
  const actor = fields.actor ?? ann;
  return {
    actor,
    owner: actor,
    name: aName(`bot ${names}`),
    purpose: null,
    expiry: { kind: 'never' },
    scopes: [],
    delivery: aDelivery(),
    ...fields,
  };
}

/** The owner wants another value, the old one honoured for a day, the expiry as it is. */
export function rotationOf(token: Token, fields: Partial<RotateRequest> = {}): RotateRequest {
  return {
    actor: ownerOf(token),
    tokenId: token.id,
    kind: 'rotate',
    generation: token.generation,
    grace: 'day',
    expiry: { kind: 'keep' },
    delivery: aDelivery(),
    ...fields,
  };
}

let deliveries = 0;

/** A delivery that was never before. */
export function aDelivery(): Delivery {
  deliveries += 1;
  return { keys: [`trigger ${deliveries}`] };
}

/** The code of a refusal, or what came of it instead. */
export function codeOf(
  outcome: { readonly kind: 'refused'; readonly refusal: Refusal } | { readonly kind: string },
): string {
  return 'refusal' in outcome ? outcome.refusal.code : outcome.kind;
}

function ownerOf({ owner }: Token): Actor {
  if (owner === ANN) return ann;
  return anActor({ id: owner });
}
