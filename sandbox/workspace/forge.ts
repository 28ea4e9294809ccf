import { deliver, type Post } from './deliver.ts';
import { isJson } from './http.ts';
import { actionFor, blockActions, forgedView, type Origin, viewSubmission } from './payloads.ts';
import type { AckOutcome, Delivery } from './sockets.ts';
import type { Json, OpenView, PersonRecord } from './state.ts';
import { allViews } from './views.ts';

/** What a hand-made delivery claims. It is shaped like a real one and comes from a real person; the rest may be a lie. */
export type Forged =
  | {
      type: 'block_actions';
      action_id: string;
      block_id?: string;
      value?: string;
      /** More parts of the action, as `type` (default `button`) or `selected_option`. */
      action?: Json;
      /** A message by its timestamp, seen by the person or not; or a view by its id, or made up. */
      from: { message: string } | { view: string | Json };
    }
  | ({
      type: 'view_submission';
      id?: string;
      callback_id?: string;
      private_metadata?: string;
      state?: Json;
    } & Json)
  | { type: 'raw'; envelope: Delivery['type']; payload: Json };

/** Sends a delivery that no client would send. Nothing is done with the ack: it is the result. */
export function forge(post: Post, person: PersonRecord, forged: Forged): Promise<AckOutcome> {
  if (forged.type === 'raw')
    return deliver(post, { type: forged.envelope, payload: forged.payload }, 'forged');
  const payload =
    forged.type === 'block_actions'
      ? forgedAction(post, person, forged)
      : forgedSubmission(post, person, forged);
  return deliver(post, { type: 'interactive', payload }, 'forged');
}

function forgedAction(
  post: Post,
  person: PersonRecord,
  forged: Extract<Forged, { type: 'block_actions' }>,
): Json {
  const { state } = post;
  const { action_id: actionId, block_id: blockId = 'forged', value, action = {}, from } = forged;
  const element = {
    type: 'button' as const,
    text: { type: 'plain_text' as const, text: 'Forged' },
    action_id: actionId,
  };
  const placed = { block: { type: 'divider' as const }, blockId, actionId, element };
  const part = { ...(value === undefined ? {} : { value }), ...action };
  return blockActions(state, person, originOf(post, person, from), actionFor(state, placed, part));
}

function originOf(
  post: Post,
  person: PersonRecord,
  from: { message: string } | { view: string | Json },
): Origin {
  if ('view' in from) {
    return { view: isJson(from.view) ? forgedView(person, from.view) : viewCalled(post, from.view) };
  }
  const message = post.state.messages.find(({ ts }) => ts === from.message);
  if (message === undefined) throw new Error(`no message was ever posted at ${from.message}`);
  return { message };
}

function viewCalled(post: Post, id: string): OpenView {
  const view = allViews(post.state).find((one) => one.id === id);
  if (view === undefined) throw new Error(`no view is called ${id}: give its parts to make one up`);
  return view;
}

function forgedSubmission(post: Post, person: PersonRecord, forged: Json): Json {
  const { type: _type, ...claims } = forged;
  const known = allViews(post.state).find((one) => one.id === claims.id);
  const made = forgedView(person, known === undefined ? claims : { ...partsOf(known), ...claims });
  return viewSubmission(post.state, person, made);
}

function partsOf(open: OpenView): Json {
  const { callback_id, private_metadata, blocks } = open.view;
  return { id: open.id, hash: open.hash, state: open.values, callback_id, private_metadata, blocks };
}
