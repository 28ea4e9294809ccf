import { expect } from 'vitest';
import { SEED } from '../../sandbox/seed.ts';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { Stage } from '../fixture.ts';
import { rowsOf } from './flows.ts';

/**
 * Asserts that `value` went to Slack in one `chat.postEphemeral` to `owner` and stands nowhere else: in no other call, ack or
 * delivery, in no log line, no byte of the database, no audit event, and before nobody else's eyes. The same of its lookup id,
 * but for the database.
 */
export function expectShownOnlyTo(owner: Person, value: string, stage: Stage): void {
  const lookupId = value.split('_')[1] ?? '';
  const secret = middleOf(value);
  const { workspace } = stage;
  const carriers = (part: string) => workspace.traffic.filter((one) => JSON.stringify(one).includes(part));

  const [call, ...others] = carriers(secret);
  expect(others).toEqual([]);
  expect(call).toMatchObject({ kind: 'call', method: 'chat.postEphemeral', args: { user: owner.id } });
  if (call?.kind !== 'call') throw new Error('the value was not shown by a call');
  expect(String(call.args.channel)).toMatch(/^D/);
  expect(JSON.stringify(call.args.text)).not.toContain(secret);
  expect(carriers(lookupId)).toEqual([call]);

  for (const part of [secret, lookupId]) expect(stage.log()).not.toContain(part);
  expect(stage.databaseBytes()).not.toContain(secret);
  for (const { text, messages } of whatOthersSee(owner, stage)) {
    for (const part of [secret, lookupId]) expect(text + messages).not.toContain(part);
  }
}

/** Asserts that the value of `name` is kept as a bcrypt hash of cost 10 and a digest of 32 bytes. */
export function expectKeptAsHash(name: string, stage: Stage): void {
  const kept = rowsOf(stage, 'select hash, length(digest) as digest_bytes from secrets where name = ?', name);
  expect(kept).toEqual([{ hash: expect.stringMatching(/^\$2[aby]\$10\$.{53}$/), digest_bytes: 32 }]);
}

/** Asserts that `value` is in nothing that went over the wire but what the person typed, in no log line and no byte kept. */
export function expectNotKept(value: string, stage: Stage): void {
  const secret = middleOf(value);
  for (const entry of stage.workspace.traffic) {
    // What Slack delivers is what the person typed; what the app answers is its own.
    const { payload: _typed, ...answered } = entry.kind === 'delivery' ? entry : { ...entry, payload: null };
    expect(JSON.stringify(answered)).not.toContain(secret);
  }
  expect(stage.log()).not.toContain(secret);
  expect(stage.databaseBytes()).not.toContain(secret);
}

/**
 * Asserts that neither `value` nor its lookup id is in anything that the app said: no call, ack or answer to a command, no log
 * line, no audit event, nothing that is still to be said.
 */
export function expectNeverSaid(value: string, stage: Stage): void {
  expectNotKept(value, stage);
  const lookupId = value.split('_')[1] ?? '';
  for (const entry of stage.workspace.traffic) {
    const { payload: _typed, ...answered } = entry.kind === 'delivery' ? entry : { ...entry, payload: null };
    expect(JSON.stringify(answered)).not.toContain(lookupId.slice(0, 8));
  }
  expect(stage.log()).not.toContain(lookupId.slice(0, 8));
  const kept = rowsOf(stage, 'select detail from audit_events union all select saying from outbox');
  expect(JSON.stringify(kept)).not.toContain(lookupId.slice(0, 8));
}

/** 16 characters out of the middle of the secret: they stand in every larger part of it, and chance never makes them. */
function middleOf(value: string): string {
  const middle = /_[0-9A-Za-z]{12}_[0-9A-Za-z]{8}([0-9A-Za-z]{16})/.exec(value)?.[1];
  if (middle === undefined) throw new Error('this is no value');
  return middle;
}

function whatOthersSee(owner: Person, { workspace }: Stage): { text: string; messages: string }[] {
  return SEED.people
    .filter(({ id }) => id !== owner.id)
    .map(({ id, handle }) => ({
      text: JSON.stringify(workspace.snapshot(handle)),
      messages: JSON.stringify(workspace.messages().filter(({ visibleTo }) => visibleTo.includes(id))),
    }));
}

/** A text with a value in it; `traces` are pieces that stand in it and nowhere by chance. */
export type Written = { readonly what: string; readonly text: string; readonly traces: readonly string[] };

/** A piece of the secret itself, and one of what the form makes of it. */
export function tracesOf(text: string, value: string): string[] {
  const middle = Math.floor(text.length / 2);
  return [value.slice(26, 42), text.slice(middle - 8, middle + 8)];
}

/** Asserts that no trace of what was written is kept, logged or said by the app. */
export function expectNoTrace(written: readonly Written[], stage: Stage): void {
  const kept = Buffer.from(stage.databaseBytes(), 'latin1').toString('utf8');
  const said = stage.workspace.traffic.map((entry) => {
    // What Slack delivers is what the person typed; what the app answers is its own.
    const { payload: _typed, ...answered } = entry.kind === 'delivery' ? entry : { ...entry, payload: null };
    return JSON.stringify(answered);
  });
  const places = { kept, log: stage.log(), said: said.join('\n') };
  for (const [place, bytes] of Object.entries(places)) {
    const found = written.filter(({ traces }) =>
      traces.some((trace) => bytes.includes(trace) || bytes.includes(JSON.stringify(trace).slice(1, -1))),
    );
    expect(
      found.map(({ what }) => what),
      place,
    ).toEqual([]);
  }
}

/** The errors at the fields of a dialog that was submitted, as the app answered them. */
export function errorsIn(outcome: unknown): unknown {
  return JSON.parse(/"errors":(\{[^}]*\})/.exec(JSON.stringify(outcome))?.[1] ?? 'null');
}

/** A text field as a submission carries it. */
export function input(id: string, value: string) {
  return { [id]: { [id]: { type: 'plain_text_input', value } } };
}

/** What was chosen from a list, as a submission carries it. */
export function chosen(id: string, value: string) {
  return { [id]: { [id]: { type: 'static_select', selected_option: { value } } } };
}
