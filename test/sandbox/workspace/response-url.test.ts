import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { call, connect, lastPayload, respond } from './tiny-app.ts';

const BUTTONS = [
  {
    type: 'actions',
    elements: [{ type: 'button', action_id: 'hide', text: { type: 'plain_text', text: 'Hide now' } }],
  },
];
const HALF_AN_HOUR_MS = 30 * 60 * 1000;

let workspace: Workspace;
let now = 1_800_000_000_000;

beforeEach(async () => {
  workspace = await startWorkspace({ clock: () => now });
  await connect(workspace);
});

afterEach(async () => {
  await workspace.close();
  expect(workspace.refusals).toEqual([]);
});

async function commandUrl(place = '#general'): Promise<string> {
  await workspace.person('alice').types(place, '/apitoken');
  return lastPayload(workspace).response_url;
}

/** The URL of Alice's click on a message that only she, or everybody, sees. */
async function clickUrl(method: 'chat.postEphemeral' | 'chat.postMessage'): Promise<string> {
  const alice = workspace.person('alice');
  const user = method === 'chat.postEphemeral' ? { user: alice.id } : {};
  await call(workspace, method, { channel: 'C0GENERAL01', ...user, text: 'a value', blocks: BUTTONS });
  await alice.clicks('Hide now');
  return lastPayload(workspace).response_url;
}

describe('a command’s URL', () => {
  test('answers the person alone, even where the app is no member', async () => {
    const url = await commandUrl('#no-app');

    expect(await respond(url, { text: 'for you' })).toEqual({ status: 200, body: '{"ok":true}' });
    expect(workspace.person('alice').sees('#no-app')).toMatchObject([
      { text: 'for you', ephemeral: true, from: '@apitoken' },
    ]);
    expect(workspace.person('bob').sees('#no-app')).toEqual([]);
  });

  test('answers the channel when it says so', async () => {
    await respond(await commandUrl(), { text: 'for all', response_type: 'in_channel' });

    expect(workspace.person('bob').sees('#general')).toMatchObject([{ text: 'for all', ephemeral: false }]);
  });

  test('cannot replace what it posted, and has nothing to delete', async () => {
    const url = await commandUrl();
    await respond(url, { text: 'one' });
    await respond(url, { text: 'two', replace_original: true });

    expect(
      workspace
        .person('alice')
        .sees('#general')
        .map(({ text }) => text),
    ).toEqual(['one', 'two']);
    expect((await respond(url, { delete_original: true })).status).toBe(404);
    workspace.expectRefusal('message_not_found');
  });

  test('works five times', async () => {
    const url = await commandUrl();
    for (const text of ['1', '2', '3', '4', '5']) expect((await respond(url, { text })).status).toBe(200);

    expect((await respond(url, { text: '6' })).status).toBe(404);
    expect(workspace.person('alice').sees('#general')).toHaveLength(5);
    workspace.expectRefusal('used_url');
  });

  test.for([
    [HALF_AN_HOUR_MS, 200],
    [HALF_AN_HOUR_MS + 1, 404],
  ] as const)('after %i ms it answers %i', async ([age, status]) => {
    const url = await commandUrl();
    now += age;
    const answer = await respond(url, { text: 'late' });

    expect(answer.status).toBe(status);
    if (status === 404) {
      expect(JSON.parse(answer.body)).toEqual({ ok: false, error: 'Expired url' });
      workspace.expectRefusal('Expired url');
    }
  });

  test('blocks are checked, and unknown fields recorded', async () => {
    const url = await commandUrl();

    expect((await respond(url, { text: 'x', blocks: [{ type: 'poem' }] })).status).toBe(400);
    workspace.expectRefusal('invalid_blocks');
    await respond(url, { text: 'x', channel: 'C0GENERAL01' });
    expect(workspace.expectRefusal('unknown_argument').detail).toBe('channel');
  });
});

describe('an action’s URL', () => {
  test('replaces an ephemeral message, and deletes it', async () => {
    const url = await clickUrl('chat.postEphemeral');
    const alice = workspace.person('alice');

    await respond(url, { text: 'hidden', replace_original: true });
    expect(alice.sees('#general')).toMatchObject([{ text: 'hidden', ephemeral: true, buttons: [] }]);
    await respond(url, { delete_original: true });
    expect(alice.sees('#general')).toEqual([]);
  });

  test('says ok when the ephemeral message was reloaded away, and shows nothing', async () => {
    const url = await clickUrl('chat.postEphemeral');
    const alice = workspace.person('alice');
    alice.reloads();

    expect((await respond(url, { text: 'hidden', replace_original: true })).status).toBe(200);
    expect(alice.sees('#general')).toEqual([]);
  });

  test('replaces a lasting message for everybody, and adds to it otherwise', async () => {
    const url = await clickUrl('chat.postMessage');

    await respond(url, { text: 'done', replace_original: true });
    await respond(url, { text: 'thanks' });

    expect(
      workspace
        .person('bob')
        .sees('#general')
        .map(({ text }) => text),
    ).toEqual(['done']);
    expect(
      workspace
        .person('alice')
        .sees('#general')
        .map(({ text }) => text),
    ).toEqual(['done', 'thanks']);
  });
});

test('a URL that was never issued has expired', async () => {
  const answer = await respond(`${workspace.apiUrl.replace('/api/', '')}/commands/T0SANDBOX01/made-up`, {
    text: 'x',
  });

  expect(answer.status).toBe(404);
  workspace.expectRefusal('Expired url');
});

test('a table with a cell of raw text is a server error, by a response_url and by a method; of rich text it is taken', async () => {
  const cell = (elements: object[]) => ({
    type: 'rich_text',
    elements: [{ type: 'rich_text_section', elements }],
  });
  const rich = [{ type: 'table', rows: [[cell([{ type: 'text', text: 'a' }])]] }];
  const raw = [{ type: 'table', rows: [[...(rich[0]?.rows[0] ?? []), { type: 'raw_text', text: 'b' }]] }];
  const url = await commandUrl();

  expect((await respond(url, { text: 'x', blocks: raw })).status).toBe(500);
  expect(
    await call(workspace, 'chat.postMessage', { channel: 'C0GENERAL01', text: 'x', blocks: raw }),
  ).toMatchObject({
    ok: false,
    error: 'internal_error',
  });
  expect((await respond(url, { text: 'x', blocks: rich })).status).toBe(200);
  workspace.expectRefusal('internal_error');
  workspace.expectRefusal('internal_error');
  expect(workspace.person('bob').sees('#general')).toEqual([]);
});

test('a fault may say ok: false with any status', async () => {
  workspace.faults.add({ url: 'response_url', status: 200, error: 'invalid_blocks' });

  expect(await respond(await commandUrl(), { text: 'x' })).toEqual({
    status: 200,
    body: '{"ok":false,"error":"invalid_blocks"}',
  });
});
