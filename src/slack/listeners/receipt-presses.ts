import { findToken } from '../../tokens/find.ts';
import type { Action } from '../../tokens/policy.ts';
import { endOldValues } from '../../tokens/rotate.ts';
import { parseTokenId, type TokenId } from '../../tokens/token.ts';
import type { ListenerDeps, PressListener } from '../listener.ts';
import { tellForged, tellRefusal } from '../reply/tell.ts';
import { issueNewValue, showOrTell } from '../show/show.ts';
import type { KnownVisit } from '../visit.ts';

/** *Show value*, under a receipt or what is told of a token. */
export const onShowValue = aboutToken('show_value', async (visit, tokenId, deps) => {
  await showOrTell(visit, tokenId, deps);
});

/** *Issue new value*, under a receipt. */
export const onNewValue = aboutSeenToken(issueNewValue);

/** *End old value now*, confirmed. */
export const onEndOld = aboutSeenToken(async (visit, tokenId, generation, deps) => {
  const { actor, delivery } = visit;
  const outcome = await endOldValues({ actor, tokenId, generation, delivery }, deps);
  if (outcome.kind === 'refused') await tellRefusal(visit, outcome.refusal, deps);
});

/** *Refresh*, under a receipt: drawn with what is known at this moment. */
export const onRefresh = aboutToken('see', async (visit, tokenId, deps) => {
  await deps.usage.flush();
  const found = await findToken(tokenId, 'rotate', visit.actor, deps);
  if (found.kind === 'refused') return tellRefusal(visit, found.refusal, deps);
  await deps.receipts.draw(found.token.id);
});

/** A button that carries a token's id and nothing else. */
function aboutToken(
  attempted: Action,
  listener: (visit: KnownVisit, tokenId: TokenId, deps: ListenerDeps) => Promise<void>,
): PressListener {
  return (visit, value, deps) => {
    const tokenId = parseTokenId(value);
    return tokenId === undefined ? tellForged(visit, attempted, deps) : listener(visit, tokenId, deps);
  };
}

/** A button that carries a token's id and the generation that the person saw. */
function aboutSeenToken(
  listener: (visit: KnownVisit, tokenId: TokenId, generation: number, deps: ListenerDeps) => Promise<void>,
): PressListener {
  return (visit, value, deps) => {
    const [id = '', generation] = value.split(':');
    const tokenId = parseTokenId(id);
    return tokenId === undefined
      ? tellForged(visit, 'rotate', deps)
      : listener(visit, tokenId, Number(generation), deps);
  };
}
