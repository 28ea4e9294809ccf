import type { ModalView } from '@slack/types';
import type { Actor } from '../tokens/policy.ts';
import { type Refused, refused } from '../tokens/refusal.ts';
import type { PersonId, UsedToken } from '../tokens/token.ts';
import { answerInTime } from './answer-in-time.ts';
import { type KillCard, killCardMessage } from './blocks/kill-card.ts';
import { beingRevokedDialog } from './blocks/revoke-dialog.ts';
import { cardDialog, cardOf } from './card.ts';
import type { AckSubmission, ListenerDeps } from './listener.ts';
import { redrawOrigin } from './redraw.ts';
import type { RefusalPlaces } from './submission-answer.ts';
import type { KnownVisit } from './visit.ts';

/** A revocation as its dialog shows it: the card that it turns into. */
type Answered = {
  readonly kind: 'answered';
  readonly view: ModalView;
  readonly card: KillCard;
  /** Whether this delivery ended the tokens, and not one before it. */
  readonly isNew: boolean;
};

/** Answers the dialog by what `work` comes to, and tells a new revocation where the dialog was opened too. */
export async function answerRevocation(
  visit: KnownVisit,
  work: Promise<Answered | Refused>,
  answer: { readonly ack: AckSubmission; readonly places: RefusalPlaces; readonly count: number },
  deps: ListenerDeps,
): Promise<void> {
  const { ack, places, count } = answer;
  const outcome = await answerInTime(visit, work, { ack, places, waiting: beingRevokedDialog(count) }, deps);
  if (outcome.kind === 'answered' && outcome.isNew)
    await redrawOrigin(visit, deps, killCardMessage(outcome.card));
}

/** The outcome of a verb that revokes, for its dialog. `hasLapsed`: the proof that came with it is no longer good. */
export async function revocationOutcome(
  visit: KnownVisit,
  outcome: { readonly kind: 'revoked' | 'repeated'; readonly tokens: readonly UsedToken[] } | Refused,
  about: {
    readonly actor: Actor;
    readonly hasLapsed: boolean;
    readonly inMessage: boolean;
    readonly person?: PersonId | undefined;
  },
  deps: ListenerDeps,
): Promise<Answered | Refused> {
  const { actor, hasLapsed, inMessage, person } = about;
  if (outcome.kind === 'refused') {
    return hasLapsed && outcome.refusal.code === 'token_not_found'
      ? refused({ code: 'no_longer_held' })
      : outcome;
  }
  const card = await cardOf(actor, { tokens: outcome.tokens, inMessage, person }, deps);
  return { kind: 'answered', view: cardDialog(visit, card, deps), card, isNew: outcome.kind === 'revoked' };
}
