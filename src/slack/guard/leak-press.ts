import { heldProof } from '../../tokens/held.ts';
import type { Leak } from '../../tokens/outbox.ts';
import { may } from '../../tokens/policy.ts';
import { type Refusal, refuseByPolicy } from '../../tokens/refusal.ts';
import { isWorking, type LeakedValue, leakedValues } from '../../tokens/revoke.ts';
import type { ListenerDeps, PressListener } from '../listener.ts';
import { type Answer, answerVisit, refusalAnswer, tellForged } from '../reply/tell.ts';
import { foundQuestion } from '../revoke/revoke-in-message.ts';
import type { KnownVisit } from '../visit.ts';
import { parseLeakKey } from './leak-blocks.ts';

/** *Revoke*, on a card about a message: asks about what stood there, the reason filled in. */
export const onRevokeLeak: PressListener = async (visit, value, deps) => {
  const place = parseLeakKey(value);
  const leak = place && (await deps.store.findLeak(place));
  if (leak === undefined) return tellForged(visit, 'revoke', deps);
  await answerVisit(visit, await leakAnswer(visit, leak, deps), deps);
};

async function leakAnswer({ actor }: KnownVisit, leak: Leak, deps: ListenerDeps): Promise<Answer> {
  const all = await leakedValues(leak, actor.workspace, deps.clock(), deps.store);
  const theirs = all.filter(({ token }) => may(actor, 'revoke', token, deps.policy));
  if (theirs.length === 0) {
    const refusal = { code: 'token_not_found' } as const;
    const tokenId = all[0]?.token.id ?? null;
    return refusalAnswer(
      (await refuseByPolicy({ actor, attempted: 'revoke', tokenId, refusal }, deps)).refusal,
    );
  }
  const working = theirs.filter(isWorking);
  if (working.length === 0) return refusalAnswer(endedRefusal(theirs));
  const secrets = await Promise.all(working.map(({ lookupId = '' }) => deps.store.readSecret(lookupId)));
  const values = secrets.filter((secret) => secret !== undefined);
  const found = { tokens: working.map(({ token }) => token), values, withBoth: new Set<never>() };
  // Only an old value can be ended by itself, and only by whoever has it: the app saw it for them.
  const isOld = working.some(({ is }) => is === 'old_works');
  const held = isOld
    ? heldProof({ actor: actor.id, values, at: deps.clock() }, deps.peppers.current)
    : undefined;
  return foundQuestion(actor, found, { held, inMessage: leak.place, reason: leak.reason }, deps);
}

function endedRefusal([first, ...others]: readonly LeakedValue[]): Refusal {
  if (first === undefined || others.length > 0) return { code: 'all_already_revoked' };
  const { is, token } = first;
  return is === 'revoked' ? { code: 'already_revoked', name: token.name } : { code: 'value_ended' };
}
