import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { CREATE_ID } from '../../src/slack/blocks/ids.ts';
import { openWorkspace, type Stage, setStage, valueSeenBy } from '../fixture.ts';
import {
  aClock,
  actionsOf,
  answerTo,
  callsOf,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rowsOf,
  settled,
  soon,
} from './flows.ts';
import { expectNotKept, expectShownOnlyTo } from './leaks.ts';

const BROKE = 'Something went wrong before this was done. Check /apitoken list, then try again. Reference ';
/** Where the delivery has changed something before the fault. */
const MAYBE_DONE =
  'Something went wrong, but this may already be done. Check before you try again. Reference ';
const UNCHANGED = 'Something went wrong. Nothing was changed. Try again. Reference ';

test.for([['list'], ['info deploy-bot'], ['revoke deploy-bot']] as const)(
  'when the store breaks under "/apitoken %s", the person is told once, with the reference of the one log line',
  async ([typed]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    await holdsToken(stage, alice, 'deploy-bot');
    await settled(stage);
    const mend = breaks(stage, 'tokens');

    const answer = await answerTo(alice, `/apitoken ${typed}`);

    expect(answer.text).toContain(BROKE);
    expectOneLineAbout(referenceIn(answer.text), stage);
    expect(alice.sees('#general')).toHaveLength(1);
    mend();
    await alice.types('#general', `/apitoken ${typed}`);
    await soon(() => expect(alice.reads('#general') + alice.modal()?.text).toContain('deploy-bot'));
  },
);

test('when the store breaks under a submission, nothing is changed, the dialog keeps what was typed and can be sent again', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await opens(alice, '/apitoken create deploy-bot');
  await alice.fills({ Purpose: 'the nightly build' });
  const mend = breaks(stage, 'audit_events');

  await alice.submits();

  const { errors, inputs } = await modalOf(alice);
  expect(errors['Token Name']).toContain(UNCHANGED);
  expectOneLineAbout(referenceIn(errors['Token Name'] ?? ''), stage);
  expect(inputs.map(({ value }) => value)).toEqual(['deploy-bot', 'the nightly build', '90 days', undefined]);
  expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
  mend();
  await alice.submits();
  await modalSaying(alice, 'The token is in your direct messages with apitoken.');
});

test('when the store breaks under a revocation, the token lives and the dialog can be sent again', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.fills({ Reason: 'no longer needed' });
  const mend = breaks(stage, 'audit_events');

  await alice.submits();

  expect((await modalOf(alice)).errors.Reason).toContain(UNCHANGED);
  expect((await stage.verify(value)).status).toBe(200);
  mend();
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');
  expect(rowsOf(stage, 'select revoke_reason from tokens')).toEqual([{ revoke_reason: 'no longer needed' }]);
});

test('when the store breaks between the token and its value, the dialog says so, and the receipt offers a value', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await opens(alice, '/apitoken create deploy-bot');
  const mend = refusesRows(stage, 'secrets');

  await alice.submits();

  const modal = await modalSaying(alice, MAYBE_DONE);
  expectOneLineAbout(referenceIn(modal.text), stage);
  expect(callsOf(stage.workspace, 'chat.postEphemeral')).toEqual([]);
  mend();
  await soon(() => expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Show value', 'Revoke']));
  expect(actionsOf(stage)).toEqual(['token.created']);
});

test('a value that was shown while the store was broken ends by itself, and the receipt offers another', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 500 });
  await opens(alice, '/apitoken create deploy-bot');
  await alice.submits();
  await soon(() => expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(1));
  const mend = breaks(stage, 'audit_events');

  expectOneLineAbout(referenceIn((await modalSaying(alice, MAYBE_DONE)).text), stage);
  mend();
  const value = valueSeenBy(alice);
  await clock.moveBy(MINUTE_MS);

  expect((await stage.verify(value)).status).toBe(401);
  await soon(() => expect(receiptOf(alice, 'deploy-bot').buttons).toEqual(['Show value', 'Revoke']));
  expectShownOnlyTo(alice, value, stage);
});

test('when the store breaks under a value that shall be revoked, the value is in no log line', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  await settled(stage);
  const mend = breaks(stage, 'secrets');

  const answer = await answerTo(alice, `/apitoken revoke ${value}`);
  mend();

  expectOneLineAbout(referenceIn(answer.text), stage);
  expectNotKept(value, stage);
  expect((await stage.verify(value)).status).toBe(200);
});

test('a database that somebody else holds longer than Slack waits makes one token, whatever is pressed meanwhile', async () => {
  const workspace = await openWorkspace({ ackTimeoutMs: 250 });
  const stage = await setStage({ workspace });
  const alice = workspace.person('alice');
  await opens(alice, '/apitoken create deploy-bot');
  const other = stage.look();
  other.exec('begin immediate');

  await alice.submits();
  expect(alice.modal()?.trouble).toBe('We had some trouble connecting. Try again?');
  expect(alice.modal()?.inputs[0]?.value).toBe('deploy-bot');
  other.exec('rollback');
  await soon(() => expect(actionsOf(stage)).toContain('value.shown'));
  await alice.submits();

  await modalSaying(alice, 'The token is in your direct messages with apitoken.');
  await settled(stage);
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
  expect(workspace.takeRefusals().map(({ error }) => error)).toEqual([
    'operation_timeout',
    'late_or_unknown_ack',
  ]);
});

test.for([
  ['a fatal error', { error: 'fatal_error' }],
  ['a limit', { status: 429, retryAfter: 30 }],
  ['a cut connection', { drop: 'before' }],
] as const)(
  'when Slack answers views.open with %s, the person is told where they typed',
  async ([, fault]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    stage.workspace.faults.add({ method: 'views.open', ...fault });

    const answer = await answerTo(alice, '/apitoken create deploy-bot');

    expect(answer.text).toContain(BROKE);
    expectOneLineAbout(referenceIn(answer.text), stage);
    expect(callsOf(stage.workspace, 'views.open')).toHaveLength(1);
  },
);

test('from the Home tab, where nothing can be posted, a fault is told in a dialog', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await alice.opensHome();
  await soon(() => expect(alice.home()).toBeDefined());
  stage.workspace.faults.add({ method: 'views.open', error: 'fatal_error' });

  await alice.clicks('Create API Token', { in: 'home' });

  const modal = await modalSaying(alice, BROKE);
  expectOneLineAbout(referenceIn(modal.text), stage);
});

test('when a response_url fails, the person is told by the next one, and when that fails too it is logged', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  stage.workspace.faults.add({ url: 'response_url', status: 500 });

  expect((await answerTo(alice, '/apitoken')).text).toContain(BROKE);
  stage.workspace.faults.add({ url: 'response_url', status: 500, times: 2 });
  await alice.types('#general', '/apitoken');

  await soon(() => expect(stage.log()).toContain('and nobody could be told'));
  expect(alice.sees('#general')).toHaveLength(1);
  expect(stage.log()).not.toMatch(/\/(commands|actions)\/T0/);
});

const PRIVATE = { text: 'words that nobody may log' };

test.for([
  ['a press', { actions: [{ action_id: CREATE_ID, value: PRIVATE }] }, 'value'],
  ['a press in no conversation', { channel: { id: PRIVATE } }, 'channel.id'],
  ['a press of nobody', { user: { name: 'words that nobody may log' } }, 'user.id'],
] as const)(
  '%s that cannot be read is told where it came from, and the log names the field and nothing that was sent',
  async ([, change, place]) => {
    const stage = await setStage();
    const { workspace } = stage;
    const alice = workspace.person('alice');
    const { ts: message } = await answerTo(alice, '/apitoken');
    const { payload, type } = alice.drafts({
      type: 'block_actions',
      action_id: CREATE_ID,
      from: { message },
    });

    const outcome = await workspace.delivers({ type, payload: { ...payload, ...change } });

    expect(outcome).toMatchObject({ acked: true, body: undefined });
    const said = await soon(() => {
      const found = alice.sees('#general').find(({ text }) => text.includes(BROKE));
      if (found === undefined) throw new Error('alice is not told');
      return found;
    });
    expectOneLineAbout(referenceIn(said.text), stage);
    expect(stage.log()).toContain(`a delivery of Slack cannot be read at ${place}"`);
    expect(stage.log()).not.toContain('nobody may log');
  },
);

test('a dialog that cannot be read keeps what was typed, and the log names no field that a client named', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { id } = await opens(alice, '/apitoken create deploy-bot');

  const outcome = await alice.forges({
    type: 'view_submission',
    id,
    state: { name: { name: { value: PRIVATE } }, WordsNobodyMayLog: { x: { value: 7 } } },
  });

  expect(outcome).toMatchObject({ acked: true, body: { response_action: 'errors' } });
  expect(JSON.stringify(outcome)).toContain(UNCHANGED);
  expect(stage.log()).toContain('cannot be read at state.values.name.name.value, state.values.*.x.value"');
  expect(stage.log()).not.toMatch(/nobody may log|NobodyMayLog/);
});

test.for([
  [
    'a press',
    { type: 'block_actions', action_id: 'of_another_version', from: { view: { id: 'V0MADEUP001' } } },
  ],
  ['a shortcut', { type: 'shortcut', callback_id: 'of_another_version' }],
] as const)(
  '%s that offers no place to answer in is answered in the conversation with the app',
  async ([, forged]) => {
    const stage = await setStage();
    const alice = stage.workspace.person('alice');
    const { payload, type } = alice.drafts(forged);

    await stage.workspace.delivers({ type, payload: { ...payload, trigger_id: null, response_url: null } });

    await soon(() => expect(alice.reads('@apitoken')).toContain('This no longer works'));
    expect(callsOf(stage.workspace, 'chat.postEphemeral')).toHaveLength(1);
    expect(stage.log()).not.toContain('"level":"error"');
  },
);

test('a shortcut that this version does not know is answered', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  await alice.forges({ type: 'shortcut', callback_id: 'of_another_version' });

  await modalSaying(alice, 'This no longer works');
});

test('a search that no field of ours asks for finds nothing, at once', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  const outcome = await alice.forges({
    type: 'block_suggestion',
    action_id: 'of_another_version',
    query: 'x',
    private_metadata: '',
  });

  expect(outcome).toMatchObject({ acked: true, body: { options: [] } });
});

test('no fault of a delivery stops the app', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  stage.workspace.faults.add({ method: 'views.publish', error: 'fatal_error' });
  stage.workspace.faults.add({ method: 'users.info', drop: true });

  await alice.opensHome();
  await answerTo(alice, '/apitoken');
  await alice.opensHome();

  await soon(() => expect(alice.home()?.text).toContain('deploy-bot'));
  expect((await stage.verify(value)).status).toBe(200);
});

/** Takes a table away behind the app's back, and returns what puts it back. */
function breaks(stage: Stage, table: string): () => void {
  meddle(stage, `alter table ${table} rename to taken_away`);
  return () => meddle(stage, `alter table taken_away rename to ${table}`);
}

/** Lets a table be read but take no new row, and returns what mends it. */
function refusesRows(stage: Stage, table: string): () => void {
  meddle(stage, `create trigger broken before insert on ${table} begin select raise(abort, 'broken'); end`);
  return () => meddle(stage, 'drop trigger broken');
}

function meddle(stage: Stage, change: string): void {
  const sqlite = stage.look();
  sqlite.exec(change);
  sqlite.close();
}

function referenceIn(text: string): string {
  const reference = /Reference ([0-9A-Za-z]{8})$/m.exec(text)?.[1];
  if (reference === undefined) throw new Error(`there is no reference in: ${text}`);
  return reference;
}

/** One line has the reference: an error, with nothing of what the person sent or what was asked of the database. */
function expectOneLineAbout(reference: string, stage: Stage): void {
  const lines = stage
    .log()
    .split('\n')
    .filter((line) => line.includes(reference));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', reference });
  expect(lines[0]).not.toMatch(/deploy-bot|select |insert into|xoxb-\d/i);
}
