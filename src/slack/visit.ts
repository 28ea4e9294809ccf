import { z } from 'zod';
import type { Actor } from '../tokens/policy.ts';
import type { Delivery } from '../tokens/store.ts';

/** Who came, from where and with what: the parts of a delivery that every listener needs, parsed once. */
export type Visit = {
  readonly personId: string;
  /** The workspace that the person belongs to, as Slack says. */
  readonly teamId: string | undefined;
  readonly appId: string;
  /** Opens one dialog within 3 s. */
  readonly triggerId: string | undefined;
  /** Answers in the place the delivery came from. */
  readonly responseUrl: string | undefined;
  /** It was pressed in a conversation of two: what stands there, nobody else reads. */
  readonly isDirect: boolean;
  readonly viewId: string | undefined;
  readonly viewType: string | undefined;
  /** The keys by which an effect happens once, whatever is delivered twice. */
  readonly delivery: Delivery;
};

/** A visit of somebody whom Slack told us about, and who may use the app. */
export type KnownVisit = Visit & { readonly actor: Actor };

const named = z.object({ id: z.string(), team_id: z.string().optional() });
const delivery = z.object({
  type: z.string().optional(),
  command: z.string().optional(),
  api_app_id: z.string(),
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
  user_id: z.string().optional(),
  team_id: z.string().optional(),
  user: named.optional(),
  channel: z.object({ id: z.string() }).optional(),
  view: z.object({ id: z.string(), type: z.string() }).optional(),
});

/** The visit in the body of a command, action, shortcut or submission. Throws when it is none of these. */
export function parseVisit(body: unknown): Visit {
  const parsed = delivery.parse(body);
  const personId = parsed.user?.id ?? parsed.user_id;
  if (personId === undefined) throw new Error('a delivery of Slack names no person');
  const viewId = parsed.view?.id;
  const ids = [parsed.trigger_id, parsed.type === 'view_submission' ? viewId : undefined];
  return {
    personId,
    teamId: parsed.user?.team_id ?? parsed.team_id,
    appId: parsed.api_app_id,
    triggerId: parsed.trigger_id,
    responseUrl: parsed.response_url,
    isDirect: parsed.channel?.id.startsWith('D') ?? false,
    viewId,
    viewType: parsed.view?.type,
    // With the person: nobody gets the answer to somebody else's press, whatever their client claims.
    delivery: { keys: ids.flatMap((id) => (id === undefined ? [] : [`${personId} ${id}`])) },
  };
}

const press = z.object({
  action_id: z.string(),
  value: z.string().optional(),
  selected_option: z.object({ value: z.string() }).nullish(),
});

/** What a pressed button or chosen option carries. It comes back from a client: a hint, never a right. */
export function parsePress(payload: unknown): { readonly actionId: string; readonly value: string } {
  const parsed = press.parse(payload);
  return { actionId: parsed.action_id, value: parsed.value ?? parsed.selected_option?.value ?? '' };
}

const field = z.object({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
  selected_options: z.array(z.object({ value: z.string() })).optional(),
  selected_date: z.string().nullish(),
  selected_user: z.string().nullish(),
});
const submission = z.object({
  private_metadata: z.string(),
  state: z.object({ values: z.record(z.string(), z.record(z.string(), field)) }),
});

/** What was filled in, by the field's id (which is both its block's and its element's), and the dialog's own metadata. */
export function parseSubmission(view: unknown): {
  readonly fields: Readonly<Record<string, string>>;
  readonly choices: Readonly<Record<string, readonly string[]>>;
  readonly metadata: string;
} {
  const parsed = submission.parse(view);
  const fields: Record<string, string> = {};
  const choices: Record<string, readonly string[]> = {};
  for (const [id, elements] of Object.entries(parsed.state.values)) {
    const element = elements[id];
    fields[id] =
      element?.value ??
      element?.selected_option?.value ??
      element?.selected_date ??
      element?.selected_user ??
      '';
    choices[id] = element?.selected_options?.map(({ value }) => value) ?? [];
  }
  return { fields, choices, metadata: parsed.private_metadata };
}

const search = z.object({
  value: z.string(),
  view: z.object({ private_metadata: z.string() }).optional(),
});

/** What a person typed so far into a field that searches, and the metadata of the dialog that it stands in. */
export function parseSearch(payload: unknown): { readonly text: string; readonly metadata: string } {
  const { value, view } = search.parse(payload);
  return { text: value, metadata: view?.private_metadata ?? '' };
}
