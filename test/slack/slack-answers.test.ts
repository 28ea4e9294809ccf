import { expect, test } from 'vitest';
import type { Json } from '../../sandbox/workspace/state.ts';
import { createLog } from '../../src/log.ts';
import { createSlackClient } from '../../src/slack/app.ts';
import { identify } from '../../src/slack/connect.ts';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import {
  answerTo,
  callsOf,
  createsToken,
  holdsToken,
  holdsTokens,
  modalSaying,
  opens,
  setStill,
  soon,
} from './flows.ts';
import { changedAt, variantsOf } from './variants.ts';

const NOT_TOLD =
  "Slack didn't confirm in time what you may do. Nothing was changed. Try again in 10 seconds.";
const MEMBERS_ONLY = 'apitoken is only for full members of this workspace.';
const NOT_AN_OWNER = "This person can't own a token. Choose a full member of this workspace.";
const LIST = 'My API Tokens';

test.for([
  ['a workspace', undefined, ['user']],
  [
    'an organisation',
    ['T0SANDBOX01', 'T0SISTER001'],
    ['user', 'user.enterprise_user', 'user.enterprise_user.teams'],
  ],
] as const)(
  'with each key of users.info left out or null, a member of %s is who they are',
  async ([, teams, needed]) => {
    const { workspace } = await setStage();
    const alice = workspace.person('alice');
    await workspace.setPerson('alice', { teams: teams === undefined ? undefined : [...teams] });
    await answerTo(alice, '/apitoken');
    const usual = callsOf(workspace, 'users.info').at(-1)?.answer as Json;
    const strange: string[] = [];

    for (const variant of variantsOf({ user: usual.user })) {
      await workspace.setPerson('alice', {});
      workspace.faults.add({ method: 'users.info', answers: (answer) => changedAt(answer, variant) });
      const { text } = await answerTo(alice, '/apitoken');
      if (!text.includes(LIST)) strange.push(`${variant.path} ${variant.as}: ${text}`);
    }

    expect(strange.map((line) => line.split(' ')[0])).toEqual(needed.flatMap((key) => [key, key]));
    expect(strange.every((line) => line.includes(NOT_TOLD) || line.includes(MEMBERS_ONLY))).toBe(true);
  },
);

test('somebody of a sister workspace in the same organisation is a stranger', async () => {
  const { workspace } = await setStage();
  await workspace.setPerson('alice', { teams: ['T0SISTER001'] });

  expect((await answerTo(workspace.person('alice'), '/apitoken')).text).toContain(MEMBERS_ONLY);
});

test('an app of a whole organisation, which is its workspace, knows everybody in it', async () => {
  const workspace = await openWorkspace();
  workspace.faults.add({ method: 'auth.test', answers: (usual) => ({ ...usual, team_id: 'E0SANDBOX01' }) });
  workspace.setOrgWide(true);
  for (const handle of ['alice', 'bob']) {
    await workspace.setPerson(handle, { teams: ['T0SANDBOX01'] }, 'untold');
  }
  const stage = await setStage({ workspace });
  const alice = workspace.person('alice');

  const value = await createsToken(alice, 'deploy-bot');

  expect((await stage.verify(value)).status).toBe(200);
  expect((await answerTo(workspace.person('carol'), '/apitoken')).text).toContain(MEMBERS_ONLY);
});

test.for([
  ['Slackbot', 'slackbot'],
  ['a bot', 'buildbot'],
] as const)('%s, which has no time zone, cannot own a token, and has none to revoke', async ([, handle]) => {
  const { workspace } = await setStill();
  const dave = workspace.person('dave');

  await opens(dave, '/apitoken create deploy-bot');
  await dave.fills({ Owner: handle });
  await dave.submits();
  expect(dave.modal()?.errors).toEqual({ Owner: NOT_AN_OWNER });
  await dave.closes();

  expect((await answerTo(dave, `/apitoken revoke @${handle}`)).text).toContain('has no live tokens');
  expect((await answerTo(dave, `/apitoken status @${handle}`)).text).not.toMatch(/could not|Slack did not/);
  expect(callsOf(workspace, 'users.info').at(-1)?.answer).toMatchObject({ user: { tz: null } });
});

test('somebody without any name is named by their id where a name is to be typed', async () => {
  const { stage, workspace } = await setStill();
  const [alice, dave] = [workspace.person('alice'), workspace.person('dave')];
  await holdsTokens(stage, alice, 11, (number) => `bot-${number}`);
  for (const isNameless of [true, false]) {
    await workspace.setPerson('alice', { isNameless });
    const nulls = { name: null, real_name: null, profile: null };
    const answers = (usual: Json) => ({ ...usual, user: { ...(usual.user as Json), ...nulls } });
    if (!isNameless) workspace.faults.add({ method: 'users.info', answers });

    const { text } = await opens(dave, `/apitoken revoke @alice`);

    expect(text).toContain(alice.id);
    await dave.closes();
  }
});

test.for([
  ['null', { users: null }],
  ['not there', { users: undefined }],
] as const)('a group whose members are %s has none, and nobody is kept waiting', async ([, part]) => {
  const stage = await setStage({ env: { ONCALL: 'S0ONCALL001' } });
  const { workspace } = stage;
  workspace.faults.add({
    method: 'usergroups.users.list',
    times: 10,
    answers: (usual) => ({ ...usual, ...part }),
  });

  expect((await answerTo(workspace.person('bob'), '/apitoken')).text).toContain(LIST);
  expect((await answerTo(workspace.person('bob'), '/apitoken status')).text).toContain(
    'Only managers, on-call and admins can use /apitoken status.',
  );
  expect(stage.log()).not.toMatch(/"level":"(warn|error)"/);
});

test('with each key of auth.test left out or null the app knows where it is, but without the workspace', async () => {
  const workspace = await openWorkspace();
  const log = createLog({ level: 'silent', stream: { write: () => undefined } });
  const client = createSlackClient({
    apiUrl: workspace.apiUrl,
    botToken: () => workspace.botToken,
    clock: Date.now,
    log,
  });
  const ask = () => identify(client, log, new AbortController().signal);
  await ask();
  const { ok: _ok, ...usual } = { ...(callsOf(workspace, 'auth.test').at(-1)?.answer as Json) };
  const unknown: string[] = [];

  for (const variant of variantsOf(usual)) {
    workspace.faults.add({ method: 'auth.test', answers: (answer) => changedAt(answer, variant) });
    const identity = await ask().catch(() => undefined);
    if (identity?.workspace !== workspace.teamId) unknown.push(`${variant.path} ${variant.as}`);
    else expect([identity.botId, identity.botUserId]).not.toContain(null);
  }

  expect(unknown).toEqual(['team_id left out', 'team_id null']);
});

test.for([
  ['channel', 'left out'],
  ['channel', 'null'],
  ['channel.id', 'left out'],
  ['channel.id', 'null'],
] as const)(
  'when conversations.open answers with %s %s, no value is shown anywhere, and the person is told',
  async ([path, as]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    stage.workspace.faults.add({
      method: 'conversations.open',
      answers: (usual) => changedAt(usual, { path, as }),
    });
    await opens(alice, '/apitoken create deploy-bot');

    await alice.submits();

    await modalSaying(alice, "deploy-bot was created, but its value couldn't be shown.");
    expect(callsOf(stage.workspace, 'chat.postEphemeral')).toEqual([]);
  },
);

test.for(['view', 'view.id'].flatMap((path) => [[path, 'left out'] as const, [path, 'null'] as const]))(
  'when views.open answers with %s %s, the dialog does its work',
  async ([path, as]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    stage.workspace.faults.add({ method: 'views.open', answers: (usual) => changedAt(usual, { path, as }) });
    await opens(alice, '/apitoken revoke deploy-bot');

    await alice.submits();

    await modalSaying(alice, 'deploy-bot is revoked.');
    expect((await stage.verify(value)).status).toBe(401);
    expectNoErrors(stage);
  },
);

test.for(['upload_url', 'file_id'].flatMap((path) => [[path, 'left out'] as const, [path, 'null'] as const]))(
  'when a file may be sent with %s %s, the person is told to look',
  async ([path, as]) => {
    const stage = await setStage({ env: { MANAGERS: 'U0CAROL0001' } });
    const carol = stage.workspace.person('carol');
    await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
    await answerTo(carol, '/apitoken status');
    const method = 'files.getUploadURLExternal';
    stage.workspace.faults.add({ method, answers: (usual) => changedAt(usual, { path, as }) });

    await carol.clicks('CSV', { in: '#general' });

    await soon(() => expect(carol.reads('#general')).toContain("Slack didn't say whether the file arrived."));
    expectNoErrors(stage);
  },
);

function expectNoErrors(stage: Stage): void {
  expect(stage.log()).not.toMatch(/"level":"(error|fatal)"/);
}
