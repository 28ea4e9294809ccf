import { type Leaks, recogniseValue } from './held.ts';
import { type Actor, may } from './policy.ts';
import { type RefuseDeps, type Refused, refuseByPolicy, refused } from './refusal.ts';
import type { StoredSecret, TokenStore } from './store.ts';
import { statusOf, type TokenId, type UsedToken } from './token.ts';
import type { TokenValue } from './token-value.ts';
import type { Verdict, VerifyDeps } from './verify.ts';

export type Checked = { readonly kind: 'checked'; readonly finding: Finding };

/** How a good value stands to others of its token: by itself, or in the grace of a rotation, the new one or the old one. */
export type ValueStanding =
  | { readonly is: 'only' }
  | { readonly is: 'new' | 'old'; readonly oldEndsAt: number };

/** How the good value of `secret` stands at `now`. */
export async function standingOf(
  { tokenId, lookupId }: Pick<StoredSecret, 'tokenId' | 'lookupId'>,
  now: number,
  store: Pick<TokenStore, 'standingValues' | 'liveValues'>,
): Promise<ValueStanding> {
  const [newest, old] = (await store.standingValues([tokenId], now)).get(tokenId) ?? [];
  const oldEndsAt = await oldEndOf(tokenId, now, store);
  if (old === undefined || oldEndsAt === undefined) return { is: 'only' };
  return { is: lookupId === newest ? 'new' : 'old', oldEndsAt };
}

/** Until when a token's old value works, beside its new one; undefined when there is none. */
export async function oldEndOf(
  tokenId: TokenId,
  now: number,
  store: Pick<TokenStore, 'liveValues'>,
): Promise<number | undefined> {
  const [, old] = await store.liveValues(tokenId, now);
  return old?.endsAt ?? undefined;
}

/** What a value is. `revoked`: its lookup id is that of a revoked token; nothing is left that could prove the rest of it. */
export type Finding =
  | { readonly is: 'valid'; readonly token: UsedToken; readonly standing: ValueStanding }
  | { readonly is: 'expired' | 'retired' | 'revoked'; readonly token: UsedToken }
  | { readonly is: 'unknown' };

/**
 * What on-call, admins and the owner may know of a value. Everybody else is refused, each time with an audit event and
 * whatever the value is, so that nothing can be learnt by asking. Where nobody can say just now, the same are told that alone.
 * Not a use of the token.
 */
export async function checkValue(
  request: { readonly actor: Actor; readonly value: TokenValue },
  deps: RefuseDeps & VerifyDeps & { readonly leaks: Leaks },
): Promise<Checked | Refused> {
  const { actor, value } = request;
  const verdict = await recogniseValue(value, 'command', deps);
  // Only of a known lookup id can nobody say: that there is one is for nobody else to learn.
  const secret = verdict.kind === 'busy' ? await deps.store.readSecret(value.lookupId) : provenOf(verdict);
  const token = secret && { owner: secret.owner, workspace: actor.workspace };
  if (!may(actor, 'check', token, deps.policy)) {
    const refusal = { code: 'check_not_permitted' } as const;
    const tokenId = provenOf(verdict)?.tokenId ?? null;
    return refuseByPolicy({ actor, attempted: 'check', tokenId, refusal }, deps);
  }
  if (verdict.kind === 'busy') return refused({ code: 'verification_busy' });
  const finding = await findingOf(verdict, actor, deps);
  const tokenId = finding.is === 'unknown' ? null : finding.token.id;
  await deps.store.recordDeed(
    { at: deps.clock(), actor: actor.id, action: 'value.checked', tokenId, detail: { finding: finding.is } },
    { keys: [] },
  );
  return { kind: 'checked', finding };
}

function provenOf(verdict: Verdict): StoredSecret | undefined {
  return 'secret' in verdict ? verdict.secret : undefined;
}

async function findingOf(verdict: Verdict, actor: Actor, deps: RefuseDeps): Promise<Finding> {
  if (!('secret' in verdict)) return { is: 'unknown' };
  const token = await deps.store.findToken(actor.workspace, verdict.secret.tokenId);
  if (token === undefined) return { is: 'unknown' };
  if (verdict.kind === 'good') {
    return { is: 'valid', token, standing: await standingOf(verdict.secret, deps.clock(), deps.store) };
  }
  if (verdict.why === 'revoked') return { is: 'revoked', token };
  return { is: statusOf(token, deps.clock()) === 'expired' ? 'expired' : 'retired', token };
}
