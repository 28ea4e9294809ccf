import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { PATIENT } from '../../patience.ts';
import { call, connect, type Envelope, lastPayload } from './tiny-app.ts';

let workspace: Workspace;

beforeEach(async () => {
  workspace = await startWorkspace();
});

afterEach(async () => {
  await workspace.close();
  expect(workspace.refusals).toEqual([]);
});

const silent = (): string => 'silence';

/** A workspace that gives up waiting for an ack almost at once: for tests in which none comes. */
async function startImpatient(): Promise<void> {
  await workspace.close();
  workspace = await startWorkspace({ ackTimeoutMs: 30, eventRetryDelaysMs: [0, 5, 10] });
}

describe('connecting', () => {
  test('a socket is greeted and pinged, and its ticket works once', async () => {
    const { url } = await call(
      workspace,
      'apps.connections.open',
      {},
      { authorization: `Bearer ${workspace.appToken}` },
    );
    const first = new WebSocket(url);
    const pinged = once(first, 'ping');
    const [hello] = await once(first, 'message');
    await pinged;
    const [, answer] = await once(new WebSocket(url), 'unexpected-response');

    expect(JSON.parse(String(hello))).toMatchObject({
      type: 'hello',
      num_connections: 1,
      connection_info: { app_id: workspace.appId },
    });
    expect(answer.statusCode).toBe(403);
    expect(workspace.sockets.count()).toBe(1);
    workspace.expectRefusal('refused');
  });

  test('a browser cannot connect', async () => {
    const { url } = await call(
      workspace,
      'apps.connections.open',
      {},
      { authorization: `Bearer ${workspace.appToken}` },
    );
    const [, answer] = await once(
      new WebSocket(url, { origin: 'http://evil.example' }),
      'unexpected-response',
    );

    expect(answer.statusCode).toBe(403);
    workspace.expectRefusal('refused');
  });

  test('the eleventh socket is sent away', async () => {
    await Promise.all(Array.from({ length: 10 }, () => connect(workspace)));
    const eleventh = await connect(workspace);
    await eleventh.closed;

    expect(eleventh.frames).toMatchObject([{ type: 'disconnect', reason: 'too_many_websockets' }]);
    expect(workspace.sockets.count()).toBe(10);
    workspace.expectRefusal('too_many_websockets');
  });

  test('the next opens can be refused', async () => {
    workspace.sockets.refuseOpens(1);
    const headers = { authorization: `Bearer ${workspace.appToken}` };

    await expect(call(workspace, 'apps.connections.open', {}, headers)).rejects.toThrow();
    expect(await call(workspace, 'apps.connections.open', {}, headers)).toMatchObject({ ok: true });
  });
});

describe('delivering', () => {
  test('each envelope goes to one of the sockets, in turn', async () => {
    const apps = [await connect(workspace), await connect(workspace)];
    const alice = workspace.person('alice');
    for (let n = 0; n < 4; n += 1) await alice.types('#general', '/apitoken');

    expect(apps.map(({ envelopes }) => envelopes.length)).toEqual([2, 2]);
    expect(apps[0]?.envelopes[0]).toMatchObject({ type: 'slash_commands', accepts_response_payload: true });
  });

  test('a command that is not acked in time fails before the person’s eyes', async () => {
    await startImpatient();
    await connect(workspace, silent);
    const alice = workspace.person('alice');
    await alice.types('#general', '/apitoken list');

    expect(alice.sees('#general')).toMatchObject([
      { ephemeral: true, from: 'Slackbot', text: '/apitoken failed with the error "operation_timeout"' },
    ]);
    expect(workspace.traffic.at(-1)).toMatchObject({ kind: 'delivery', acked: false, timedOut: true });
    workspace.expectRefusal('operation_timeout');
  });

  test('without a socket it fails at once', async () => {
    const alice = workspace.person('alice');
    await alice.types('#general', '/apitoken list');

    expect(alice.reads('#general')).toBe('/apitoken failed with the error "dispatch_failed"');
    workspace.expectRefusal('dispatch_failed');
  });

  test('an ack that comes late, twice, or for nothing is recorded', async () => {
    const { socket } = await connect(workspace);
    await workspace.person('alice').types('#general', '/apitoken');
    const entry = workspace.traffic.at(-1);
    const envelope_id = entry?.kind === 'delivery' ? entry.envelopeId : '';
    socket.send(JSON.stringify({ envelope_id }));
    socket.send(JSON.stringify({ envelope_id: 'unknown' }));
    socket.send('{}');
    await vi.waitFor(() => expect(workspace.refusals).toHaveLength(3), PATIENT);

    expect(workspace.takeRefusals().map(({ error }) => error)).toEqual([
      'acked_twice',
      'late_or_unknown_ack',
      'not_an_ack',
    ]);
  });

  test('the last delivery can come again, under a new envelope or the same', async () => {
    const { envelopes } = await connect(workspace);
    const alice = workspace.person('alice');
    await alice.types('#general', '/apitoken');
    expect(await alice.redelivers()).toMatchObject({ acked: true });
    expect(await alice.redelivers({ sameEnvelope: true })).toMatchObject({ acked: true });

    const [first, second, third] = envelopes;
    expect(second?.payload).toEqual(first?.payload);
    expect(second?.envelope_id).not.toBe(first?.envelope_id);
    expect(third?.envelope_id).toBe(first?.envelope_id);
  });

  test('two deliveries of one envelope at the same time are two acks', async () => {
    const { envelopes } = await connect(workspace);
    const alice = workspace.person('alice');
    const first = alice.types('#general', '/apitoken');
    const second = alice.redelivers({ sameEnvelope: true });

    await first;
    expect(await second).toMatchObject({ acked: true });
    expect(envelopes[0]?.envelope_id).toBe(envelopes[1]?.envelope_id);
  });
});

describe('disconnecting', () => {
  test.for(['warning', 'refresh_requested', 'link_disabled'] as const)(
    '%s is said to every socket, and nothing is sent there any more',
    async (reason) => {
      const old = await connect(workspace);
      workspace.sockets.disconnectAll(reason);
      const fresh = await connect(workspace);
      await workspace.person('alice').types('#general', '/apitoken');

      expect(old.frames.at(-1)).toMatchObject({ type: 'disconnect', reason });
      expect(old.envelopes).toEqual([]);
      expect(fresh.envelopes).toHaveLength(1);
    },
  );

  test('connections can be cut without a word', async () => {
    const app = await connect(workspace);
    workspace.sockets.dropAll();
    await app.closed;

    expect(workspace.sockets.count()).toBe(0);
    expect(app.frames.map(({ type }) => type)).toEqual(['hello']);
  });
});

describe('events', () => {
  test('one that is acked comes once, and accepts no payload', async () => {
    const { envelopes } = await connect(workspace, () => ({ text: 'not for an event' }));
    await workspace.setPerson('carol', { deleted: true });

    expect(envelopes).toMatchObject([
      {
        type: 'events_api',
        accepts_response_payload: false,
        payload: {
          type: 'event_callback',
          team_id: workspace.teamId,
          api_app_id: workspace.appId,
          event: { type: 'user_change', user: { id: workspace.ids.people.carol, deleted: true } },
        },
      },
    ]);
    expect(envelopes[0]?.payload.event_id).toMatch(/^Ev/);
    workspace.expectRefusal('response_payload_not_accepted');
  });

  test('the change of a person that is lost is still what Slack answers', async () => {
    const { envelopes } = await connect(workspace);
    const user = workspace.ids.people.carol;

    await workspace.setPerson('carol', { deleted: true }, 'untold');

    expect(await call(workspace, 'users.info', { user })).toMatchObject({
      user: { id: user, deleted: true },
    });
    expect(await call(workspace, 'conversations.open', { users: user })).toMatchObject({
      ok: false,
      error: 'user_disabled',
    });
    expect(envelopes).toEqual([]);
    workspace.expectRefusal('user_disabled');
  });

  test('one that is not acked comes three times more, with the same event id', async () => {
    await startImpatient();
    const { envelopes } = await connect(workspace, silent);
    await workspace.setGroupMembers('oncall', ['bob', 'carol']);
    await vi.waitFor(() => expect(envelopes).toHaveLength(4), PATIENT);

    expect(envelopes.map((one: Envelope) => [one.retry_attempt, one.retry_reason])).toEqual([
      [0, ''],
      [1, 'timeout'],
      [2, 'timeout'],
      [3, 'timeout'],
    ]);
    expect(new Set(envelopes.map(({ payload }) => payload.event_id)).size).toBe(1);
    expect(new Set(envelopes.map(({ envelope_id }) => envelope_id)).size).toBe(4);
    workspace.expectRefusal('operation_timeout');
  });

  test('one that met no socket comes when there is one', async () => {
    await workspace.setGroupDisabled('oncall', true);
    const { envelopes } = await connect(workspace);
    await vi.waitFor(() => expect(envelopes).toHaveLength(1), PATIENT);

    expect(envelopes[0]?.payload.event).toMatchObject({
      type: 'subteam_updated',
      subteam: { id: workspace.ids.groups.oncall, date_delete: expect.any(Number) },
    });
    workspace.expectRefusal('dispatch_failed');
  });

  test('a change of members tells who came and who went', async () => {
    await connect(workspace);
    const { people, groups } = workspace.ids;
    await workspace.setGroupMembers('@oncall', ['carol']);

    expect(lastPayload(workspace).event).toMatchObject({
      type: 'subteam_members_changed',
      subteam_id: groups.oncall,
      added_users: [people.carol],
      removed_users: [people.bob],
    });
    expect(await call(workspace, 'usergroups.users.list', { usergroup: groups.oncall })).toMatchObject({
      users: [people.carol],
    });
  });
});
