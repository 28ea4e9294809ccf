import { SECOND_MS } from '../../clock.ts';
import { checkValue } from '../../tokens/check.ts';
import { type Actor, may } from '../../tokens/policy.ts';
import type { TokenValue } from '../../tokens/token-value.ts';
import { sentenceMessage } from '../blocks/text.ts';
import { revokeButton } from '../blocks/token-facts.ts';
import type { ListenerDeps } from '../listener.ts';
import { type Answer, refusalAnswer } from '../reply/tell.ts';
import { CHECK_USAGE, checkedMessage } from './info-blocks.ts';

/** Tells on-call, admins and the owner what a value is; everybody who asks is counted. */
export async function checkAnswer(
  actor: Actor,
  value: TokenValue | undefined,
  deps: ListenerDeps,
): Promise<Answer> {
  if (value === undefined) return { kind: 'message', message: sentenceMessage(CHECK_USAGE) };
  const waitMs = await deps.checkLimit.take(actor.id);
  if (waitMs > 0)
    return refusalAnswer({ code: 'too_many_checks', waitSeconds: Math.ceil(waitMs / SECOND_MS) });
  const outcome = await checkValue({ actor, value }, deps);
  if (outcome.kind === 'refused') return refusalAnswer(outcome.refusal);
  const { finding } = outcome;
  const isOffered = finding.is === 'valid' && may(actor, 'revoke', finding.token, deps.policy);
  const offers = isOffered ? [revokeButton(finding.token)] : [];
  return { kind: 'message', message: checkedMessage(finding, deps.clock(), offers) };
}
