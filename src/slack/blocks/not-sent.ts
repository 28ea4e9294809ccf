import { mendingSentence } from './mending.ts';

/** Why a file could not be sent, from Slack's error code, and what mends it. Our own words: safe anywhere. */
export function notSentSentence(reason: string): string {
  switch (reason) {
    case 'missing_scope':
      return 'This app may not send files yet: an admin must install it again. Nothing was sent.';
    case 'storage_limit_reached':
      return 'Slack has no room for more files: an admin must make some. Nothing was sent.';
    case 'ratelimited':
      return 'Slack takes no more files just now. Wait a minute and press CSV again.';
    case 'no_answer':
      return 'Slack did not say whether it took the file. Look at your conversation with apitoken, and press CSV again if it is not there.';
    default: {
      const sentence = mendingSentence(reason);
      return sentence === undefined
        ? 'Slack did not take the file, so nothing was sent. Press CSV again in a moment.'
        : `${sentence} Nothing was sent.`;
    }
  }
}
