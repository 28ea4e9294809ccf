import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KnownBlock } from '@slack/types';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { call, connect, type Envelope, lastPayload } from './tiny-app.ts';

type Json = { [key: string]: unknown };

const plain = (text: string): { type: 'plain_text'; text: string } => ({ type: 'plain_text', text });
const option = (text: string, value: string) => ({ text: plain(text), value });

const FIELDS = [
  {
    type: 'input',
    block_id: 'name',
    label: plain('Token Name'),
    element: { type: 'plain_text_input', action_id: 'name', max_length: 8, min_length: 2 },
  },
  {
    type: 'input',
    block_id: 'expires',
    label: plain('Expires'),
    element: {
      type: 'static_select',
      action_id: 'expires',
      options: [option('30 days', '30'), option('Never', 'never')],
      initial_option: option('30 days', '30'),
    },
  },
  {
    type: 'input',
    block_id: 'date',
    optional: true,
    label: plain('Expiry date'),
    element: { type: 'datepicker', action_id: 'date' },
  },
  {
    type: 'input',
    block_id: 'owner',
    optional: true,
    label: plain('Owner'),
    element: { type: 'users_select', action_id: 'owner' },
  },
  {
    type: 'input',
    block_id: 'scopes',
    optional: true,
    label: plain('Scopes'),
    element: {
      type: 'checkboxes',
      action_id: 'scopes',
      options: [option('Read', 'read'), option('Write', 'write')],
    },
  },
];
const DIALOG = {
  type: 'modal',
  callback_id: 'create',
  private_metadata: 'hint',
  title: plain('Create'),
  submit: plain('Go'),
  blocks: FIELDS,
};
const ROWS: Json[] = ['one', 'two'].map((name) => ({
  type: 'section',
  text: { type: 'mrkdwn', text: `*${name}*, active` },
  accessory: {
    type: 'overflow',
    action_id: 'menu',
    options: [option('Rotate', `rotate ${name}`), option('Revoke', `revoke ${name}`)],
  },
}));

let folder: string;
let manifestPath: string;
let workspace: Workspace;
let answer: (envelope: Envelope) => unknown;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  manifestPath = join(folder, 'manifest.yml');
  const shortcuts = [
    '  shortcuts:',
    '    - { name: Make one, type: global, callback_id: make, description: x }',
    '    - { name: Look at it, type: message, callback_id: look, description: x }',
  ].join('\n');
  const manifest = readFileSync(new URL('../../../manifest.yml', import.meta.url), 'utf8');
  writeFileSync(
    manifestPath,
    manifest
      .replace(/^ {2}shortcuts:\n(( {4}.*)?\n)*/m, '')
      .replace(/^ {2}slash_commands:/m, `${shortcuts}\n  slash_commands:`),
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  answer = () => undefined;
  workspace = await startWorkspace({ manifestPath });
  await connect(workspace, (envelope) => answer(envelope));
});

afterEach(async () => {
  await workspace.close();
  expect(workspace.refusals).toEqual([]);
});

async function openDialog(view: Json = DIALOG): Promise<void> {
  await workspace.person('alice').types('#general', '/apitoken create');
  await call(workspace, 'views.open', { trigger_id: lastPayload(workspace).trigger_id, view });
}

async function postRows(blocks: readonly unknown[], ephemeral = false): Promise<void> {
  const user = ephemeral ? { user: workspace.person('alice').id } : {};
  const method = ephemeral ? 'chat.postEphemeral' : 'chat.postMessage';
  expect(
    await call(workspace, method, { channel: 'C0GENERAL01', ...user, text: 'rows', blocks }),
  ).toMatchObject({ ok: true });
}

describe('typing', () => {
  test('a command arrives with all that Slack sends', async () => {
    const alice = workspace.person('alice');
    await alice.types('#general', '/apitoken create  deploy-bot 30d');

    expect(lastPayload(workspace)).toEqual({
      token: expect.any(String),
      team_id: workspace.teamId,
      team_domain: 'sandbox',
      channel_id: workspace.ids.channels.general,
      channel_name: 'general',
      user_id: alice.id,
      user_name: 'alice',
      command: '/apitoken',
      text: 'create  deploy-bot 30d',
      api_app_id: workspace.appId,
      is_enterprise_install: 'false',
      response_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/commands\//),
      trigger_id: expect.stringMatching(/^\d+\.\d+\.[0-9a-f]{32}$/),
    });
  });

  test('the app’s own conversation is called directmessage', async () => {
    await workspace.person('alice').types('@apitoken', '/apitoken');

    expect(lastPayload(workspace)).toMatchObject({
      channel_id: 'D0ALICE0001',
      channel_name: 'directmessage',
      text: '',
    });
  });

  test.for([
    ['revoke @bob', 'revoke <@U0BOB000001|bob>'],
    ['revoke @oncall', 'revoke <!subteam^S0ONCALL001|@oncall>'],
    ['revoke @nobody', 'revoke @nobody'],
    ['in #general', 'in <#C0GENERAL01|general>'],
    ['a & b <c>', 'a &amp; b &lt;c&gt;'],
    ['see https://e.x/?a=1&b=2', 'see <https://e.x/?a=1&amp;b=2>'],
    ['create api.example.com', 'create <http://api.example.com|api.example.com>'],
    ['ask a@example.com', 'ask <mailto:a@example.com|a@example.com>'],
  ])('%s arrives as %s', async ([typed, sent]) => {
    await workspace.person('alice').types('#general', `/apitoken ${typed}`);

    expect(lastPayload(workspace).text).toBe(sent);
  });

  test('an ack may bring a message, for the person alone', async () => {
    answer = () => ({ text: 'Usage: …' });
    await workspace.person('alice').types('#general', '/apitoken help');

    expect(workspace.person('alice').sees('#general')).toMatchObject([{ text: 'Usage: …', ephemeral: true }]);
    expect(workspace.person('bob').sees('#general')).toEqual([]);
  });

  test('a bad ack is refused', async () => {
    answer = () => ({ blocks: [{ type: 'poem' }], text: 'x' });
    await workspace.person('alice').types('#general', '/apitoken help');

    expect(workspace.person('alice').reads('#general')).toBe(
      '/apitoken failed with the error "dispatch_failed"',
    );
    workspace.expectRefusal('invalid_blocks');
  });

  test('what is no command of the app is not delivered', async () => {
    const before = workspace.traffic.length;
    await workspace.person('alice').types('#general', '/deploy');
    await workspace.person('sam').types('#general', '/apitoken');

    expect(workspace.person('alice').reads('#general')).toBe('/deploy is not a valid command.');
    expect(workspace.person('sam').reads('#general')).toBe('/apitoken is not a valid command.');
    expect(workspace.traffic).toHaveLength(before);
  });

  test('the app can be invited', async () => {
    await workspace.person('alice').types('#no-app', '/invite @apitoken');

    expect(await call(workspace, 'chat.postMessage', { channel: 'C0NOAPP0001', text: 'hi' })).toMatchObject({
      ok: true,
    });
  });

  test.for<[string, string, string]>([
    ['gus', '#oncall', 'Gus is not in #oncall'],
    ['alice', '#nowhere', 'there is no place called #nowhere'],
    ['mia', '#general', 'Mia has no client to act with'],
  ])('%s in %s: %s', async ([handle, place, error]) => {
    await expect(workspace.person(handle).types(place, 'x')).rejects.toThrow(error);
  });
});

describe('a dialog', () => {
  test('is filled in by labels and submitted with its state', async () => {
    const alice = workspace.person('alice');
    await openDialog();
    await alice.fills({
      'Token Name': 'deploy',
      Expires: 'Never',
      'Expiry date': '2027-01-31',
      Owner: '@bob',
      Scopes: ['Write'],
    });
    expect(alice.modal()?.inputs.map(({ value }) => value)).toEqual([
      'deploy',
      'Never',
      '2027-01-31',
      '@bob',
      ['Write'],
    ]);
    await alice.submits();

    expect(alice.modal()).toBeUndefined();
    expect(lastPayload(workspace)).toMatchObject({
      type: 'view_submission',
      team: { id: workspace.teamId, domain: 'sandbox' },
      user: { id: alice.id, username: 'alice', name: 'alice', team_id: workspace.teamId },
      is_enterprise_install: false,
      enterprise: null,
      response_urls: [],
      view: { callback_id: 'create', private_metadata: 'hint', submit: { text: 'Go' }, close: null },
    });
    expect(lastPayload(workspace)).not.toHaveProperty('response_url');
    expect(lastPayload(workspace).view.state.values).toMatchObject({
      name: { name: { type: 'plain_text_input', value: 'deploy' } },
      expires: { expires: { type: 'static_select', selected_option: { value: 'never' } } },
      date: { date: { type: 'datepicker', selected_date: '2027-01-31' } },
      owner: { owner: { type: 'users_select', selected_user: 'U0BOB000001' } },
      scopes: { scopes: { type: 'checkboxes', selected_options: [{ value: 'write' }] } },
    });
  });

  test('what nobody filled in is null or empty', async () => {
    const alice = workspace.person('alice');
    await openDialog();
    await alice.fills({ 'Token Name': 'ab' });
    await alice.submits();

    expect(lastPayload(workspace).view.state.values).toMatchObject({
      expires: { expires: { selected_option: { value: '30' } } },
      date: { date: { selected_date: null } },
      owner: { owner: { selected_user: null } },
      scopes: { scopes: { selected_options: [] } },
    });
  });

  test.for<[string, Json, string]>([
    ['a label that is not there', { Name: 'x' }, '0 fields are called "Name"'],
    [
      'an option that is not offered',
      { Expires: '1 year' },
      '"1 year" is not offered; there are: 30 days, Never',
    ],
    ['a text that is too long', { 'Token Name': 'x'.repeat(9) }, 'takes 8 characters, the text has 9'],
    ['two lines in one', { 'Token Name': 'a\nb' }, 'takes one line'],
    ['a date that is none', { 'Expiry date': '2027-02-30' }, 'is not a date'],
    ['a person who is not there', { Owner: '@zoe' }, 'nobody here is called @zoe'],
  ])('%s cannot be filled in', async ([, fields, error]) => {
    await openDialog();

    await expect(workspace.person('alice').fills(fields as Record<string, string>)).rejects.toThrow(error);
  });

  test('a required field is asked for before anything is sent', async () => {
    const alice = workspace.person('alice');
    await openDialog();
    const before = workspace.traffic.length;
    await alice.submits();
    expect(alice.modal()?.errors).toEqual({ 'Token Name': 'Please complete this required field.' });
    await alice.fills({ 'Token Name': 'x' });
    await alice.submits();

    expect(alice.modal()?.errors).toEqual({ 'Token Name': 'Must be at least 2 characters.' });
    expect(workspace.traffic).toHaveLength(before);
  });

  test.for<[string, Json, string, string | undefined]>([
    ['errors keep it open', { response_action: 'errors', errors: { name: 'Taken.' } }, 'Create', 'Taken.'],
    [
      'update redraws it',
      { response_action: 'update', view: { ...DIALOG, title: plain('Done') } },
      'Done',
      undefined,
    ],
    [
      'push puts one on top',
      { response_action: 'push', view: { ...DIALOG, title: plain('Next') } },
      'Next',
      undefined,
    ],
  ])('%s', async ([, body, title, error]) => {
    const alice = workspace.person('alice');
    await openDialog();
    await alice.fills({ 'Token Name': 'ab' });
    answer = () => body;
    await alice.submits();

    expect(alice.modal()).toMatchObject({ title, trouble: undefined });
    expect(alice.modal()?.errors['Token Name']).toBe(error);
  });

  test('clear closes all of them', async () => {
    const alice = workspace.person('alice');
    await openDialog();
    await alice.fills({ 'Token Name': 'ab' });
    answer = () => ({ response_action: 'clear' });
    await alice.submits();

    expect(alice.modal()).toBeUndefined();
  });

  test.for<[string, unknown]>([
    ['errors for a block that is no input', { response_action: 'errors', errors: { nowhere: 'x' } }],
    ['errors without a text', { response_action: 'errors', errors: { name: '' } }],
    [
      'a view that is not valid',
      { response_action: 'update', view: { ...DIALOG, title: plain('x'.repeat(25)) } },
    ],
    ['an action that does not exist', { response_action: 'explode' }],
  ])('%s: the whole dialog is in trouble, and stays', async ([, body]) => {
    const alice = workspace.person('alice');
    await openDialog();
    await alice.fills({ 'Token Name': 'ab' });
    answer = () => body;
    await alice.submits();

    expect(alice.modal()).toMatchObject({
      title: 'Create',
      trouble: 'We had some trouble connecting. Try again?',
    });
    workspace.expectRefusal('invalid_response_action');
  });

  test('a late ack is trouble, and nothing typed is lost', async () => {
    await workspace.close();
    workspace = await startWorkspace({ manifestPath, ackTimeoutMs: 500 });
    await connect(workspace, ({ type }) => (type === 'interactive' ? 'silence' : undefined));
    const alice = workspace.person('alice');
    await openDialog();
    await alice.fills({ 'Token Name': 'ab' });
    await alice.submits();

    expect(alice.modal()?.trouble).toContain('trouble connecting');
    expect(alice.modal()?.inputs[0]?.value).toBe('ab');
    workspace.expectRefusal('operation_timeout');
  });

  test('a field tells the app only with dispatch_action', async () => {
    const alice = workspace.person('alice');
    const [, expires] = FIELDS;
    await openDialog({ ...DIALOG, blocks: [...FIELDS.slice(0, 1), { ...expires, dispatch_action: true }] });
    await alice.fills({ 'Token Name': 'ab' });
    expect(lastPayload(workspace).command).toBe('/apitoken');
    await alice.fills({ Expires: 'Never' });

    expect(lastPayload(workspace)).toMatchObject({
      type: 'block_actions',
      container: { type: 'view' },
      actions: [{ block_id: 'expires', action_id: 'expires', selected_option: { value: 'never' } }],
    });
    expect(lastPayload(workspace)).not.toHaveProperty('response_url');
  });

  test('a conversation with response_url_enabled brings a URL', async () => {
    const alice = workspace.person('alice');
    const element = { type: 'conversations_select', action_id: 'where', response_url_enabled: true };
    await openDialog({
      ...DIALOG,
      blocks: [{ type: 'input', block_id: 'where', label: plain('Where'), element }],
    });
    await alice.fills({ Where: '#general' });
    await alice.submits();

    expect(lastPayload(workspace).response_urls).toMatchObject([
      { block_id: 'where', action_id: 'where', channel_id: 'C0GENERAL01' },
    ]);
  });

  test('options of the app’s own are searched for', async () => {
    const alice = workspace.person('alice');
    const element = { type: 'external_select', action_id: 'which', min_query_length: 1 };
    await openDialog({
      ...DIALOG,
      blocks: [{ type: 'input', block_id: 'which', label: plain('Which'), element }],
    });
    answer = () => ({ options: [option('deploy-bot', 'tok_1')] });
    await alice.searches('Which', 'dep', 'deploy-bot');

    expect(lastPayload(workspace)).toMatchObject({
      type: 'block_suggestion',
      action_id: 'which',
      value: 'dep',
    });
    expect(alice.modal()?.inputs[0]?.value).toBe('deploy-bot');
  });
});

describe('pressing', () => {
  const button = (text: string, more: Json = {}): Json => ({
    type: 'button',
    action_id: text.toLowerCase(),
    text: plain(text),
    ...more,
  });
  const confirm = {
    title: plain('Sure?'),
    text: { type: 'mrkdwn', text: '*All* of it' },
    confirm: plain('Yes'),
    deny: plain('No'),
  };

  test('in a lasting message the payload brings the message', async () => {
    await postRows([
      { type: 'actions', block_id: 'row', elements: [button('Go', { value: 'v', style: 'danger' })] },
    ]);
    const alice = workspace.person('alice');
    await alice.clicks('Go');

    expect(lastPayload(workspace)).toMatchObject({
      type: 'block_actions',
      user: { id: alice.id },
      container: { type: 'message', channel_id: 'C0GENERAL01', is_ephemeral: false },
      channel: { id: 'C0GENERAL01', name: 'general' },
      message: { type: 'message', bot_id: 'B0APITOKEN1', text: 'rows' },
      state: { values: {} },
      actions: [
        {
          type: 'button',
          block_id: 'row',
          action_id: 'go',
          value: 'v',
          style: 'danger',
          text: { type: 'plain_text', text: 'Go', emoji: true },
        },
      ],
      response_url: expect.stringContaining('/actions/'),
    });
  });

  test('in an ephemeral message there is no message', async () => {
    await postRows([{ type: 'actions', elements: [button('Go')] }], true);
    await workspace.person('alice').clicks('Go');

    expect(lastPayload(workspace).container).toMatchObject({
      is_ephemeral: true,
      message_ts: expect.any(String),
    });
    expect(lastPayload(workspace)).not.toHaveProperty('message');
    expect(lastPayload(workspace)).toHaveProperty('response_url');
  });

  test('what is not drawn for a person cannot be pressed', async () => {
    await postRows([{ type: 'actions', elements: [button('Go')] }], true);

    await expect(workspace.person('bob').clicks('Go')).rejects.toThrow('Bob sees no button "Go"');
    await expect(workspace.person('alice').clicks('Stop')).rejects.toThrow('Alice sees no button "Stop"');
    workspace.person('alice').reloads();
    await expect(workspace.person('alice').clicks('Go')).rejects.toThrow('Alice sees no button "Go"');
  });

  test('two of a kind in one message are told apart by their row', async () => {
    const row = (name: string): Json[] => [
      { type: 'section', text: plain(name) },
      { type: 'actions', elements: [button('Go', { value: name })] },
    ];
    await postRows([...row('one'), ...row('two')]);
    const alice = workspace.person('alice');

    await expect(alice.clicks('Go')).rejects.toThrow('2 controls fit');
    await alice.clicks('Go', { near: 'two' });
    expect(lastPayload(workspace).actions[0].value).toBe('two');
  });

  test('of two messages the newest is meant, unless near says otherwise', async () => {
    for (const name of ['old', 'new']) {
      await postRows([{ type: 'section', text: plain(name), accessory: button('Go', { value: name }) }]);
    }
    const alice = workspace.person('alice');
    await alice.clicks('Go');
    expect(lastPayload(workspace).actions[0].value).toBe('new');
    await alice.clicks('Go', { in: '#general', near: 'old' });

    expect(lastPayload(workspace).actions[0].value).toBe('old');
  });

  test('one control is meant exactly by its ids, and what became of the press is heard', async () => {
    const rows = ['one', 'two'].map((name) => ({
      type: 'actions',
      block_id: name,
      elements: [button('Go', { value: name })],
    }));
    await postRows(rows);
    const alice = workspace.person('alice');
    const ts = alice.sees('#general').at(-1)?.ts;
    const heard: boolean[] = [];
    const aim = (blockId: string, of = ts) => ({
      in: '#general',
      exactly: { ts: of, blockId, actionId: 'go' },
      heard: ({ acked }: { acked: boolean }) => void heard.push(acked),
    });

    await alice.clicks('Go', aim('two'));
    expect(lastPayload(workspace).actions[0].value).toBe('two');
    await expect(alice.clicks('Go', aim('three'))).rejects.toThrow('Alice sees no button "Go"');
    await expect(alice.clicks('Go', aim('two', '1.0'))).rejects.toThrow('Alice sees no button "Go"');

    expect(heard).toEqual([true]);
  });

  test('whoever watches is called for deliveries and calls, until they leave', async () => {
    let calls = 0;
    const leave = workspace.watch(() => {
      calls += 1;
    });
    await call(workspace, 'auth.test');
    const afterCall = calls;
    await workspace.person('alice').opensHome();
    const afterDelivery = calls;
    leave();
    await call(workspace, 'auth.test');

    expect(afterCall).toBeGreaterThan(0);
    expect(afterDelivery).toBeGreaterThan(afterCall);
    expect(calls).toBe(afterDelivery);
  });

  test('a confirmation is accepted, or denied, and can be read', async () => {
    await postRows([{ type: 'actions', elements: [button('Go', { confirm }), button('Stop')] }]);
    const alice = workspace.person('alice');
    const before = workspace.traffic.length;

    expect(alice.confirmation('Go')).toEqual({
      title: 'Sure?',
      text: 'All of it',
      confirm: 'Yes',
      deny: 'No',
    });
    await alice.clicks('Go', { confirm: 'deny' });
    expect(workspace.traffic).toHaveLength(before);
    await alice.clicks('Go');
    expect(lastPayload(workspace).actions[0].action_id).toBe('go');
    await expect(alice.clicks('Stop', { confirm: true })).rejects.toThrow('Stop asks for no confirmation');
  });

  test('an overflow menu is found by its row', async () => {
    await postRows(ROWS);
    const alice = workspace.person('alice');
    await alice.choosesFrom({ near: 'two' }, 'Revoke');

    expect(lastPayload(workspace).actions[0]).toMatchObject({
      type: 'overflow',
      selected_option: { text: plain('Revoke'), value: 'revoke two' },
    });
    await expect(alice.choosesFrom({ near: 'two' }, 'Explode')).rejects.toThrow('"Explode" is not offered');
    await expect(alice.choosesFrom({ near: 'three' }, 'Revoke')).rejects.toThrow('near "three"');
  });

  test('a select outside a field tells the app at once', async () => {
    const blocks = [
      {
        type: 'actions',
        block_id: 'filter',
        elements: [
          {
            type: 'static_select',
            action_id: 'status',
            placeholder: plain('Status'),
            options: [option('All', 'all')],
          },
        ],
      },
    ];
    await call(workspace, 'views.publish', {
      user_id: workspace.person('alice').id,
      view: { type: 'home', blocks },
    });
    await workspace.person('alice').selects('Status', 'All', { in: 'home' });

    expect(lastPayload(workspace)).toMatchObject({
      container: { type: 'view' },
      view: {
        type: 'home',
        state: { values: { filter: { status: { selected_option: { value: 'all' } } } } },
      },
      actions: [{ action_id: 'status', selected_option: { value: 'all' } }],
    });
  });

  test('an ack of an action has no body', async () => {
    await postRows([{ type: 'actions', elements: [button('Go')] }]);
    answer = () => ({ text: 'ignored' });
    await workspace.person('alice').clicks('Go');

    workspace.expectRefusal('ack_body_ignored');
  });

  test('a stranger can press in a shared channel', async () => {
    await postRows([{ type: 'actions', elements: [button('Go')] }]);
    await workspace.person('sam').clicks('Go');

    expect(lastPayload(workspace)).toMatchObject({ user: { id: 'U0SAM000001', team_id: 'T0STRANGER1' } });
  });
});

describe('shortcuts', () => {
  test('a global one opens from anywhere', async () => {
    const alice = workspace.person('alice');
    await alice.uses('Make one');

    expect(lastPayload(workspace)).toMatchObject({
      type: 'shortcut',
      callback_id: 'make',
      trigger_id: expect.any(String),
      user: { id: alice.id },
    });
    expect(lastPayload(workspace)).not.toHaveProperty('response_url');
    await expect(alice.uses('Look at it')).rejects.toThrow('has no global shortcut called "Look at it"');
  });

  test('one on a message brings it whole', async () => {
    const value = 'apit_secret';
    await workspace.person('bob').types('#general', `look: \`${value}\` & more`);
    const blocks = [{ type: 'section', text: plain('deployed') }] satisfies KnownBlock[];
    const posted = workspace.post('#general', 'buildbot', {
      text: 'fallback',
      blocks,
      attachments: [{ text: value }],
    });
    const [typed] = workspace.person('alice').sees('#general');
    await workspace.person('alice').uses('Look at it', typed);

    expect(lastPayload(workspace)).toMatchObject({
      type: 'message_action',
      callback_id: 'look',
      message_ts: typed?.ts,
      channel: { id: 'C0GENERAL01' },
      message: {
        user: 'U0BOB000001',
        text: 'look: `apit_secret` &amp; more',
        blocks: [
          {
            type: 'rich_text',
            elements: [
              { elements: [{ text: 'look: ' }, { text: value, style: { code: true } }, { text: ' & more' }] },
            ],
          },
        ],
      },
    });
    await workspace.person('alice').uses('Look at it', posted);
    expect(lastPayload(workspace)).toMatchObject({ message: { blocks, attachments: [{ text: value }] } });
  });
});

describe('forging', () => {
  test('an action that was never drawn', async () => {
    await postRows([{ type: 'divider' }], true);
    const [message] = workspace.messages();
    const outcome = await workspace.person('bob').forges({
      type: 'block_actions',
      action_id: 'revoke',
      value: 'tok_1',
      from: { message: message?.ts ?? '' },
    });

    expect(outcome).toMatchObject({ acked: true });
    expect(lastPayload(workspace)).toMatchObject({
      user: { id: 'U0BOB000001' },
      actions: [{ action_id: 'revoke', value: 'tok_1' }],
    });
  });

  test.for([
    [
      'a command',
      { type: 'slash_command', text: 'status', channel: '#general' },
      { command: '/apitoken', text: 'status', user_id: 'U0SAM000001', channel_id: 'C0GENERAL01' },
    ],
    ['a shortcut', { type: 'shortcut', callback_id: 'create' }, { type: 'shortcut', callback_id: 'create' }],
    [
      'a search',
      { type: 'block_suggestion', action_id: 'pick', query: 'bot', private_metadata: 'info' },
      { type: 'block_suggestion', action_id: 'pick', value: 'bot', view: { private_metadata: 'info' } },
    ],
    [
      'a Home tab that is opened',
      { type: 'app_home_opened' },
      { event: { tab: 'home', user: 'U0SAM000001' } },
    ],
    [
      'a message to the app, with what else it claims',
      { type: 'message', text: 'a < b', claims: { bot_id: 'B0OTHER0001' } },
      { event: { type: 'message', text: 'a &lt; b', user: 'U0SAM000001', bot_id: 'B0OTHER0001' } },
    ],
  ] as const)('%s of somebody who has no client for it', async ([, forged, delivered]) => {
    await workspace.person('sam').forges(forged);

    expect(lastPayload(workspace)).toMatchObject(delivered);
  });

  test('a submission of a view that is not open, and what the app said to it', async () => {
    answer = () => ({ response_action: 'errors', errors: { name: 'No.' } });
    const outcome = await workspace.person('bob').forges({
      type: 'view_submission',
      callback_id: 'create',
      private_metadata: 'tok_1',
      state: { name: { name: { type: 'plain_text_input', value: 'x' } } },
    });

    expect(outcome).toMatchObject({ acked: true, body: { response_action: 'errors' } });
    expect(lastPayload(workspace).view).toMatchObject({
      callback_id: 'create',
      private_metadata: 'tok_1',
      state: { values: { name: {} } },
    });
  });

  test('a submission of somebody else’s open dialog, with one part changed', async () => {
    await openDialog();
    const id = workspace.person('alice').modal()?.id ?? '';
    await workspace.person('bob').forges({ type: 'view_submission', id, private_metadata: 'changed' });

    expect(lastPayload(workspace).view).toMatchObject({
      id,
      callback_id: 'create',
      private_metadata: 'changed',
    });
    expect(workspace.person('alice').modal()?.id).toBe(id);
  });
});
