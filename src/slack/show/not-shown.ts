import { mendingSentence } from '../blocks/mending.ts';

/** Whether its owner saw a value that is worth nothing, since the token did not let it become good. */
export function wasSeenInVain(reason: string): boolean {
  return ['changed_meanwhile', 'already_used', 'too_many_live'].includes(reason);
}

/** Why a value could not be put before its owner, from Slack's error code, and what mends it. Our own words: safe anywhere. */
export function notShownSentence(reason: string): string {
  switch (reason) {
    case 'ratelimited':
      return 'Slack takes no more messages just now: wait a minute.';
    case 'no_answer':
      return 'Slack did not say whether it showed the value, so that value was made worthless.';
    case 'channel_not_found':
    case 'user_not_in_channel':
    case 'not_in_channel':
    case 'user_disabled':
      return 'Slack found no conversation between you and this app: open it once and write a word.';
    case 'changed_meanwhile':
      return 'The token was revoked or rotated while the value was being shown, so that value is worthless.';
    case 'already_used':
      return 'The value before was used while the new one was being shown: it works, so the new one is worthless.';
    case 'too_many_live':
      return 'You had as many live tokens as one person may have by then, so that value is worthless.';
    default:
      return mendingSentence(reason) ?? 'Slack could not show the value.';
  }
}
