import type { WebClient } from '@slack/web-api';
import type { Log } from '../log.ts';
import type { Deliver } from '../tokens/showing.ts';
import { shownValueMessage } from './blocks/shown-value.ts';
import { inDirectMessage } from './direct-message.ts';
import { slackErrorOf } from './slack-error.ts';

/**
 * Shows values: in the app's conversation with the owner, in a message that only they see. Tried once; a cut connection
 * counts as not shown, since the answer is unknown. Resolves to Slack's code when it was not shown.
 */
export function valueDelivery(client: WebClient, log: Log): Deliver {
  return async (token, value, leftOut) => {
    try {
      const user = token.owner;
      const message = shownValueMessage(token, value.reveal(), leftOut);
      await inDirectMessage(client, user, (channel) =>
        client.chat.postEphemeral({ channel, user, ...message }),
      );
      return undefined;
    } catch (error) {
      const { code } = slackErrorOf(error);
      log.warn({ token: token.id, code }, 'a value could not be shown and was made worthless');
      return code;
    }
  };
}
