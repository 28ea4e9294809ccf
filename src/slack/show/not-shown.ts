import { mayHaveHappened, mendingSentence } from '../blocks/mending.ts';

/** Whether its owner saw a value that is worth nothing, since the token did not let it become good. */
export function wasSeenInVain(reason: string): boolean {
  return ['changed_meanwhile', 'already_used', 'too_many_live'].includes(reason);
}

/** What is left where a new value could not be shown in place of another. */
export const STILL_WORKS = 'Your current value still works.';

/** Why a value could not be put before its owner, from Slack's error code, and what mends it. Our own words: safe anywhere. */
export function notShownSentence(reason: string): string {
  if (mayHaveHappened(reason))
    return "Slack didn't confirm that it showed the value, so that value doesn't work.";
  switch (reason) {
    case 'ratelimited':
      return 'Slack is busy. Try again in a minute.';
    case 'channel_not_found':
    case 'user_not_in_channel':
    case 'not_in_channel':
    case 'user_disabled':
      return "Slack can't find your direct messages with apitoken. Open them and send any message.";
    case 'changed_meanwhile':
      return "The token was revoked or rotated meanwhile, so the value you just saw doesn't work.";
    case 'already_used':
      return "The previous value was used meanwhile. It still works, and the one you just saw doesn't.";
    case 'too_many_live':
      return "You have as many active tokens as you can have here, so the value you just saw doesn't work.";
    default:
      return mendingSentence(reason) ?? "Slack couldn't show the value.";
  }
}
