import type { Delivery } from '../../sandbox/workspace/sockets.ts';
import type { DeliveryEntry, Json } from '../../sandbox/workspace/state.ts';
import {
  CREATE_ID,
  CREATE_SHORTCUT_ID,
  HISTORY_OLDER_ID,
  LIST_FILTER_ID,
  MESSAGE_SHORTCUT_ID,
  PICK_TOKEN_ID,
  RUN_COMMAND_ID,
} from '../../src/slack/blocks/ids.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import type { Stage } from '../fixture.ts';
import { answerTo, deliveriesIn, holdsToken, opens, soon } from './flows.ts';

/** A kind of delivery, as Slack sends it. All keys that it does not name may be missing or null, and the person is served. */
export type Kind = {
  readonly name: string;
  /** Sets the scene, and returns what makes such a delivery, each with a trigger, a `response_url` or an `event_id` of its own. */
  readonly prepare: (stage: Stage) => Promise<() => Delivery>;
  /** What stands in the acknowledgement, or in what the app calls after it; undefined where nobody waits for an answer. */
  readonly says: string | undefined;
  /** Without these nobody can know what to do, and the person is told so. */
  readonly needed: readonly (string | RegExp)[];
  /** Without these nobody can know who waits for what: it is acknowledged, and that is all. */
  readonly unknowable: readonly string[];
};

const MEMBERS_ONLY = 'apitoken is only for full members of this workspace.';
const WHO = ['user', 'user.id'];
const A_VALUE = TokenValue.generate('apit').reveal();

/** Alice sends it, to an app that is installed in the workspace. */
const KINDS: readonly Kind[] = [
  {
    name: 'a command',
    prepare: async ({ workspace }) => {
      const alice = workspace.person('alice');
      return () => alice.drafts({ type: 'slash_command', text: 'list', channel: '#general' });
    },
    says: 'My API Tokens',
    needed: ['command', 'user_id'],
    unknowable: [],
  },
  {
    name: 'a global shortcut',
    prepare: async ({ workspace }) => {
      const alice = workspace.person('alice');
      return () => alice.drafts({ type: 'shortcut', callback_id: CREATE_SHORTCUT_ID });
    },
    says: 'Create API Token',
    needed: ['type', ...WHO, 'callback_id', 'trigger_id'],
    unknowable: [],
  },
  messageShortcut('a shortcut on a message', false),
  messageShortcut('a shortcut on a message, as it was sent years ago', true),
  {
    name: 'a press in a lasting message',
    prepare: async ({ workspace }) => {
      const message = workspace.post('#general', 'alice', { text: 'anything' });
      return () => press(workspace, 'alice', CREATE_ID, { message });
    },
    says: 'Create API Token',
    needed: [...WHO, 'actions', 'actions.0.action_id', 'trigger_id'],
    unknowable: [],
  },
  {
    name: 'a press in a message that only one person sees',
    prepare: async ({ workspace }) => {
      const { ts: message } = await answerTo(workspace.person('alice'), '/apitoken frobnicate');
      return () => press(workspace, 'alice', RUN_COMMAND_ID, { message }, 'list');
    },
    says: 'My API Tokens',
    needed: [...WHO, 'actions', 'actions.0.action_id', 'actions.0.value'],
    unknowable: [],
  },
  {
    name: 'a choice in a message that only one person sees',
    prepare: async ({ workspace }) => {
      const alice = workspace.person('alice');
      const { ts: message } = await answerTo(alice, '/apitoken list');
      const option = { text: { type: 'plain_text', text: 'Revoked', emoji: true }, value: 'revoked:1' };
      const action = { type: 'static_select', selected_option: option };
      const from = { message };
      return () => alice.drafts({ type: 'block_actions', action_id: LIST_FILTER_ID, action, from });
    },
    says: 'My API Tokens',
    // What it was pressed in decides: the answer takes that message's place.
    needed: [...WHO, 'actions', 'actions.0.action_id', /^container(\.is_ephemeral)?$/],
    unknowable: [],
  },
  {
    name: 'a press in the Home tab',
    prepare: async ({ workspace }) => {
      const alice = workspace.person('alice');
      await alice.opensHome();
      const view = await soon(() => idIn(alice.home()));
      return () => press(workspace, 'alice', CREATE_ID, { view });
    },
    says: 'Create API Token',
    needed: [...WHO, 'actions', 'actions.0.action_id', 'trigger_id'],
    unknowable: [],
  },
  {
    name: 'a press in a dialog',
    prepare: async (stage) => {
      const alice = stage.workspace.person('alice');
      const { id: tokenId } = await holdsToken(stage, alice, 'deploy-bot');
      const { id: view } = await opens(alice, '/apitoken create');
      return () => press(stage.workspace, 'alice', HISTORY_OLDER_ID, { view }, `${tokenId}:1`);
    },
    says: 'History of deploy-bot',
    needed: [...WHO, 'actions', 'actions.0.action_id', 'actions.0.value'],
    unknowable: [],
  },
  {
    name: 'a submitted dialog',
    prepare: async (stage) => {
      const alice = stage.workspace.person('alice');
      await holdsToken(stage, alice, 'taken');
      const { id } = await opens(alice, '/apitoken create taken');
      return () => alice.drafts({ type: 'view_submission', id });
    },
    says: 'taken is already taken.',
    needed: ['type', ...WHO, 'view', 'view.callback_id', 'view.state', /^view\.state\.values/],
    unknowable: [],
  },
  {
    name: 'a closed dialog',
    prepare: async ({ workspace }) => {
      const alice = workspace.person('alice');
      const { id } = await opens(alice, '/apitoken create');
      return () => alice.drafts({ type: 'view_closed', id });
    },
    says: undefined,
    needed: [],
    unknowable: [],
  },
  {
    name: 'a search in a dialog',
    prepare: async (stage) => {
      const alice = stage.workspace.person('alice');
      await holdsToken(stage, alice, 'deploy-bot');
      const typed = { query: 'deploy', private_metadata: 'info' };
      return () => alice.drafts({ type: 'block_suggestion', action_id: PICK_TOKEN_ID, ...typed });
    },
    says: 'deploy-bot',
    needed: [...WHO, 'action_id', 'view', 'view.private_metadata'],
    unknowable: ['type'],
  },
  {
    name: 'a press of somebody of another company, over Slack Connect',
    prepare: async ({ workspace }) => {
      const message = workspace.post('#general', 'alice', { text: 'anything' });
      return () => press(workspace, 'sam', CREATE_ID, { message });
    },
    says: MEMBERS_ONLY,
    needed: [...WHO, 'actions'],
    unknowable: [],
  },
  {
    ...event('a Home tab was opened', async ({ workspace }) => {
      await workspace.person('alice').opensHome();
    }),
    says: 'My API Tokens',
    unknowable: ['event', 'event.type', 'event.user'],
  },
  {
    name: 'a message to the app',
    prepare: async ({ workspace }) => {
      const alice = workspace.person('alice');
      return () => alice.drafts({ type: 'message', text: `look: ${A_VALUE}` });
    },
    says: 'This looks like a token value.',
    needed: [],
    unknowable: ['type', 'event', 'event.type', 'event.user'],
  },
  event('a person changed', async ({ workspace }) => workspace.setPerson('alice', {})),
  event('a person left', async ({ workspace }) => workspace.setPerson('bob', { deleted: true })),
  event('a group has other members', async ({ workspace }) => workspace.setGroupMembers('oncall', ['bob'])),
  event('a group changed', async ({ workspace }) => workspace.setGroupDisabled('oncall', false)),
  {
    name: 'events that were held back',
    prepare: async ({ workspace }) => {
      const alice = workspace.person('alice');
      return () => alice.drafts({ type: 'app_rate_limited' });
    },
    says: undefined,
    needed: [],
    unknowable: [],
  },
];

/** Each kind, of an app that is installed in the workspace, and of one that is installed in a whole organisation. */
export const CONTRACT: readonly Kind[] = [
  ...KINDS,
  ...KINDS.filter(({ name }) => !/Connect|group|years ago|held back/.test(name)).map((kind) => ({
    ...kind,
    name: `${kind.name}, of an app of the whole organisation`,
    prepare: async (stage: Stage) => {
      const { workspace } = stage;
      workspace.setOrgWide(true);
      const teams = [workspace.teamId, 'T0SISTER001'];
      for (const handle of ['alice', 'bob']) await workspace.setPerson(handle, { teams }, 'untold');
      return kind.prepare(stage);
    },
  })),
];

function messageShortcut(name: string, isOld: boolean): Kind {
  return {
    name,
    prepare: async ({ workspace }) => {
      const alice = workspace.person('alice');
      const message = workspace.post('#general', 'bob', { text: 'nothing to see' });
      const shortcut = { type: 'shortcut', callback_id: MESSAGE_SHORTCUT_ID, message, isOld } as const;
      return () => alice.drafts(shortcut);
    },
    says: 'No token value in this message.',
    needed: ['type', ...WHO, 'callback_id', 'trigger_id', 'message'],
    unknowable: [],
  };
}

function press(
  { person }: Pick<Stage['workspace'], 'person'>,
  handle: string,
  action_id: string,
  from: { message: string } | { view: string },
  value = 'x',
): Delivery {
  return person(handle).drafts({ type: 'block_actions', action_id, value, from });
}

/** Nobody waits for what an event leads to. Each of these comes hours late, and not for the first time. */
function event(name: string, causes: (stage: Stage) => Promise<unknown>): Kind {
  return {
    name,
    prepare: async (stage) => {
      await causes(stage);
      const payload = lastEvent(stage).payload;
      const lateBy = 3 * 60 * 60;
      const late = { ...payload, event_time: Number(payload.event_time) - lateBy };
      const retry = { attempt: 3, reason: 'timeout' };
      let made = 0;
      return () => {
        made += 1;
        const payload = structuredClone<Json>({ ...late, event_id: `Ev0MADE${made}` });
        return { type: 'events_api', payload, retry };
      };
    },
    says: undefined,
    needed: [],
    unknowable: ['event', 'event.type', 'event.user', 'event.user.id'],
  };
}

function lastEvent({ workspace }: Stage): DeliveryEntry {
  const found = deliveriesIn(workspace).findLast(({ type }) => type === 'events_api');
  if (found === undefined) throw new Error('no event was delivered');
  return found;
}

function idIn(home: { id: string } | undefined): string {
  if (home === undefined) throw new Error('there is no Home tab yet');
  return home.id;
}
