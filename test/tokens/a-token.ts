import { crc32 } from 'node:zlib';
import { DAY_MS } from '../../src/clock.ts';
import { nameKeyOf, parseName, type TokenName } from '../../src/tokens/name.ts';
import { type Pepper, type Peppers, pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import type { Actor } from '../../src/tokens/policy.ts';
import type { StoredSecret } from '../../src/tokens/store.ts';
import { newTokenId, type PersonId, type UsedToken, type WorkspaceId } from '../../src/tokens/token.ts';
import { TokenValue, toBase62 } from '../../src/tokens/token-value.ts';
import { sealOf, type VerifyDeps } from '../../src/tokens/verify.ts';

/** An instant to count from, and a pepper to digest with. */
export const T0 = Date.UTC(2026, 0, 1);
export const PEPPER: Pepper = pepperFrom('the pepper of the tests, 32 or more');

export const PEPPERS: Peppers = peppersFrom(PEPPER);

/** What a verification needs where `pepper` is the only one that ever was: nothing is digested anew or needs bcrypt. */
export function underOnly(pepper: Pepper): Omit<VerifyDeps, 'store' | 'clock'> {
  const fail = () => {
    throw new Error('another pepper was looked for');
  };
  return { peppers: peppersFrom(pepper), redigests: { note: fail }, checkHash: fail };
}

export const ANN = 'U0ANN' as PersonId;
export const BOB = 'U0BOB' as PersonId;
export const WORKSPACE = 'T0HOME' as WorkspaceId;
export const ELSEWHERE = 'T0ELSEWHERE' as WorkspaceId;

/** The name that `text` is. */
export function aName(text: string): TokenName {
  const parsed = parseName(text);
  if ('flaw' in parsed) throw new Error(`this is no name: ${parsed.flaw}`);
  return parsed.name;
}

/** An active token of Ann's, made at T0 for 90 days. */
export function aToken(fields: Partial<UsedToken> = {}): UsedToken {
  return {
    id: newTokenId(),
    workspace: WORKSPACE,
    name: aName('deploy-bot'),
    nameKey: nameKeyOf(aName('deploy-bot')),
    owner: ANN,
    createdBy: ANN,
    purpose: null,
    scopes: [],
    createdAt: T0,
    expiresAt: T0 + 90 * DAY_MS,
    generation: 0,
    claimedAt: T0,
    revokedAt: null,
    revokedBy: null,
    revokeReason: null,
    lastUsedAt: T0,
    useCount: 1,
    refusedCount: 0,
    lastRefusedAt: null,
    triedCount: 0,
    lastTriedAt: null,
    addresses: ['192.0.2.1'],
    ownerGoneAt: null,
    ownerIsBarred: false,
    ...fields,
  };
}

/** The same lookup id and secret behind another prefix, with right check digits. */
export function withPrefix(value: TokenValue, prefix: string): TokenValue {
  return valueFrom(`${prefix}_${value.lookupId}_${value.secretForHash()}`);
}

/** A value with the lookup id of `value` and another secret, with right check digits. */
export function withAnotherSecret(value: TokenValue): TokenValue {
  return valueFrom(`${value.prefix}_${value.lookupId}_${TokenValue.generate('apit').secretForHash()}`);
}

/** The value that begins with `body`, prefix, lookup id and secret, with right check digits. */
export function valueFrom(body: string): TokenValue {
  const value = TokenValue.parse(body + toBase62(crc32(body), 6));
  if (value === undefined) throw new Error('this has not the shape of a value');
  return value;
}

/** The secret of `value` as it is read: shown at T0, good for 90 days, sealed under `pepper`. */
export function aSecret(
  value: TokenValue,
  fields: Partial<StoredSecret> = {},
  pepper = PEPPER,
): StoredSecret {
  const secret = {
    lookupId: value.lookupId,
    tokenId: newTokenId(),
    digest: value.digest(PEPPER.key),
    pepperId: PEPPER.id,
    createdAt: T0,
    shownAt: T0,
    endsAt: T0 + 90 * DAY_MS,
    name: aName('deploy-bot'),
    owner: ANN,
    scopes: [],
    generation: 0,
    ...fields,
  };
  return { ...sealed(secret, pepper), ...fields };
}

/** The secret, sealed as it now is, as the app would have written it. */
export function sealed(secret: Omit<StoredSecret, 'seal'>, pepper = PEPPER): StoredSecret {
  return { ...secret, seal: secret.digest && sealOf(secret, secret.digest, pepper) };
}

/** Ann, a member with no role, who lives by UTC. */
export function anActor(fields: Partial<Actor> = {}): Actor {
  return { id: ANN, workspace: WORKSPACE, standing: 'member', zone: 'UTC', roles: new Set(), ...fields };
}
