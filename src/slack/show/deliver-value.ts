import type { WebClient } from '@slack/web-api';
import type { Log } from '../../log.ts';
import type { Deliver } from '../../tokens/show.ts';
import { inDirectMessage } from '../reply/direct-message.ts';
import { slackErrorOf } from '../reply/slack-error.ts';
import { shownValueMessage } from './shown-value.ts';

/**
 * Shows values: in the app's conversation with the owner, in a message that only they see. Tried once; a cut connection
 * counts as not shown, since the answer is unknown. Resolves to Slack's code when it was not shown.
 */
export function valueDelivery(client: WebClient, log: Log): Deliver {
  return async (token, value, told) => {
    try {
      const user = token.owner;
      const message = shownValueMessage(token, value.reveal(), told);
      await inDirectMessage(client, user, (channel) =>
        client.chat.postEphemeral({ channel, user, ...message }),
      );
      return undefined;
    } catch (error) {
      const { code } = slackErrorOf(error);
      log.warn({ token: token.id, code }, 'a value could not be shown, so it was removed');
      return code;
    }
  };
}
