import { z } from 'zod';
import { parseNote } from '../../tokens/note.ts';
import { REASON_LENGTH_MAX } from '../../tokens/refusal.ts';

const place = z.object({
  channel: z.object({ id: z.string().nullish(), name: z.string().nullish() }).nullish(),
});

/**
 * Why a token ends whose value stands in the message of this shortcut: *Leaked in #general*. Owner and managers read it, who
 * may not be where the message stands: only a public channel is named. Slack itself calls a private channel `privategroup` and
 * a conversation of two `directmessage`, and one of several people by their names (`mpdm-ann--bob-1`): as in payloads that
 * slackapi/java-slack-sdk recorded and in what apps log; channels that are private have ids with C or G.
 */
export function leakReasonOf(body: object): string {
  const { id, name } = place.safeParse(body).data?.channel ?? {};
  if (name === 'directmessage' || id?.startsWith('D')) return 'Leaked in a direct message';
  if (name?.startsWith('mpdm-')) return 'Leaked in a group direct message';
  if (name === 'privategroup' || id?.startsWith('G')) return 'Leaked in a private channel';
  const named = parseNote(name ? `Leaked in #${name}` : '', REASON_LENGTH_MAX);
  return ('note' in named ? named.note : null) ?? 'Leaked in a channel';
}
