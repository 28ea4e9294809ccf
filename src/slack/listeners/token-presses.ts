import { findToken } from '../../tokens/find.ts';
import { remindTomorrow } from '../../tokens/notices.ts';
import type { Action, Actor } from '../../tokens/policy.ts';
import { declineToken } from '../../tokens/revoke.ts';
import { endOldValues } from '../../tokens/rotate.ts';
import { parseTokenId, type TokenId } from '../../tokens/token.ts';
import { sentenceMessage } from '../blocks/text.ts';
import type { ListenerDeps, PressListener } from '../listener.ts';
import { placeOf } from '../look/opened-from.ts';
import { redrawNotice } from '../look/redraw.ts';
import { type DrawnNotice, parseNoticeText, remindedMessage, standingOf } from '../notices/notice-blocks.ts';
import { respond } from '../reply/respond.ts';
import { type Answer, answerVisit, tell, tellForged, tellRefusal } from '../reply/tell.ts';
import { revokeAnswer } from '../revoke/revoke.ts';
import { rotateAnswer } from '../rotate/rotate.ts';
import { issueNewValue, showOrTell } from '../show/show.ts';
import type { KnownVisit } from '../visit.ts';

/** The notice that a button was pressed under, and where it can be drawn again. */
type PressedNotice = { readonly notice: DrawnNotice; readonly responseUrl: string };

/** *Rotate* or *Renew*, under a notice, a receipt or what is told of a token. */
export const onRotate = opening('rotate', rotateAnswer);

/** *Revoke*, under the same. */
export const onRevoke = opening('revoke', revokeAnswer);

/** *Remind me tomorrow*, under a notice. */
export const onRemind = aboutNotice('rotate', async (visit, tokenId, pressed, deps) => {
  const outcome = await remindTomorrow({ actor: visit.actor, tokenId, delivery: visit.delivery }, deps);
  if (outcome.kind === 'refused') return tellRefusal(visit, outcome.refusal, deps);
  const { token, dueAt } = outcome;
  if (pressed !== undefined) {
    const message = remindedMessage(pressed.notice.kind, token, dueAt, deps.clock());
    return respond(pressed.responseUrl, message, 'lasting');
  }
  const sentence = `You'll be reminded of ${token.name} tomorrow, or an hour before it expires.`;
  await tell(visit, sentenceMessage(sentence), deps.client);
});

/** A button that opens a dialog, which draws the notice again when it has done its work. */
function opening(
  attempted: Action,
  answerOf: (actor: Actor, tokenId: TokenId, deps: ListenerDeps) => Promise<Answer>,
): PressListener {
  return aboutNotice(attempted, async (visit, tokenId, pressed, deps) => {
    // A receipt tells by itself what became of its token.
    const place = visit.isFromEphemeral ? placeOf(visit) : undefined;
    const from = pressed === undefined ? place : ({ kind: 'notice', ...pressed } as const);
    await answerVisit(visit, await answerOf(visit.actor, tokenId, deps), deps, from);
  });
}

/** A button that carries a token's id, and under a notice that notice: it is drawn again when its token has ended meanwhile. */
function aboutNotice(
  attempted: Action,
  listener: (
    visit: KnownVisit,
    tokenId: TokenId,
    pressed: PressedNotice | undefined,
    deps: ListenerDeps,
  ) => Promise<void>,
): PressListener {
  return async (visit, value, deps) => {
    const carried = parseNoticeText(value);
    if (carried === undefined) return tellForged(visit, attempted, deps);
    const { tokenId, notice } = carried;
    const { responseUrl } = visit;
    // A made-up one must not take the place of anything but a notice.
    if (notice === undefined || responseUrl === undefined || visit.pressedIn !== 'notice') {
      return listener(visit, tokenId, undefined, deps);
    }
    const found = await findToken(tokenId, attempted, visit.actor, deps);
    if (found.kind === 'refused') return tellRefusal(visit, found.refusal, deps);
    const { token } = found;
    const standing = standingOf(notice, token, deps.clock());
    if (standing === 'rotated') {
      await tellRefusal(visit, { code: 'changed_meanwhile', name: token.name }, deps);
    } else {
      await listener(visit, tokenId, { notice, responseUrl }, deps);
    }
    if (standing !== 'open') await redrawNotice(responseUrl, notice, token, deps);
  };
}

/** *Show value*, under a receipt or what is told of a token. */
export const onShowValue = aboutToken('show_value', async (visit, tokenId, deps) => {
  await showOrTell(visit, tokenId, deps);
});

/** *Decline*, confirmed, under the receipt of a token that somebody else created. It tells by itself what became of that. */
export const onDecline = aboutToken('show_value', async (visit, tokenId, deps) => {
  const { actor, delivery } = visit;
  const outcome = await declineToken({ actor, tokenId, delivery }, deps);
  if (outcome.kind === 'refused') await tellRefusal(visit, outcome.refusal, deps);
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
