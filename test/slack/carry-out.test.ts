import { expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { carryOut } from '../../src/slack/reply/carry-out.ts';
import { ResponseRefused } from '../../src/slack/reply/slack-error.ts';
import type { Deed } from '../../src/tokens/audit.ts';
import { aHouse } from '../tokens/a-house.ts';
import { ANN, T0 } from '../tokens/a-token.ts';

const DEED: Deed = { kind: 'status_export', actor: ANN, tokenId: null, detail: { tokens: 2 } };

test.for([
  ['is taken', undefined, ['status.exported', { tokens: 2 }]],
  ['is refused', 'missing_scope', ['status.export_failed', { tokens: 2, code: 'missing_scope' }]],
] as const)('what %s is on record as that', async ([, code, event]) => {
  const { deps, events } = await aDesk();

  expect(await carryOut(DEED, async () => code, deps)).toBe(code);

  expect(events()).toEqual([event]);
});

test('what is refused by a throw is on record with its code, and thrown on', async () => {
  const { deps, events } = await aDesk();
  const refused = new ResponseRefused(404, 'channel_not_found');

  await expect(carryOut(DEED, () => Promise.reject(refused), deps)).rejects.toBe(refused);

  expect(events()).toEqual([['status.export_failed', { tokens: 2, code: 'channel_not_found' }]]);
});

test('what Slack took is not told as failed because the record of that fails', async () => {
  const { deps, events, lines } = await aDesk();
  await deps.store.close();

  expect(await carryOut(DEED, async () => undefined, deps)).toBeUndefined();

  expect(events()).toEqual([]);
  expect(lines()).toContain('an outcome could not be recorded');
});

async function aDesk() {
  const { store, raw } = await aHouse();
  let text = '';
  const write = (line: string) => {
    text += line;
  };
  const log = createLog({ level: 'trace', stream: { write } });
  const events = () =>
    raw
      .prepare<[], { action: string; detail: string }>('select action, detail from audit_events')
      .all()
      .map(({ action, detail }) => [action, JSON.parse(detail)]);
  return { deps: { store, log, clock: () => T0 }, events, lines: () => text };
}
