import { SocketModeClient } from '@slack/socket-mode';
import { z } from 'zod';
import { SECOND_MS } from '../../clock.ts';
import { within } from '../reply/pause.ts';
import { sdkLogger } from '../reply/sdk-logger.ts';
import { quietLog } from './look.ts';

const OPENING_MS_MAX = 10 * SECOND_MS;

/** What came of a press or a shortcut. */
export type Heard = { readonly responseUrl: string | undefined };

/** A socket that hears what one person does, while no app runs that would miss it. Whatever else comes is left unanswered. */
export type Ear = {
  /** Resolves when they press the button of this `action_id`. */
  pressOf(actionId: string): Promise<Heard>;
  /** Resolves when they run the shortcut of this `callback_id`. */
  shortcutOf(callbackId: string): Promise<Heard>;
  /** Resolves when Slack tells of a message in that channel. */
  messageIn(channel: string): Promise<Heard>;
  close(): Promise<void>;
};

const overheard = z.object({ channel: z.string() });

const interaction = z.object({
  type: z.string(),
  user: z.object({ id: z.string() }),
  callback_id: z.string().nullish(),
  response_url: z.string().nullish(),
  actions: z.array(z.object({ action_id: z.string() })).nullish(),
});

/** Opens it. Throws when Slack opens no socket. */
export async function openEar(options: {
  readonly appToken: () => string;
  readonly apiUrl: string;
  readonly person: string;
}): Promise<Ear> {
  const client = new SocketModeClient({
    appToken: options.appToken(),
    autoReconnectEnabled: false,
    logger: sdkLogger(quietLog()),
    clientOptions: { slackApiUrl: options.apiUrl, retryConfig: { retries: 0 } },
  });
  const opened = await within(
    client.start().then(() => true),
    OPENING_MS_MAX,
  );
  if (opened !== true) throw new Error('Slack opened no socket in time');

  function next(fits: (body: z.infer<typeof interaction>) => boolean): Promise<Heard> {
    return new Promise((resolve) => {
      client.on('interactive', ({ ack, body }: { ack: () => Promise<void>; body: unknown }) => {
        const { data } = interaction.safeParse(body);
        if (data === undefined || data.user.id !== options.person || !fits(data)) return;
        const done = () => resolve({ responseUrl: data.response_url ?? undefined });
        ack().then(done, done);
      });
    });
  }

  return {
    pressOf: (actionId) =>
      next(({ actions }) => (actions ?? []).some(({ action_id }) => action_id === actionId)),
    shortcutOf: (callbackId) =>
      next(({ type, callback_id }) => type === 'shortcut' && callback_id === callbackId),
    messageIn: (channel) =>
      new Promise((resolve) => {
        client.on('message', ({ ack, event }: { ack: () => Promise<void>; event: unknown }) => {
          const done = () => {
            if (overheard.safeParse(event).data?.channel === channel) resolve({ responseUrl: undefined });
          };
          ack().then(done, done);
        });
      }),
    close: async () => {
      await within(client.disconnect(), OPENING_MS_MAX);
    },
  };
}
