import { checkMessageBlocks, checkView } from './blocks.ts';
import { isJson } from './http.ts';
import type { Method, MethodAnswer } from './method.ts';
import { viewOutput } from './payloads.ts';
import type { Json, State } from './state.ts';
import { openModal, publishHome, pushModal, updateView, type ViewResult, wordsFor } from './views.ts';

function answer(state: State, result: ViewResult): MethodAnswer {
  return result.ok ? { ok: true, view: viewOutput(state, result.view) } : result;
}

const COMMON = ['view_too_large', 'duplicate_external_id'];
const TRIGGERED = [
  ...COMMON,
  'invalid_trigger_id',
  'expired_trigger_id',
  'exchanged_trigger_id',
  'push_limit_reached',
];

function validate({ message, view }: Json): MethodAnswer {
  const problems = isJson(message) ? checkMessageBlocks(message.blocks) : checkView(view);
  if (problems.length === 0) return { ok: true };
  return { ok: false, error: 'invalid_blocks', messages: wordsFor(problems) };
}

/** `blocks.validate`, and `views.*`: no scope is needed, and a trigger is the permission. */
export const VIEW_METHODS: Readonly<Record<string, Method>> = {
  // The rules of messages are applied to `message: {blocks}`; sent as `blocks` alone they may not be, so these are not taken.
  'blocks.validate': {
    args: ['message', 'view'],
    errors: ['invalid_blocks'],
    run: ({ args }) => validate(args),
  },
  'views.open': {
    required: ['view', 'trigger_id'],
    args: ['view', 'trigger_id', 'interactivity_pointer'],
    errors: TRIGGERED,
    run: ({ state, args }) => answer(state, openModal(state, args.trigger_id, args.view)),
  },
  'views.push': {
    required: ['view', 'trigger_id'],
    args: ['view', 'trigger_id', 'interactivity_pointer'],
    errors: TRIGGERED,
    run: ({ state, args }) => answer(state, pushModal(state, args.trigger_id, args.view)),
  },
  'views.update': {
    required: ['view'],
    args: ['view', 'view_id', 'external_id', 'hash'],
    errors: [...COMMON, 'not_found', 'hash_conflict'],
    run: ({ state, args }) =>
      answer(
        state,
        updateView(state, { viewId: args.view_id, externalId: args.external_id }, args.view, args.hash),
      ),
  },
  'views.publish': {
    required: ['view', 'user_id'],
    args: ['view', 'user_id', 'hash'],
    errors: [...COMMON, 'hash_conflict', 'not_enabled'],
    run: ({ state, args }) => answer(state, publishHome(state, args.user_id, args.view, args.hash)),
  },
};
