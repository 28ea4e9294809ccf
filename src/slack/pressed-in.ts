import { z } from 'zod';
import { type EphemeralKind, ephemeralKindOf, type LastingKind, lastingKindOf } from './blocks/marked.ts';
import { readDelivery } from './read-delivery.ts';

/**
 * What a button stands in: a message of ours by its kind, a Home tab or a dialog. `unread`: a message that does not tell what
 * it is, as one of an older version; whatever may stand there must not be written over.
 */
export type PressPlace = EphemeralKind | LastingKind | 'home' | 'dialog' | 'unread';

const maybe = z.string().nullish();
const press = z.object({
  container: z.object({ view_id: maybe, is_ephemeral: z.boolean().nullish() }).nullish(),
  view: z.object({ type: maybe }).nullish(),
  message: z.object({ blocks: z.array(z.object({ block_id: maybe })).nullish() }).nullish(),
  actions: z.array(z.object({ block_id: maybe })).nullish(),
});

/**
 * What was pressed in, undefined when that is nothing in which we draw a button.
 *
 * Of a press, `action_id`, `block_id` and `value` come back from a client. What it was pressed in is Slack's own word: the view,
 * the lasting message with its blocks as Slack keeps them, or that a message was ephemeral, of which Slack keeps nothing. So a
 * lasting message is what its blocks say, and an ephemeral one what the pressed block says; whoever lies about that one
 * writes over nothing but what they alone see. The fields are those of the payloads that slackapi/bolt-python and
 * slackapi/java-slack-sdk recorded; https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
 */
export function pressedIn(body: unknown): PressPlace | undefined {
  const { container, view, message, actions } = readDelivery(press, body);
  if (view != null || container?.view_id != null) return view?.type === 'home' ? 'home' : 'dialog';
  if (message?.blocks != null) {
    const kinds = message.blocks.flatMap(({ block_id }) => lastingKindOf(block_id ?? '') ?? []);
    return kinds[0] ?? 'unread';
  }
  const blockId = actions?.[0]?.block_id;
  return container?.is_ephemeral === true && blockId != null ? ephemeralKindOf(blockId) : 'unread';
}
