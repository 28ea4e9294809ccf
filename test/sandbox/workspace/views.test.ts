import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { type ApiAnswer, call, connect, lastPayload } from './tiny-app.ts';

type Json = { [key: string]: unknown };

let workspace: Workspace;
let now = 1_800_000_000_000;

const modal = (more: Json = {}): Json => ({
  type: 'modal',
  callback_id: 'one',
  title: { type: 'plain_text', text: 'One' },
  submit: { type: 'plain_text', text: 'Go' },
  blocks: [
    {
      type: 'input',
      block_id: 'name',
      label: { type: 'plain_text', text: 'Name' },
      element: { type: 'plain_text_input', action_id: 'name' },
    },
    {
      type: 'actions',
      elements: [{ type: 'button', action_id: 'more', text: { type: 'plain_text', text: 'More' } }],
    },
  ],
  ...more,
});
const home = (text: string): Json => ({
  type: 'home',
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }],
});

beforeEach(async () => {
  workspace = await startWorkspace({ clock: () => now });
  await connect(workspace);
});

afterEach(async () => {
  await workspace.close();
  expect(workspace.refusals).toEqual([]);
});

/** A fresh trigger of Alice's, from a command. */
async function trigger(): Promise<string> {
  await workspace.person('alice').types('#general', '/apitoken');
  return lastPayload(workspace).trigger_id;
}

async function open(more: Json = {}): Promise<ApiAnswer> {
  return call(workspace, 'views.open', { trigger_id: await trigger(), view: modal(more) });
}

async function refused(method: string, args: Json): Promise<string> {
  const answer = await call(workspace, method, args);
  expect(workspace.takeRefusals()).toMatchObject([{ error: answer.error }]);
  return answer.error ?? '';
}

describe('triggers', () => {
  test('one opens a modal for its person alone, and once', async () => {
    const triggerId = await trigger();
    const { view } = await call(workspace, 'views.open', { trigger_id: triggerId, view: modal() });

    expect(view).toMatchObject({
      callback_id: 'one',
      previous_view_id: null,
      root_view_id: view.id,
      app_id: 'A0APITOKEN1',
    });
    expect(workspace.person('alice').modal()).toMatchObject({ id: view.id, title: 'One', submit: 'Go' });
    expect(workspace.person('bob').modal()).toBeUndefined();
    expect(await refused('views.open', { trigger_id: triggerId, view: modal() })).toBe(
      'exchanged_trigger_id',
    );
    expect(await refused('views.open', { trigger_id: 'made-up', view: modal() })).toBe('invalid_trigger_id');
  });

  test.for([
    [3000, true],
    [3001, false],
  ] as const)('after %i ms it works: %s', async ([age, works]) => {
    const triggerId = await trigger();
    now += age;
    const answer = await call(workspace, 'views.open', { trigger_id: triggerId, view: modal() });

    expect(answer.ok).toBe(works);
    if (!works) workspace.expectRefusal('expired_trigger_id');
  });

  test('a bad view does not use it up', async () => {
    const triggerId = await trigger();

    expect(await refused('views.open', { trigger_id: triggerId, view: modal({ title: undefined }) })).toBe(
      'invalid_arguments',
    );
    expect(await call(workspace, 'views.open', { trigger_id: triggerId, view: modal() })).toMatchObject({
      ok: true,
    });
  });
});

describe('the stack', () => {
  test('holds three, each of which is pushed from the one below', async () => {
    const alice = workspace.person('alice');
    const push = (): Promise<ApiAnswer> =>
      call(workspace, 'views.push', { trigger_id: lastPayload(workspace).trigger_id, view: modal() });
    const { view: first } = await open();

    await alice.clicks('More');
    const { view: second } = await push();
    await alice.clicks('More');
    await push();
    await alice.clicks('More');

    expect(second).toMatchObject({ previous_view_id: first.id, root_view_id: first.id });
    expect((await push()).error).toBe('push_limit_reached');
    workspace.expectRefusal('push_limit_reached');
    await alice.closes();
    await alice.closes();
    expect(alice.modal()?.id).toBe(first.id);
  });

  test('nothing is pushed with a trigger from outside', async () => {
    await open();

    expect(await refused('views.push', { trigger_id: await trigger(), view: modal() })).toBe(
      'invalid_trigger_id',
    );
  });

  test('closing tells the app only where it asked for it', async () => {
    const alice = workspace.person('alice');
    await open();
    await alice.closes();
    expect(lastPayload(workspace).command).toBe('/apitoken');

    const { view } = await open({ notify_on_close: true });
    await alice.closes();
    expect(lastPayload(workspace)).toMatchObject({
      type: 'view_closed',
      is_cleared: false,
      view: { id: view.id },
    });
  });
});

describe('updates', () => {
  test('keep what was typed under the same ids, and give a new hash', async () => {
    const alice = workspace.person('alice');
    const { view } = await open();
    await alice.fills({ Name: 'typed' });
    const title = { type: 'plain_text', text: 'Two' };

    const updated = await call(workspace, 'views.update', {
      view_id: view.id,
      view: modal({ title }),
      hash: view.hash,
    });

    expect(alice.modal()).toMatchObject({ title: 'Two', inputs: [{ label: 'Name', value: 'typed' }] });
    expect(updated.view.hash).not.toBe(view.hash);
    expect(await refused('views.update', { view_id: view.id, view: modal(), hash: view.hash })).toBe(
      'hash_conflict',
    );
  });

  test('a view that was closed is not found', async () => {
    const { view } = await open();
    await workspace.person('alice').closes();

    expect(await refused('views.update', { view_id: view.id, view: modal() })).toBe('not_found');
  });

  test('an external id finds the view, and is unique', async () => {
    await open({ external_id: 'mine' });

    expect(
      await refused('views.open', { trigger_id: await trigger(), view: modal({ external_id: 'mine' }) }),
    ).toBe('duplicate_external_id');
    expect(await call(workspace, 'views.update', { external_id: 'mine', view: modal() })).toMatchObject({
      ok: true,
    });
  });

  test('a modal does not become a Home tab', async () => {
    const { view } = await open();

    expect(await refused('views.update', { view_id: view.id, view: home('x') })).toBe('invalid_arguments');
  });

  test('250,000 bytes are too large', async () => {
    const section = { type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3000) } };

    expect(
      await refused('views.open', {
        trigger_id: await trigger(),
        view: modal({ blocks: Array.from({ length: 90 }, () => section) }),
      }),
    ).toBe('view_too_large');
  });
});

describe('the Home tab', () => {
  test('is one person’s, and its event brings the view once there is one', async () => {
    const alice = workspace.person('alice');
    expect(await alice.opensHome()).toBeUndefined();
    expect(lastPayload(workspace).event).toMatchObject({
      type: 'app_home_opened',
      user: alice.id,
      tab: 'home',
    });
    expect(lastPayload(workspace).event).not.toHaveProperty('view');

    await call(workspace, 'views.publish', { user_id: alice.id, view: home('My *tokens*') });
    const drawn = await alice.opensHome();

    expect(drawn?.text).toBe('My tokens');
    expect(lastPayload(workspace).event).toMatchObject({ view: { id: drawn?.id, type: 'home' } });
    expect(workspace.person('bob').home()).toBeUndefined();
  });

  test('a hash must be the current one', async () => {
    const user_id = workspace.ids.people.alice;
    const { view } = await call(workspace, 'views.publish', { user_id, view: home('one') });
    const { view: next } = await call(workspace, 'views.publish', {
      user_id,
      view: home('two'),
      hash: view.hash,
    });

    expect(next.id).toBe(view.id);
    expect(await refused('views.publish', { user_id, view: home('three'), hash: view.hash })).toBe(
      'hash_conflict',
    );
    expect(await refused('views.publish', { user_id: 'U404', view: home('x') })).toBe('invalid_arguments');
    expect(await refused('views.publish', { user_id, view: modal() })).toBe('invalid_arguments');
  });
});

test('what somebody writes to the app is told to it, and nothing that is written elsewhere', async () => {
  const alice = workspace.person('alice');
  const told = () => workspace.traffic.filter(({ kind }) => kind === 'delivery').length;

  await alice.types('#general', 'hello');
  expect(told()).toBe(0);
  await alice.types('@apitoken', 'is <@U0BOB000001> *there*?');

  expect(told()).toBe(1);
  const [message] = alice.sees('@apitoken');
  expect(lastPayload(workspace).event).toMatchObject({
    type: 'message',
    channel_type: 'im',
    channel: expect.stringMatching(/^D/),
    user: alice.id,
    ts: message?.ts,
    event_ts: message?.ts,
    text: 'is &lt;@U0BOB000001&gt; *there*?',
    client_msg_id: expect.any(String),
  });
});
