import { z } from 'zod';
import type { Actor } from '../tokens/policy.ts';
import type { Delivery } from '../tokens/telling.ts';
import { splitMetadata } from './dialog-metadata.ts';
import type { DrawnIn } from './entrance.ts';

/** Paths that are named at most. */
const PATHS_MAX = 5;

/** Slack's own keys. What a person or a client named, as a block, may be anything. */
const KEY = /^[a-z][a-z_]{0,40}$/;

/** A delivery without what the app needs of it. Tells where something is missing or wrong, and nothing of what was delivered. */
class UnreadDelivery extends Error {
  constructor(paths: readonly string[]) {
    super(`a delivery of Slack cannot be read at ${paths.join(', ')}`);
    this.name = 'UnreadDelivery';
  }
}

/** What `schema` reads in a delivery or in a part of one. Throws `UnreadDelivery`. */
export function readDelivery<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new UnreadDelivery(parsed.error.issues.slice(0, PATHS_MAX).map(({ path }) => pathText(path)));
}

function pathText(path: readonly PropertyKey[]): string {
  const keys = path.map((key) => (typeof key === 'number' || KEY.test(String(key)) ? String(key) : '*'));
  return keys.length === 0 ? 'its top' : keys.join('.');
}

/** Who came, from where and with what: the parts of a delivery that every listener needs, parsed once. */
export type Visit = {
  readonly personId: string;
  /** The workspace that the person belongs to, as Slack says. */
  readonly teamId: string | undefined;
  /** Of this app: Slack names it with presses, commands and dialogs, and with no shortcut. */
  readonly appId: string | undefined;
  /** Opens one dialog within 3 s. */
  readonly triggerId: string | undefined;
  /** Answers in the place the delivery came from. */
  readonly responseUrl: string | undefined;
  /** It was pressed in a message that only this person sees. */
  readonly isFromEphemeral: boolean;
  /** The conversation it came from. */
  readonly channelId: string | undefined;
  /** What everybody calls it; undefined of a private one, of a conversation of few, and where Slack does not say. */
  readonly channelName: string | undefined;
  /** Of the message that was pressed in, be it a lasting one or not. */
  readonly messageTs: string | undefined;
  /** Of the block that was pressed in. It comes back from a client: a hint. */
  readonly blockId: string | undefined;
  readonly viewId: string | undefined;
  readonly viewType: string | undefined;
  /** Where the dialog was opened that it comes from, sealed, as that carries it. */
  readonly origin: string | undefined;
  /** The keys by which an effect happens once, whatever is delivered twice. */
  readonly delivery: Delivery;
};

/** The message that was pressed in. */
export type PressedMessage = {
  readonly channel: string;
  readonly ts: string;
  readonly responseUrl: string;
};

/** A visit of somebody whom Slack told us about, and who may use the app. */
export type KnownVisit = Visit & {
  readonly actor: Actor;
  /** What the pressed button stands in; undefined when it was no press. */
  readonly pressedIn: DrawnIn | undefined;
};

/** The message that the visit comes from; undefined when it does not come from one. */
export function pressedMessageOf({ channelId, messageTs, responseUrl }: Visit): PressedMessage | undefined {
  if (channelId === undefined || messageTs === undefined || responseUrl === undefined) return undefined;
  return { channel: channelId, ts: messageTs, responseUrl };
}

/** Whatever Slack may leave out or send as null where nothing is decided by it, and it does both: `null` where a thing is not. */
const maybe = z.string().nullish();

/** Of an id or an address: what is empty is none. */
const given = maybe.transform((text) => text || undefined);

const delivery = z.object({
  type: maybe,
  api_app_id: given,
  trigger_id: given,
  response_url: given,
  action_ts: given,
  user_id: given,
  team_id: given,
  channel_id: given,
  channel_name: given,
  channel: z.object({ id: given, name: given }).nullish(),
  container: z
    .object({ message_ts: given, channel_id: given, view_id: given, is_ephemeral: z.boolean().nullish() })
    .nullish(),
  actions: z.array(z.object({ block_id: given, action_ts: given })).nullish(),
  user: z.object({ id: given, team_id: given }).nullish(),
  view: z.object({ id: given, type: given, private_metadata: maybe }).nullish(),
});

/**
 * The visit in the body of a command, action, shortcut or submission. Throws `UnreadDelivery` when it is none of these.
 *
 * Slack's kinds differ in what they have: a shortcut names no app, one from Home or from the search bar no conversation, an
 * org-wide installation no workspace (`team: null`), an old message shortcut no workspace of the person. Where Slack does not
 * say of which workspace the person is, `users.info` alone decides. `team` and `view.app_installed_team_id` say where the app
 * is, not whose the person is, and are not asked. Seen in the payloads that slackapi/bolt-python and slackapi/java-slack-sdk
 * recorded, and https://docs.slack.dev/reference/interaction-payloads/
 */
export function parseVisit(body: unknown): Visit {
  const parsed = readDelivery(delivery, body);
  const { user, view, container, actions } = parsed;
  const personId = user?.id ?? parsed.user_id;
  if (personId === undefined) throw new UnreadDelivery(['user.id']);
  const viewId = view?.id ?? container?.view_id;
  return {
    personId,
    teamId: user?.team_id ?? parsed.team_id,
    appId: parsed.api_app_id,
    triggerId: parsed.trigger_id,
    responseUrl: parsed.response_url,
    isFromEphemeral: container?.is_ephemeral === true,
    channelId: parsed.channel_id ?? parsed.channel?.id ?? container?.channel_id,
    channelName: publicNameOf(parsed.channel_name ?? parsed.channel?.name),
    messageTs: container?.message_ts,
    blockId: actions?.[0]?.block_id,
    viewId,
    viewType: view?.type,
    origin: splitMetadata(view?.private_metadata ?? '').origin,
    delivery: { keys: keysOf(personId, parsed, viewId) },
  };
}

/**
 * Slack itself calls a private channel `privategroup` and a conversation of two `directmessage`, and one of several people by their
 * names: as in payloads that slackapi/java-slack-sdk recorded and in what apps log.
 */
function publicNameOf(name: string | undefined): string | undefined {
  return name !== undefined && /^(?:privategroup|directmessage|mpdm-.*)$/.test(name) ? undefined : name;
}

/**
 * With the person: nobody gets the answer to somebody else's press, whatever their client claims. What has no trigger, as a
 * press in a workflow's step, is told apart by when it was pressed, to the microsecond.
 */
function keysOf(
  personId: string,
  { type, trigger_id, action_ts, actions }: z.infer<typeof delivery>,
  viewId: string | undefined,
): string[] {
  const ids = [
    trigger_id ?? action_ts ?? actions?.[0]?.action_ts,
    type === 'view_submission' ? viewId : undefined,
  ];
  return ids.flatMap((id) => (id === undefined ? [] : [`${personId} ${id}`]));
}

const option = z.object({ value: maybe });

const press = z.object({
  action_id: maybe,
  value: maybe,
  selected_option: option.nullish(),
  selected_user: maybe,
});

/** What a pressed button or chosen option carries. It comes back from a client: a hint, never a right. */
export function parsePress(payload: unknown): { readonly actionId: string; readonly value: string } {
  const parsed = readDelivery(press, payload);
  return {
    actionId: parsed.action_id ?? '',
    value: parsed.value ?? parsed.selected_option?.value ?? parsed.selected_user ?? '',
  };
}

const field = z.object({
  value: maybe,
  selected_option: option.nullish(),
  selected_options: z.array(option).nullish(),
  selected_date: maybe,
  selected_user: maybe,
});

const submission = z.object({
  private_metadata: maybe,
  state: z
    .object({ values: z.record(z.string(), z.record(z.string(), field.nullish()).nullish()).nullish() })
    .nullish(),
});

/** What was filled in, by the field's id (which is both its block's and its element's), and the dialog's own metadata. */
export function parseSubmission(view: unknown): {
  readonly fields: Readonly<Record<string, string>>;
  readonly choices: Readonly<Record<string, readonly string[]>>;
  readonly metadata: string;
} {
  const parsed = readDelivery(submission, view);
  const fields: Record<string, string> = {};
  const choices: Record<string, readonly string[]> = {};
  for (const [id, elements] of Object.entries(parsed.state?.values ?? {})) {
    const element = elements?.[id];
    fields[id] =
      element?.value ??
      element?.selected_option?.value ??
      element?.selected_date ??
      element?.selected_user ??
      '';
    choices[id] = element?.selected_options?.flatMap(({ value }) => value ?? []) ?? [];
  }
  return { fields, choices, metadata: splitMetadata(parsed.private_metadata ?? '').own };
}

const search = z.object({
  value: maybe,
  view: z.object({ private_metadata: maybe }).nullish(),
});

/** What a person typed so far into a field that searches, and the metadata of the dialog that it stands in. */
export function parseSearch(payload: unknown): { readonly text: string; readonly metadata: string } {
  const { value, view } = readDelivery(search, payload);
  return { text: value ?? '', metadata: splitMetadata(view?.private_metadata ?? '').own };
}

const command = z.object({ text: maybe });

/** What stands behind the command, as Slack delivers it; nothing where nothing was typed. */
export function parseCommandText(body: unknown): string {
  return readDelivery(command, body).text ?? '';
}

/** What can be found in a delivery that could not be dealt with, whatever else is wrong with it: who sent it, and where to answer. */
export function findReplyRoute(body: unknown): ReplyRoute {
  const found = z.string().min(1).optional().catch(undefined);
  const within = z.object({ id: found, type: found }).optional().catch(undefined);
  const shape = z.object({
    response_url: found,
    trigger_id: found,
    user_id: found,
    user: within,
    view: within,
  });
  const parsed = shape.safeParse(body).data;
  return {
    personId: parsed?.user?.id ?? parsed?.user_id,
    responseUrl: parsed?.response_url,
    triggerId: parsed?.trigger_id,
    viewId: parsed?.view?.id,
    viewType: parsed?.view?.type,
  };
}

/** The keys of a delivery that could not be dealt with; none where it cannot be read, and so can have had no effect. */
export function findDelivery(body: unknown): Delivery {
  const parsed = delivery.safeParse(body).data;
  const personId = parsed?.user?.id ?? parsed?.user_id;
  if (parsed === undefined || personId === undefined) return { keys: [] };
  return { keys: keysOf(personId, parsed, parsed.view?.id ?? parsed.container?.view_id) };
}

/** Where somebody can be told something. */
export type ReplyRoute = Pick<Visit, 'responseUrl' | 'triggerId' | 'viewId' | 'viewType'> & {
  readonly personId: string | undefined;
};
