import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import { FORMS, NEARLY } from '../tokens/forms.ts';
import {
  answerTo,
  callsOf,
  createsToken,
  holdsToken,
  modalSaying,
  opens,
  rowsOf,
  setStill,
} from './flows.ts';
import { chosen, errorsIn, expectNoTrace, input, tracesOf } from './leaks.ts';

const HOLDS_VALUE = 'This looks like a token value. It was not saved. If it leaked, revoke it.';
const FLAWED = NEARLY.filter(([what]) =>
  ['whole', 'without its last character', 'with a mistyped check digit'].includes(what),
);
/** Of nobody, for what is nearly a value: one of 10,000 that are drawn by chance looks like words once its lines are joined. */
const KNOWN = 'apit_m5UGaWyJq1Lc_phoOFR9WaS4UuGQlroYaZ4j7wOx7rHOs0084rR';

test.for([
  ['name', (text: string) => ({ name: text, purpose: 'deploys' })],
  ['name, among words', (text: string) => ({ name: `bot ${text}`, purpose: 'deploys' })],
  ['purpose', (text: string) => ({ name: 'new-bot', purpose: `uses ${text} for now` })],
] as const)('a value in whatever form, whole or nearly, is no %s', async ([field, fieldsWith]) => {
  const { stage, alice, written } = await setScene();

  for (const { what, text } of written) {
    const { name, purpose } = fieldsWith(text);
    const outcome = await alice.forges({
      type: 'view_submission',
      callback_id: 'create_dialog',
      private_metadata: '',
      state: { ...input('name', name), ...input('purpose', purpose), ...chosen('lifetime', '30') },
    });
    expect(errorsIn(outcome), what).toEqual({ [field.split(',')[0] ?? '']: HOLDS_VALUE });
  }

  expect(rowsOf(stage, 'select name from tokens')).toEqual([{ name: 'leaked-bot' }]);
  expectNoTrace(written, stage);
});

test('it is no reason to revoke a token', async () => {
  const { stage, alice, written } = await setScene();
  const { id } = await opens(alice, '/apitoken revoke leaked-bot');

  for (const { what, text } of written) {
    const state = input('reason', `leaked: ${text}`);
    const outcome = await alice.forges({ type: 'view_submission', id, state });
    expect(errorsIn(outcome), what).toEqual({ reason: HOLDS_VALUE });
  }

  expect(rowsOf(stage, 'select revoked_at from tokens')).toEqual([{ revoked_at: null }]);
  expectNoTrace(written, stage);
});

test('it is no reason to revoke several, and no name of a person', async () => {
  const { stage, alice, written } = await setScene();
  for (const number of [1, 2]) await holdsToken(stage, alice, `bot ${number}`);
  const { id } = await opens(alice, '/apitoken revoke @me');
  const ticked = rowsOf(stage, 'select id from tokens').map((row) => ({
    text: { type: 'plain_text', text: 'x' },
    value: row.id,
  }));
  const tokens = { tokens_0: { tokens_0: { type: 'checkboxes', selected_options: ticked } } };

  for (const { what, text } of written) {
    const state = { ...tokens, ...input('reason', text), ...input('person_name', text) };
    const outcome = await alice.forges({ type: 'view_submission', id, state });
    expect(errorsIn(outcome), what).toEqual({ reason: HOLDS_VALUE });
  }

  expectNoTrace(written, stage);
});

test.for(['', 'frobnicate', 'create', 'info', 'rotate', 'history', 'list', 'status', 'board', 'help'])(
  'it is not repeated and not taken for anything in "/apitoken %s …"',
  async (verb) => {
    const { stage, alice, written } = await setScene();

    for (const { what, text } of written) {
      const before = callsOf(stage.workspace, 'views.open').length;
      const { text: answer } = await answerTo(alice, `/apitoken ${verb} ${text}`);
      expect(answer, what).toBe(HOLDS_VALUE);
      expect(callsOf(stage.workspace, 'views.open')).toHaveLength(before);
    }

    expectNoTrace(written, stage);
  },
);

test('in revoke it is a value or none, and is not repeated', async () => {
  const { stage, alice, written } = await setScene();

  for (const { what, text, isWhole } of written) {
    if (isWhole) {
      await opens(alice, `/apitoken revoke ${text}`);
      await modalSaying(alice, 'leaked-bot');
      await alice.closes();
    } else {
      const { text: answer } = await answerTo(alice, `/apitoken revoke ${text}`);
      expect(answer, what).toMatch(/^(This value is incomplete or mistyped|No token found)/);
    }
  }

  expectNoTrace(written, stage);
});

test('in check it is a value or none, and is not repeated', async () => {
  const { stage, alice, clock, written } = await setScene();

  for (const { what, text, isWhole } of written) {
    await clock.moveBy(MINUTE_MS);
    const { text: answer } = await answerTo(alice, `/apitoken check ${text}`);
    expect(answer, what).toContain(isWhole ? 'This value belongs to leaked-bot' : '/apitoken check VALUE');
  }

  expectNoTrace(written, stage);
});

test('in a field that searches it finds nothing', async () => {
  const { stage, alice, written } = await setScene();

  for (const { what, text } of written) {
    const outcome = await alice.forges({
      type: 'block_suggestion',
      action_id: 'pick_token',
      query: text,
      private_metadata: 'info',
    });
    expect(JSON.stringify(outcome), what).toContain('"options":[]');
  }

  expectNoTrace(written, stage);
});

test('from a message the token is revoked where the value is whole, in whatever form', async () => {
  const { stage, alice, written } = await setScene();
  const { workspace } = stage;

  for (const { text, isWhole } of written) {
    const ts = workspace.post('#general', 'bob', { text: `see ${text} here` });
    await alice.uses('Revoke token in message', ts);
    await modalSaying(alice, isWhole ? 'leaked-bot' : 'No token value in this message.');
    await alice.closes();
  }

  expectNoTrace(written, stage);
});

test('over HTTP it is not named where scopes are missing, nor in an answer to a form', async () => {
  const { stage, written } = await setScene();
  const good = await createsToken(stage.workspace.person('bob'), 'api-bot');
  const base = `http://127.0.0.1:${stage.app.port}`;
  const answers: string[] = [];
  const ask = async (path: string, init: RequestInit) => {
    const answer = await fetch(`${base}${path}`, init);
    answers.push(`${answer.status} ${[...answer.headers].join(' ')} ${await answer.text()}`);
  };

  for (const { text } of written) {
    await ask(`/verify?scope=${encodeURIComponent(text)}`, { headers: { token: good } });
    await ask(`/verify?${encodeURIComponent(text)}=1`, { headers: { token: good } });
    await ask(`/nowhere/${encodeURIComponent(text)}`, {});
    for (const path of ['/introspect', '/revoke']) {
      const headers = { authorization: `Bearer ${good}` };
      await ask(path, { method: 'POST', headers, body: new URLSearchParams({ [text]: 'x', other: text }) });
    }
  }

  expect(new Set(answers.map((answer) => answer.slice(0, 3)))).not.toContain('503');
  for (const { what, traces } of written) {
    for (const trace of traces) expect(answers.join('\n').includes(trace), what).toBe(false);
  }
  expectNoTrace(written, stage);
});

async function setScene() {
  const { stage, clock, alice } = await setStill();
  const { value: live } = await holdsToken(stage, alice, 'leaked-bot', { createdAt: T0, lifetimeDays: null });
  const written = FLAWED.flatMap(([flaw, cut]) =>
    FORMS.map(([form, write]) => {
      const value = flaw === 'whole' ? live : KNOWN;
      const text = write(cut(value));
      return { what: `${flaw}, ${form}`, text, isWhole: flaw === 'whole', traces: tracesOf(text, value) };
    }),
  );
  return { stage, alice, clock, written };
}
