import { sentenceFor } from '../tokens/refusal.ts';
import { showValue } from '../tokens/show.ts';
import type { TokenId } from '../tokens/token.ts';
import { notShownSentence } from './blocks/not-shown.ts';
import type { ListenerDeps } from './listener.ts';
import { sentenceMessage, tell } from './tell.ts';
import type { KnownVisit } from './visit.ts';

/** Answers the wish to see a token's value: shows it in the DM, or tells why not. True when it was shown now. */
export async function answerShowValue(
  visit: KnownVisit,
  tokenId: TokenId,
  deps: ListenerDeps,
): Promise<boolean> {
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
