import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { SECOND_MS } from '../clock.ts';
import type { Log } from '../log.ts';
import { SetupError } from '../setup-error.ts';
import type { WorkspaceId } from '../tokens/token.ts';
import { INSTALL_AGAIN, mendingSentence } from './blocks/mending.ts';
import { pause } from './pause.ts';
import { slackErrorOf } from './slack-error.ts';

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 30 * SECOND_MS;

/** What Slack says of our bot token. */
export type Identity = {
  readonly workspace: WorkspaceId;
  readonly botId: string | undefined;
  readonly botUserId: string | undefined;
};

/**
 * Asks Slack who we are, again and again while it cannot be reached, until `signal` aborts (then undefined). Throws a
 * `SetupError` when Slack refuses the token.
 */
export async function identify(
  client: WebClient,
  log: Log,
  signal: AbortSignal,
): Promise<Identity | undefined> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return identityIn(await client.auth.test());
    } catch (error) {
      if (error instanceof SetupError) throw error;
      const { code, isPassing, retryAfterMs } = slackErrorOf(error);
      if (!isPassing) {
        throw new SetupError(`Slack refuses SLACK_BOT_TOKEN (${code}). ${adviceOn(code)}`);
      }
      log.warn({ code, attempt }, 'Slack cannot be reached yet; trying again');
      await pause(retryAfterMs ?? Math.min(RETRY_MS_MIN * 2 ** Math.min(attempt, 10), RETRY_MS_MAX), signal);
    }
  }
  return undefined;
}

const authTest = z.object({
  team_id: z.string().nullish(),
  bot_id: z.string().nullish(),
  user_id: z.string().nullish(),
});

function identityIn(answer: unknown): Identity {
  const { team_id, bot_id, user_id } = authTest.parse(answer);
  if (team_id == null) throw new SetupError('Slack did not name the workspace of SLACK_BOT_TOKEN.');
  return { workspace: team_id as WorkspaceId, botId: bot_id ?? undefined, botUserId: user_id ?? undefined };
}

function adviceOn(code: string): string {
  const mending = mendingSentence(code);
  const isOther = mending !== undefined && mending !== INSTALL_AGAIN;
  return isOther ? mending : 'Install the app again and set the token it shows.';
}
