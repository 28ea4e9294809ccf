import { randomBytes } from 'node:crypto';
import { checkView } from './blocks.ts';
import type { Problem } from './checks.ts';
import { isJson } from './http.ts';
import { LIMITS } from './limits.ts';
import { changed, newId, type OpenView, type State, type Trigger } from './state.ts';
import { stateFor, viewWithIds } from './view-state.ts';

/** A view that is drawn now, or Slack's code for why it is not. */
export type ViewResult = { ok: true; view: OpenView } | { ok: false; error: string; messages?: string[] };

/** Source: docs.slack.dev/surfaces/modals, "a maximum of three views in a modal view stack". */
const STACK_MAX = 3;
/** Source: docs.slack.dev/reference/methods/views.open, "trigger_id expires in 3 seconds". */
const TRIGGER_MS = 3000;

/** Slack's words for a list of problems. */
export function wordsFor(problems: readonly Problem[]): string[] {
  return problems.map(({ message, pointer }) => `[ERROR] ${message} [json-pointer:${pointer}]`);
}

/**
 * Opens a modal for the person of the trigger. From inside a modal it stacks or fails, and reports differ: here it fails, as
 * `views.push` and `views.update` are there for that. Source: docs.slack.dev/surfaces/modals.
 */
export function openModal(state: State, triggerId: unknown, view: unknown): ViewResult {
  const refused = refuseView(state, view, 'modal');
  if (refused !== undefined) return refused;
  const trigger = exchange(state, triggerId);
  if ('error' in trigger) return trigger;
  const { viewId, personId } = trigger;
  if (stackOf(state, personId).some(({ id }) => id === viewId)) {
    return { ok: false, error: 'invalid_trigger_id', messages: ['[ERROR] views.open from inside a modal'] };
  }
  // It is another client's, where no modal is open.
  state.stacks.set(personId, []);
  return place(state, trigger, view);
}

/** Puts a modal on top of the one from which the trigger comes. */
export function pushModal(state: State, triggerId: unknown, view: unknown): ViewResult {
  const refused = refuseView(state, view, 'modal');
  if (refused !== undefined) return refused;
  const trigger = peek(state, triggerId);
  if ('error' in trigger) return trigger;
  if (!stackOf(state, trigger.personId).some(({ id }) => id === trigger.viewId)) {
    return { ok: false, error: 'invalid_trigger_id' };
  }
  if (stackOf(state, trigger.personId).length >= STACK_MAX) return { ok: false, error: 'push_limit_reached' };
  trigger.used = true;
  return place(state, trigger, view);
}

/** Puts a modal on top of a person's stack without a trigger: the `push` of an ack. */
export function pushByAck(state: State, personId: string, view: unknown): ViewResult {
  const refused = refuseView(state, view, 'modal');
  if (refused !== undefined) return refused;
  return place(state, { personId }, view);
}

function place(state: State, { personId }: Pick<Trigger, 'personId'>, view: unknown): ViewResult {
  const stack = stackOf(state, personId);
  if (stack.length >= STACK_MAX) return { ok: false, error: 'push_limit_reached' };
  const below = stack.at(-1);
  const opened = draw(state, personId, view, newId('V'), undefined);
  opened.previousId = below?.id ?? null;
  opened.rootId = stack[0]?.id ?? opened.id;
  state.stacks.set(personId, [...stack, opened]);
  changed(state);
  return { ok: true, view: opened };
}

/** Draws a view anew under its id; what was typed under the same block and action ids stays. */
export function updateView(
  state: State,
  which: { viewId?: unknown; externalId?: unknown },
  view: unknown,
  hash?: unknown,
): ViewResult {
  const open = allViews(state).find(
    (one) =>
      one.id === which.viewId ||
      (which.externalId !== undefined && one.view.external_id === which.externalId),
  );
  if (open === undefined) return { ok: false, error: 'not_found' };
  const refused = refuseView(state, view, open.view.type, open.id);
  if (refused !== undefined) return refused;
  if (hash !== undefined && hash !== open.hash) return { ok: false, error: 'hash_conflict' };
  redraw(state, open, view);
  return { ok: true, view: open };
}

/** Draws a person's Home tab. */
export function publishHome(state: State, userId: unknown, view: unknown, hash: unknown): ViewResult {
  if (!state.manifest.homeTab) return { ok: false, error: 'not_enabled' };
  const person = typeof userId === 'string' ? state.people.get(userId) : undefined;
  if (person === undefined) {
    // views.publish does not list user_not_found.
    return {
      ok: false,
      error: 'invalid_arguments',
      messages: ['[ERROR] invalid user_id [json-pointer:/user_id]'],
    };
  }
  const home = state.homes.get(person.id);
  const refused = refuseView(state, view, 'home', home?.id);
  if (refused !== undefined) return refused;
  if (home !== undefined) {
    if (hash !== undefined && hash !== home.hash) return { ok: false, error: 'hash_conflict' };
    redraw(state, home, view);
    return { ok: true, view: home };
  }
  const opened = draw(state, person.id, view, newId('V'), undefined);
  state.homes.set(person.id, opened);
  changed(state);
  return { ok: true, view: opened };
}

function draw(
  state: State,
  ownerId: string,
  view: unknown,
  id: string,
  before: OpenView | undefined,
): OpenView {
  const drawn = viewWithIds(view);
  return {
    id,
    ownerId,
    view: drawn,
    hash: newHash(state),
    rootId: before?.rootId ?? id,
    previousId: before?.previousId ?? null,
    values: stateFor(drawn.blocks, before?.values),
    errors: {},
    trouble: undefined,
  };
}

function redraw(state: State, open: OpenView, view: unknown): void {
  Object.assign(open, draw(state, open.ownerId, view, open.id, open));
  changed(state);
}

function newHash(state: State): string {
  return `${Math.floor(state.clock() / 1000)}.${randomBytes(4).toString('hex')}`;
}

/** A person's modals, the top one last. */
export function stackOf(state: State, personId: string): OpenView[] {
  return state.stacks.get(personId) ?? [];
}

/** Takes a view off the stack, or all of them. */
export function closeViews(state: State, personId: string, which: OpenView | 'all'): void {
  const left = which === 'all' ? [] : stackOf(state, personId).filter((one) => one !== which);
  state.stacks.set(personId, left);
  changed(state);
}

/** Every modal and Home tab that is drawn now. */
export function allViews(state: State): OpenView[] {
  return [...[...state.stacks.values()].flat(), ...state.homes.values()];
}

function refuseView(
  state: State,
  view: unknown,
  type: string,
  sameAs?: string,
): { ok: false; error: string; messages?: string[] } | undefined {
  if (!isJson(view))
    return { ok: false, error: 'invalid_arguments', messages: ['[ERROR] missing required field: view'] };
  const problems = checkView(view);
  if (view.type !== type) problems.push({ message: `must be of type ${type}`, pointer: '/view/type' });
  if (problems.length > 0) return { ok: false, error: 'invalid_arguments', messages: wordsFor(problems) };
  if (Buffer.byteLength(JSON.stringify(view)) > LIMITS.viewBytes)
    return { ok: false, error: 'view_too_large' };
  const externalId = view.external_id;
  const taken =
    typeof externalId === 'string' &&
    externalId !== '' &&
    allViews(state).some((one) => one.view.external_id === externalId && one.id !== sameAs);
  return taken ? { ok: false, error: 'duplicate_external_id' } : undefined;
}

/** The trigger, when it may be exchanged; it is not yet used up. */
function peek(state: State, triggerId: unknown): Trigger | { ok: false; error: string } {
  const trigger = typeof triggerId === 'string' ? state.triggers.get(triggerId) : undefined;
  if (trigger === undefined) return { ok: false, error: 'invalid_trigger_id' };
  if (trigger.used) return { ok: false, error: 'exchanged_trigger_id' };
  if (state.clock() - trigger.at > TRIGGER_MS) return { ok: false, error: 'expired_trigger_id' };
  return trigger;
}

function exchange(state: State, triggerId: unknown): Trigger | { ok: false; error: string } {
  const trigger = peek(state, triggerId);
  if (!('error' in trigger)) trigger.used = true;
  return trigger;
}
