import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Person } from '../../../sandbox/workspace/person.ts';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { call, post } from './tiny-app.ts';

const MANIFEST = readFileSync(new URL('../../../manifest.yml', import.meta.url), 'utf8');

let workspace: Workspace;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  workspace = await startWorkspace();
});

afterEach(async () => {
  await workspace.close();
  rmSync(folder, { recursive: true });
  expect(workspace.refusals).toEqual([]);
});

/** A manifest that is the app's own but for some lines. */
function manifestWithout(...lines: RegExp[]): string {
  const path = join(folder, 'manifest.yml');
  writeFileSync(
    path,
    lines.reduce((text, line) => text.replace(line, ''), MANIFEST),
  );
  return path;
}

const people = (): Record<string, string> => workspace.ids.people;
const general = (): string => workspace.ids.channels.general ?? '';

/** The answer, and the refusal that was recorded for it. */
async function refused(
  method: string,
  args: Record<string, unknown>,
  headers?: Record<string, string>,
): Promise<string> {
  const answer = await call(workspace, method, args, headers);
  const [refusal] = workspace.takeRefusals();
  expect(answer.ok).toBe(false);
  expect(refusal).toMatchObject({ kind: 'web-api', about: method, error: answer.error });
  return answer.error ?? '';
}

describe('who may call', () => {
  test('a call without a token is not authed, and a wrong one is invalid', async () => {
    expect(await refused('auth.test', {}, { authorization: '' })).toBe('not_authed');
    expect(await refused('auth.test', {}, { authorization: 'Bearer xoxb-wrong' })).toBe('invalid_auth');
  });

  test('each kind of token is for its own methods', async () => {
    expect(await refused('auth.test', {}, { authorization: `Bearer ${workspace.appToken}` })).toBe(
      'not_allowed_token_type',
    );
    expect(await refused('apps.connections.open', {})).toBe('not_allowed_token_type');
  });

  test('a token in the body counts as well', async () => {
    const answer = await call(workspace, 'auth.test', { token: workspace.botToken }, { authorization: '' });

    expect(answer).toMatchObject({ ok: true, team_id: workspace.teamId, user_id: workspace.botUserId });
    expect(JSON.stringify(workspace.traffic)).not.toContain(workspace.botToken);
  });

  test('tokens are new in every workspace', async () => {
    const other = await startWorkspace();
    await other.close();

    expect(other.botToken).not.toBe(workspace.botToken);
    expect(other.appToken).not.toBe(workspace.appToken);
  });

  test('a host name that is not this machine’s is sent away', async () => {
    const { port } = new URL(workspace.apiUrl);
    const asked = request({
      port,
      host: '127.0.0.1',
      path: '/api/auth.test',
      method: 'POST',
      headers: { host: `evil.example:${port}` },
    });
    asked.end();
    const [answer] = await once(asked, 'response');
    answer.resume();

    expect(answer.statusCode).toBe(421);
    workspace.expectRefusal('421');
  });

  test('a browser is sent away', async () => {
    const browser = await post(workspace, 'auth.test', {}, { origin: 'http://evil.example' });

    expect(browser.status).toBe(403);
    expect(workspace.expectRefusal('403').detail).toBe('Origin http://evil.example');
  });

  test('a method that is not there is unknown, and only POST is answered', async () => {
    expect(await refused('chat.shout', {})).toBe('unknown_method');
    expect((await fetch(`${workspace.apiUrl}auth.test`)).status).toBe(405);
    expect((await fetch(workspace.apiUrl.replace('/api/', '/'))).status).toBe(404);
    workspace.takeRefusals();
  });

  test('a scope that the manifest lacks is named', async () => {
    const strict = await startWorkspace({ manifestPath: manifestWithout(/- chat:write.*/) });
    const answer = await call(strict, 'chat.postMessage', { channel: general(), text: 'x' });
    await strict.close();

    expect(answer).toMatchObject({ ok: false, error: 'missing_scope', needed: 'chat:write' });
    expect(answer.provided).toBe('commands,im:write,im:history,users:read,usergroups:read,files:write');
  });

  test('a scope that nobody asked for is not granted', async () => {
    expect(await refused('team.info', {})).toBe('missing_scope');
    expect(await refused('conversations.info', { channel: general() })).toBe('missing_scope');
  });

  test('a manifest whose event lacks its scope does not start', async () => {
    await expect(startWorkspace({ manifestPath: manifestWithout(/- users:read.*/) })).rejects.toThrow(
      'manifest: the event user_change needs the scope users:read',
    );
    await expect(startWorkspace({ manifestPath: manifestWithout(/- commands.*/) })).rejects.toThrow(
      'manifest: slash commands and shortcuts need the scope commands',
    );
  });
});

test.for<[string, RegExp, (alice: Person) => Promise<unknown>, string]>([
  [
    'interactivity',
    /is_enabled: true/,
    (alice) => alice.forges({ type: 'view_submission' }),
    'turns interactivity off',
  ],
  ['the Home tab', /home_tab_enabled: true/, (alice) => alice.opensHome(), 'gives the app no home tab'],
  [
    'the Messages tab',
    /messages_tab_enabled: true/,
    (alice) => alice.types('@apitoken', 'x'),
    'lets nobody type',
  ],
])('without %s in the manifest a person cannot use it', async ([, line, use, error]) => {
  const strict = await startWorkspace({ manifestPath: manifestWithout(line) });

  await expect(use(strict.person('alice'))).rejects.toThrow(error);
  await strict.close();
});

test('an event that the manifest does not ask for is not delivered', async () => {
  const strict = await startWorkspace({ manifestPath: manifestWithout(/- app_home_opened.*/) });
  await strict.person('alice').opensHome();
  await strict.close();

  expect(strict.traffic).toEqual([]);
});

describe('arguments', () => {
  test('an argument that Slack does not know is tolerated and recorded', async () => {
    const answer = await call(workspace, 'chat.postEphemeral', {
      channel: general(),
      user: people().alice,
      text: 'x',
      unfurl_links: false,
    });

    expect(answer.ok).toBe(true);
    expect(workspace.expectRefusal('unknown_argument')).toMatchObject({
      kind: 'warning',
      detail: 'unfurl_links',
    });
  });

  test('a missing one is named', async () => {
    expect(await refused('chat.postEphemeral', { channel: general(), text: 'x' })).toBe('invalid_arguments');
  });

  test('JSON bodies are taken as forms are', async () => {
    const response = await fetch(`${workspace.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${workspace.botToken}`,
        'content-type': 'application/json; charset=utf-8',
      },
      body: JSON.stringify({ channel: general(), text: 'hello', blocks: [{ type: 'divider' }] }),
    });

    expect(await response.json()).toMatchObject({ ok: true });
  });

  test('a body that is neither is refused', async () => {
    expect(await refused('auth.test', { x: 'y' }, { 'content-type': 'text/plain' })).toBe(
      'invalid_form_data',
    );
  });
});

describe('messages', () => {
  test.for<[string, Record<string, unknown>, string]>([
    ['a channel that is not there', { channel: 'C404', text: 'x' }, 'channel_not_found'],
    ['a channel without the app', { channel: 'C0NOAPP0001', text: 'x' }, 'not_in_channel'],
    ['nothing to say', { channel: 'C0GENERAL01' }, 'no_text'],
    ['more than 40,000 characters', { channel: 'C0GENERAL01', text: 'x'.repeat(40_001) }, 'msg_too_long'],
    ['blocks that are no JSON', { channel: 'C0GENERAL01', text: 'x', blocks: '[{' }, 'invalid_blocks_format'],
    ['a bad block', { channel: 'C0GENERAL01', text: 'x', blocks: [{ type: 'poem' }] }, 'invalid_blocks'],
    [
      'two tables',
      { channel: 'C0GENERAL01', text: 'x', blocks: [{ type: 'table' }, { type: 'table' }] },
      'invalid_attachments',
    ],
    [
      'a bad block in an attachment',
      { channel: 'C0GENERAL01', text: 'x', attachments: [{ blocks: [{ type: 'poem' }] }] },
      'invalid_attachments',
    ],
    [
      '101 attachments',
      { channel: 'C0GENERAL01', text: 'x', attachments: Array.from({ length: 101 }, () => ({ text: 'x' })) },
      'too_many_attachments',
    ],
  ])('%s', async ([, args, error]) => {
    expect(await refused('chat.postMessage', args)).toBe(error);
  });

  test('a bad block is explained with a pointer', async () => {
    const answer = await call(workspace, 'chat.postMessage', {
      channel: general(),
      text: 'x',
      blocks: [{ type: 'poem' }],
    });
    workspace.takeRefusals();

    expect(answer).toMatchObject({
      errors: ['unsupported type: poem [json-pointer:/blocks/0/type]'],
      response_metadata: { messages: ['[ERROR] unsupported type: poem [json-pointer:/blocks/0/type]'] },
    });
  });

  test('blocks without a text are taken, with a warning', async () => {
    await call(workspace, 'chat.postMessage', { channel: general(), blocks: [{ type: 'divider' }] });

    expect(workspace.expectRefusal('missing_text_in_message').kind).toBe('warning');
  });

  test('the app changes and deletes its own lasting messages, nobody else’s', async () => {
    const { ts } = await call(workspace, 'chat.postMessage', {
      channel: general(),
      text: 'one',
      blocks: [{ type: 'header', text: { type: 'plain_text', text: 'One' } }],
    });
    await workspace.person('alice').types('#general', 'mine');
    const mine = workspace.person('alice').sees('#general').at(-1)?.ts;

    await call(workspace, 'chat.update', { channel: general(), ts, text: 'two' });

    expect(workspace.person('bob').sees('#general')[0]).toMatchObject({
      text: 'One',
      edited: true,
      raw: { text: 'two' },
    });
    await call(workspace, 'chat.update', { channel: general(), ts, text: 'two', blocks: [] });
    expect(workspace.person('bob').sees('#general')[0]?.text).toBe('two');
    expect(await refused('chat.update', { channel: general(), ts: mine, text: 'x' })).toBe(
      'cant_update_message',
    );
    expect(await refused('chat.delete', { channel: general(), ts: mine })).toBe('cant_delete_message');
    await call(workspace, 'chat.delete', { channel: general(), ts });
    expect(await refused('chat.delete', { channel: general(), ts })).toBe('message_not_found');
  });
});

describe('ephemeral messages', () => {
  test('only that person sees one, it cannot be changed, and it is gone on reload', async () => {
    const user = people().alice;
    const { message_ts: ts } = await call(workspace, 'chat.postEphemeral', {
      channel: general(),
      user,
      text: 'psst',
    });
    const alice = workspace.person('alice');

    expect(alice.sees('#general')).toMatchObject([{ ts, ephemeral: true, text: 'psst' }]);
    expect(JSON.stringify(workspace.snapshot('bob'))).not.toContain('psst');
    expect(await refused('chat.update', { channel: general(), ts, text: 'x' })).toBe('message_not_found');
    expect(await refused('chat.delete', { channel: general(), ts })).toBe('message_not_found');
    alice.reloads();
    expect(alice.sees('#general')).toEqual([]);
    expect(workspace.messages(general())).toMatchObject([{ text: 'psst', visibleTo: [] }]);
  });

  test.for<[string, Record<string, unknown>, string]>([
    ['a channel without the app', { channel: 'C0NOAPP0001', user: 'U0ALICE0001' }, 'not_in_channel'],
    ['a channel without the person', { channel: 'C0ONCALL001', user: 'U0GUS000001' }, 'user_not_in_channel'],
    ['somebody else’s conversation', { channel: 'D0BOB000001', user: 'U0ALICE0001' }, 'user_not_in_channel'],
    ['a person instead of a channel', { channel: 'U0ALICE0001', user: 'U0ALICE0001' }, 'channel_not_found'],
  ])('%s', async ([, args, error]) => {
    await call(workspace, 'conversations.open', { users: people().bob });

    expect(await refused('chat.postEphemeral', { ...args, text: 'x' })).toBe(error);
  });

  test('a conversation needs the Messages tab of the manifest', async () => {
    const path = manifestWithout(/messages_tab_enabled: true/);
    const strict = await startWorkspace({ manifestPath: path });
    const { channel } = await call(strict, 'conversations.open', { users: people().alice });
    const answer = await call(strict, 'chat.postEphemeral', {
      channel: channel.id,
      user: people().alice,
      text: 'x',
    });
    await strict.close();

    expect(answer.error).toBe('messages_tab_disabled');
  });
});

describe('people and groups', () => {
  test.for<[string, string]>([
    ['mia', 'user_disabled'],
    ['nobody', 'user_not_found'],
    ['sam', 'user_not_visible'],
    ['buildbot', 'cannot_dm_bot'],
  ])('a conversation with %s is %s', async ([handle, error]) => {
    expect(await refused('conversations.open', { users: people()[handle] ?? 'U404' })).toBe(error);
  });

  test('a person’s conversation keeps its id', async () => {
    const first = await call(workspace, 'conversations.open', { users: people().alice });
    const second = await call(workspace, 'conversations.open', { users: people().alice });

    expect(first.channel.id).toMatch(/^D/);
    expect(second.channel).toEqual(first.channel);
  });

  test.for<[string, Record<string, unknown>]>([
    ['alice', { is_admin: false, is_restricted: false, is_bot: false, deleted: false, tz: 'Europe/Berlin' }],
    ['dave', { is_admin: true }],
    ['gus', { is_restricted: true }],
    ['mia', { deleted: true }],
    ['sam', { is_stranger: true, team_id: 'T0STRANGER1' }],
    ['buildbot', { is_bot: true }],
  ])('users.info tells what %s is', async ([handle, facts]) => {
    const { user } = await call(workspace, 'users.info', { user: people()[handle] });

    expect(user).toMatchObject(facts);
  });

  test('groups are listed, and are not on a free plan', async () => {
    const usergroup = workspace.ids.groups.oncall;

    expect(await call(workspace, 'usergroups.users.list', { usergroup })).toMatchObject({
      users: [people().bob],
    });
    expect(await call(workspace, 'usergroups.list')).toMatchObject({
      usergroups: [{ id: usergroup, handle: 'oncall' }],
    });
    expect(await refused('usergroups.users.list', { usergroup: 'S404' })).toBe('no_such_subteam');
    workspace.setFreePlan(true);
    expect(await refused('usergroups.users.list', { usergroup })).toBe('plan_upgrade_required');
    expect(await refused('usergroups.list', {})).toBe('plan_upgrade_required');
  });
});

describe('the text of all blocks of a message together', () => {
  const sections = (length: number) =>
    Array.from({ length: Math.ceil(length / 3000) }, (_, index) => ({
      type: 'section',
      text: { type: 'plain_text', text: 'm'.repeat(Math.min(3000, length - index * 3000)) },
    }));
  const posts = [
    ['chat.postMessage', {}],
    ['chat.postEphemeral', { user: 'U0ALICE0001' }],
    ['chat.update', { ts: '' }],
  ] as const;

  test.for(posts)('may be 12,000 characters by %s, and not one more', async ([method, more]) => {
    const { ts } = await call(workspace, 'chat.postMessage', { channel: general(), text: 'one' });
    const args = { channel: general(), text: 'x', ...more, ...('ts' in more ? { ts } : {}) };

    expect(await call(workspace, method, { ...args, blocks: sections(12_000) })).toMatchObject({ ok: true });
    expect(await refused(method, { ...args, blocks: sections(12_001) })).toBe('msg_blocks_too_long');
  });

  test('counts what stands for people, emoji and dates', async () => {
    const date = { type: 'date', timestamp: 1, format: '{date}', fallback: 'm'.repeat(12_001) };
    const blocks = [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [date] }] }];

    expect(await refused('chat.postMessage', { channel: general(), text: 'x', blocks })).toBe(
      'msg_blocks_too_long',
    );
  });
});

test.for([
  ['4,000 letters', 'm'.repeat(4000), undefined],
  ['4,001 letters', 'm'.repeat(4001), 'msg_too_long'],
  ['4,002 bytes in 1,334 signs', '字'.repeat(1334), 'msg_too_long'],
] as const)('chat.update takes a text of 4,000 bytes: %s', async ([, text, error]) => {
  const { ts } = await call(workspace, 'chat.postMessage', { channel: general(), text: 'one' });
  const args = { channel: general(), ts, text };

  if (error === undefined) expect(await call(workspace, 'chat.update', args)).toMatchObject({ ok: true });
  else expect(await refused('chat.update', args)).toBe(error);
  // A post may be longer.
  expect(await call(workspace, 'chat.postMessage', { channel: general(), text })).toMatchObject({ ok: true });
});
