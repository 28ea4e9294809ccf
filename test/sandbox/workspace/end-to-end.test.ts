import type { App } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { PATIENT } from '../../patience.ts';
import { startBolt } from './bolt-app.ts';

let workspace: Workspace;
let app: App;

const HIDE = [
  { type: 'section' as const, text: { type: 'mrkdwn' as const, text: 'Your token *deploy-bot* is ready.' } },
  {
    type: 'actions' as const,
    elements: [
      { type: 'button' as const, action_id: 'hide', text: { type: 'plain_text' as const, text: 'Hide now' } },
    ],
  },
];

const DIALOG: ModalView = {
  type: 'modal',
  callback_id: 'create',
  title: { type: 'plain_text', text: 'Create API Token' },
  submit: { type: 'plain_text', text: 'Create Token' },
  blocks: [
    {
      type: 'input',
      block_id: 'name',
      label: { type: 'plain_text', text: 'Token Name' },
      element: { type: 'plain_text_input', action_id: 'name', max_length: 64 },
    },
  ],
};

beforeEach(async () => {
  workspace = await startWorkspace();
});

afterEach(async () => {
  await app.stop();
  await workspace.close();
  expect(workspace.refusals).toEqual([]);
});

test('a command opens a dialog whose submission shows a value to one person alone', async () => {
  app = await startBolt(workspace, (bolt) => {
    bolt.command('/apitoken', async ({ ack, client, command }) => {
      await ack();
      await client.views.open({ trigger_id: command.trigger_id, view: DIALOG });
    });
    bolt.view('create', async ({ ack, client, body, view }) => {
      const name = view.state.values.name?.name?.value;
      if (name === 'taken') {
        await ack({ response_action: 'errors', errors: { name: 'taken is already taken.' } });
        return;
      }
      await ack();
      const opened = await client.conversations.open({ users: body.user.id });
      const channel = opened.channel?.id ?? '';
      await client.chat.postEphemeral({ channel, user: body.user.id, text: `Your token ${name} is ready.` });
    });
  });
  const alice = workspace.person('alice');

  await alice.types('#general', '/apitoken create');
  await vi.waitFor(() => expect(alice.modal()?.title).toBe('Create API Token'), PATIENT);
  await alice.fills({ 'Token Name': 'taken' });
  await alice.submits();
  expect(alice.modal()?.errors).toEqual({ 'Token Name': 'taken is already taken.' });
  expect(alice.modal()?.inputs[0]?.value).toBe('taken');
  await alice.fills({ 'Token Name': 'deploy-bot' });
  await alice.submits();

  expect(alice.modal()).toBeUndefined();
  await vi.waitFor(() => expect(alice.reads('@apitoken')).toBe('Your token deploy-bot is ready.'), PATIENT);
  expect(JSON.stringify(workspace.snapshot('bob'))).not.toContain('deploy-bot');
  alice.reloads();
  expect(alice.sees('@apitoken')).toEqual([]);
});

test('a click on an ephemeral message replaces it through its response_url', async () => {
  app = await startBolt(workspace, (bolt) => {
    bolt.command('/apitoken', async ({ ack, client, command }) => {
      await ack();
      const { user_id: user, channel_id: channel } = command;
      await client.chat.postEphemeral({ channel, user, text: 'ready', blocks: HIDE });
    });
    bolt.action('hide', async ({ ack, body, respond }) => {
      await ack();
      await respond({ text: 'message' in body ? 'told too much' : 'Hidden.', replace_original: true });
    });
  });
  const alice = workspace.person('alice');

  await alice.types('@apitoken', '/apitoken');
  await vi.waitFor(() => expect(alice.sees('@apitoken')).toMatchObject([{ buttons: ['Hide now'] }]), PATIENT);
  await alice.clicks('Hide now', { in: '@apitoken', near: 'deploy-bot is ready' });

  await vi.waitFor(() => expect(alice.reads('@apitoken')).toBe('Hidden.'), PATIENT);
  expect(workspace.person('bob').sees('#general')).toEqual([]);
});

test('opening the Home tab draws it', async () => {
  app = await startBolt(workspace, (bolt) => {
    bolt.event('app_home_opened', async ({ client, event }) => {
      await client.views.publish({
        user_id: event.user,
        view: {
          type: 'home',
          blocks: [{ type: 'header', text: { type: 'plain_text', text: 'My API Tokens' } }],
        },
      });
    });
  });
  const alice = workspace.person('alice');
  await alice.opensHome();

  await vi.waitFor(() => expect(alice.home()?.text).toBe('My API Tokens'), PATIENT);
});

test('an app that forgets to ack is found out', async () => {
  await workspace.close();
  workspace = await startWorkspace({ ackTimeoutMs: 50 });
  app = await startBolt(workspace, (bolt) => {
    bolt.command('/apitoken', async () => {});
  });
  const alice = workspace.person('alice');
  await alice.types('#general', '/apitoken');

  expect(alice.reads('#general')).toBe('/apitoken failed with the error "operation_timeout"');
  workspace.expectRefusal('operation_timeout');
});

test.for(['a disconnect frame', 'a cut connection'] as const)('the app comes back after %s', async (way) => {
  app = await startBolt(workspace, (bolt) => {
    bolt.command('/apitoken', async ({ ack }) => ack('here again'));
  });

  if (way === 'a disconnect frame') workspace.sockets.disconnectAll('refresh_requested');
  else workspace.sockets.dropAll();
  await workspace.waitForSockets(1);
  await workspace.person('alice').types('#general', '/apitoken');

  expect(workspace.person('alice').reads('#general')).toBe('here again');
});
