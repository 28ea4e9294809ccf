import { sentenceFor } from '../../tokens/refusal.ts';
import { carryOutRotation, planRotation, type RotateRequest } from '../../tokens/rotate.ts';
import { showValue } from '../../tokens/show.ts';
import type { TokenId } from '../../tokens/token.ts';
import { sentenceMessage } from '../blocks/text.ts';
import type { ListenerDeps, PressListener } from '../listener.ts';
import { deleteOriginal } from '../reply/respond.ts';
import { tell } from '../reply/tell.ts';
import type { KnownVisit } from '../visit.ts';
import { notShownSentence, STILL_WORKS, wasSeenInVain } from './not-shown.ts';

/** Answers the wish to see a token's value: shows it in the DM, or tells why not. True when it was shown now. */
export async function showOrTell(visit: KnownVisit, tokenId: TokenId, deps: ListenerDeps): Promise<boolean> {
  const outcome = await showValue({ actor: visit.actor, tokenId, delivery: visit.delivery }, deps);
  switch (outcome.kind) {
    case 'shown':
      return true;
    case 'repeated':
      return false;
    case 'not_shown':
      await tell(visit, sentenceMessage(notShownSentence(outcome.reason)), deps.client);
      return false;
    case 'refused':
      await tell(visit, sentenceMessage(sentenceFor(outcome.refusal)), deps.client);
      return false;
  }
}

/** *Hide now*, under a value. */
export const onHide: PressListener = async (visit) => {
  if (visit.responseUrl !== undefined) await deleteOriginal(visit.responseUrl);
};

/** Shows another value in place of one that was shown but never used, which ends with that. */
export async function issueNewValue(
  visit: KnownVisit,
  tokenId: TokenId,
  generation: number,
  deps: ListenerDeps,
): Promise<void> {
  // A use of a moment ago counts: that value arrived.
  await deps.usage.flush();
  const { actor, delivery } = visit;
  const request: RotateRequest = {
    actor,
    tokenId,
    kind: 'replace',
    generation,
    grace: 'now',
    expiry: { kind: 'keep' },
    delivery,
  };
  const planned = await planRotation(request, deps);
  const outcome = planned.kind === 'planned' ? await carryOutRotation(planned, deps) : planned;
  switch (outcome.kind) {
    case 'rotated':
    case 'repeated':
      return;
    case 'not_shown': {
      const why = notShownSentence(outcome.reason);
      const sentence = wasSeenInVain(outcome.reason) ? why : `${why} ${STILL_WORKS}`;
      return tell(visit, sentenceMessage(sentence), deps.client);
    }
    case 'refused':
      return tell(visit, sentenceMessage(sentenceFor(outcome.refusal)), deps.client);
  }
}
