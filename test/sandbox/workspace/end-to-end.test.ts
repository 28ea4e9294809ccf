import type { App } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { startBolt } from './bolt-app.ts';

let workspace: Workspace;
let app: App;

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
  await vi.waitFor(() => expect(alice.modal()?.title).toBe('Create API Token'));
  await alice.fills({ 'Token Name': 'taken' });
  await alice.submits();
  expect(alice.modal()?.errors).toEqual({ 'Token Name': 'taken is already taken.' });
  expect(alice.modal()?.inputs[0]?.value).toBe('taken');
  await alice.fills({ 'Token Name': 'deploy-bot' });
  await alice.submits();

  expect(alice.modal()).toBeUndefined();
  await vi.waitFor(() => expect(alice.reads('@apitoken')).toBe('Your token deploy-bot is ready.'));
  expect(JSON.stringify(workspace.snapshot('bob'))).not.toContain('deploy-bot');
  alice.reloads();
  expect(alice.sees('@apitoken')).toEqual([]);
});
