import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { parseHead } from '../src/tokens/audit.ts';
import { type Stage, setStage } from './fixture.ts';
import { answerTo, createsToken, rowsOf, settled, soon, verdictsOf } from './slack/flows.ts';

test('a changed event is told in the log, the metrics, on a board and in the history of its token, and stops nothing', async () => {
  const stage = await setStage({ env: { ONCALL: 'U0CAROL' } });
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  const value = await createsToken(alice, 'deploy-bot');
  await createsToken(bob, 'bobs-bot');
  await settled(stage);
  await changed(stage, "update audit_events set actor = 'UMALLORY' where sequence = 1");

  await soon(() => expect(stage.log()).toContain('"msg":"the audit chain is broken'));

  expect(stage.log()).toMatch(/"level":"error".*"sequence":1,"flaw":"changed","token":"tok_/);
  expect(await metric(stage, 'apitoken_audit_chain_broken')).toBe(1);
  expect(await verdictsOf(stage, value)).toEqual([200]);
  const sentence = 'The audit history was changed outside apitoken, at event 1. Tell whoever runs apitoken.';
  expect((await answerTo(alice, '/apitoken history deploy-bot')).text).toContain('deploy-bot');
  expect(alice.reads('#general')).toContain(sentence);
  await answerTo(bob, '/apitoken history bobs-bot');
  expect(bob.reads('#general')).not.toContain(sentence);
});

test('once the event is as it was, nothing is said any more', async () => {
  const stage = await setStage();
  await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await settled(stage);
  const [{ actor = '' } = {}] = rowsOf(stage, 'select actor from audit_events where sequence = 1');
  await changed(stage, "update audit_events set actor = 'UMALLORY' where sequence = 1");
  await soon(async () => expect(await metric(stage, 'apitoken_audit_chain_broken')).toBe(1));

  await changed(stage, `update audit_events set actor = '${actor}' where sequence = 1`);

  await soon(async () => expect(await metric(stage, 'apitoken_audit_chain_broken')).toBe(0));
});

test('a changed event is told at the start, though nothing that repeats has run yet', async () => {
  const stage = await setStage();
  await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await settled(stage);

  vi.useFakeTimers({ toFake: ['setInterval'] });
  await changed(stage, "update audit_events set actor = 'UMALLORY' where sequence = 1").finally(() =>
    vi.useRealTimers(),
  );

  await soon(() => expect(stage.log()).toContain('"msg":"the audit chain is broken'));
});

test('the head of the chain is in the log when the app has stopped, and proves all before it', async () => {
  const stage = await setStage();
  await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await settled(stage);

  await stage.app.stop();

  const heads = [...stage.log().matchAll(/"head":"(\d+:[0-9a-f]{64})"/g)].map(([, head = '']) =>
    parseHead(head),
  );
  const [{ sequence, mac } = {}] = rowsOf(stage, 'select max(sequence) as sequence, mac from audit_events');
  expect(heads.at(-1)).toEqual({ sequence, mac });
});

/** Stops the app, changes its database as somebody else would, and starts it again. */
async function changed(stage: Stage, statement: string): Promise<void> {
  await stage.app.stop();
  const sqlite = new Database(`${stage.folder}/apitoken.db`);
  sqlite.prepare(statement).run();
  sqlite.close();
  await stage.restart();
}

async function metric(stage: Stage, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${stage.app.port}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}
