import { sentenceFor } from '../tokens/refusal.ts';
import { carryOutRotation, planRotation, type RotateRequest } from '../tokens/rotate.ts';
import type { TokenId } from '../tokens/token.ts';
import { notShownSentence } from './blocks/not-shown.ts';
import type { ListenerDeps } from './listener.ts';
import { sentenceMessage, tell } from './tell.ts';
import type { KnownVisit } from './visit.ts';

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
      const livesOn = outcome.reason !== 'changed_meanwhile';
      const sentence = `${notShownSentence(outcome.reason)}${livesOn ? ' The value before lives on as it was.' : ''}`;
      return tell(visit, sentenceMessage(sentence), deps.client);
    }
    case 'refused':
      return tell(visit, sentenceMessage(sentenceFor(outcome.refusal)), deps.client);
  }
}
