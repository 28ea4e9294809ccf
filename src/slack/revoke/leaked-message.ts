import type { KnownBlock } from '@slack/types';
import { z } from 'zod';
import { parseNote } from '../../tokens/note.ts';
import { REASON_LENGTH_MAX } from '../../tokens/refusal.ts';
import { type PersonId, parsePersonId } from '../../tokens/token.ts';
import { context, mention, section } from '../blocks/text.ts';

const text = z.string().nullish();

const shortcut = z.object({
  channel: z.object({ id: text, name: text }).nullish().catch(undefined),
  message: z.object({ user: text, bot_id: text, subtype: text }).nullish().catch(undefined),
});

type Place = 'channel' | 'private' | 'group' | 'direct';

/**
 * Where a message stands. Slack itself calls a private channel `privategroup` and a conversation of two `directmessage`, and one
 * of several people by their names (`mpdm-ann--bob-1`): as in payloads that slackapi/java-slack-sdk recorded and in what apps
 * log. The id alone does not tell: those of private channels begin with C as well as with G.
 */
function placeOf(id: string, name: string): Place {
  if (name === 'directmessage' || id.startsWith('D')) return 'direct';
  if (name.startsWith('mpdm-')) return 'group';
  return name === 'privategroup' || id.startsWith('G') ? 'private' : 'channel';
}

function channelOf(body: object): { readonly place: Place; readonly name: string } {
  const channel = shortcut.safeParse(body).data?.channel;
  const name = channel?.name ?? '';
  return { place: placeOf(channel?.id ?? '', name), name };
}

const REASONS: Readonly<Record<Place, string>> = {
  channel: 'Leaked in a channel',
  private: 'Leaked in a private channel',
  group: 'Leaked in a group direct message',
  direct: 'Leaked in a direct message',
};

/**
 * Why a token ends whose value stands in the message of this shortcut: *Leaked in #general*. Owner and managers read it, who
 * may not be where the message stands: only a public channel is named.
 */
export function leakReasonOf(body: object): string {
  const { place, name } = channelOf(body);
  const named =
    place === 'channel' && name !== '' ? parseNote(`Leaked in #${name}`, REASON_LENGTH_MAX) : { note: null };
  return ('note' in named ? named.note : null) ?? REASONS[place];
}

/** The place and who posted it, as a dialog and the buttons of a card carry it: `channel.person.U0ANN`. A hint, no right. */
export function leakTextOf(body: object): string {
  const message = shortcut.safeParse(body).data?.message;
  const isApp = Boolean(message?.bot_id) || message?.subtype === 'bot_message';
  const poster = parsePersonId(message?.user ?? '') ?? '';
  return `${channelOf(body).place}.${isApp ? 'app' : 'person'}.${poster}`;
}

const LEAK = /^(channel|private|group|direct)\.(app|person)\.([A-Z0-9]*)$/;

/** Whether `leak` is such a text. */
export function isLeakText(leak: string): boolean {
  return LEAK.test(leak);
}

/** What such a text says: what kind of place it is, and which person posted it; undefined where an app did. */
export function leakPlaceOf(leak: string): {
  readonly place: Place;
  readonly poster: PersonId | undefined;
  readonly isByApp: boolean;
} {
  const [, place = 'channel', kind, id = ''] = LEAK.exec(leak) ?? [];
  const isByApp = kind === 'app';
  return { place: place as Place, poster: isByApp ? undefined : parsePersonId(id), isByApp };
}

/**
 * What is left to do about a message in which a value stands, and who can: its author, and, where they are in the channel, an
 * admin of the workspace; in a direct message nobody but the author.
 * https://slack.com/help/articles/202395258-Edit-or-delete-messages
 */
export function deleteMessageBlocks(leak: string | undefined, reader: PersonId | undefined): KnownBlock[] {
  if (leak === undefined) return [];
  const [, place = '', kind = '', id = ''] = LEAK.exec(leak) ?? [];
  const poster = parsePersonId(id);
  return [section('Now delete the message'), context(whoDeletes(place, kind, poster, reader))];
}

function whoDeletes(
  place: string,
  kind: string,
  poster: PersonId | undefined,
  reader: PersonId | undefined,
): string {
  if (poster !== undefined && poster === reader) return 'You posted it, so you can delete it.';
  const admin = place === 'private' ? 'a workspace admin in that channel' : 'a workspace admin';
  const isAmongFew = place === 'direct' || place === 'group';
  if (kind === 'app') {
    const app = poster === undefined ? 'An app' : mention(poster);
    return isAmongFew
      ? `${app} posted it. Ask whoever runs that app to delete it.`
      : `${app} posted it. Ask ${admin} to delete it.`;
  }
  const author = poster === undefined ? 'whoever posted it' : mention(poster);
  return isAmongFew
    ? `Ask ${author} to delete it. Nobody else can.`
    : `Ask ${author} or ${admin} to delete it.`;
}
