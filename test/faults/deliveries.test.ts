import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { AckOutcome, Delivery } from '../../sandbox/workspace/sockets.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { MINUTE_MS } from '../../src/clock.ts';
import type { PersonId, TokenId } from '../../src/tokens/token.ts';
import type { Stage } from '../fixture.ts';
import { callsOf, rowsOf, soon, verdictsOf, withStore } from '../slack/flows.ts';
import { expected } from '../slack/matrix-table.ts';
import { CELLS, cellName, walkAll } from '../slack/matrix-walk.ts';
import { drawChance, IS_LONG } from './programme.ts';

/** What Slack says of an event or request that it sends once more. */
const RETRY = { attempt: 1, reason: 'timeout' };

/** Deliveries at once, where many come again. */
const AT_ONCE = 5;

const chance = drawChance('deliveries');

/** By which way the short form takes each cell; the long form takes all by both. */
const DRAWN = CELLS.map((cell) => ({ cell, by: chance.oneOf(['sockets', 'http'] as const) }));

test.for([['sockets'], ['http']] as const)(
  'over %s, every kind of delivery has one effect, one event and one answer, at once, again, after a restart and late',
  async ([deliverBy]) => {
    const cells = IS_LONG ? CELLS : DRAWN.flatMap(({ cell, by }) => (by === deliverBy ? [cell] : []));
    const delivered: Delivery[] = [];
    const answers: { first: unknown; others: unknown[] }[] = [];
    const as = (walker: Person, workspace: Workspace): Person => ({
      ...walker,
      forges: async (forged) => {
        const delivery = walker.drafts(forged);
        delivered.push(delivery);
        const [first, second] = await Promise.all([
          workspace.delivers(delivery),
          workspace.delivers(delivery),
        ]);
        const third = await workspace.delivers({ ...delivery, retry: RETRY });
        answers.push({ first: said(first), others: [said(second), said(third)] });
        return first;
      },
    });

    const outcomes = await walkAll(
      'admin',
      {},
      {
        cells,
        deliverBy,
        as,
        afterwards: async ({ stage, clock }) => {
          await idle(stage);
          expectDoneOnce(stage);
          for (const { first, others } of answers) expect(others).toEqual([first, first]);

          const before = whatIs(stage);
          await stage.restart();
          await comeAgain(stage, delivered);
          expect(whatIs(stage)).toEqual(before);

          const values = await revokeAll(stage);
          await clock.moveBy(20 * MINUTE_MS);
          await comeAgain(stage, delivered);
          expect(liveOf(stage)).toEqual([]);
          expect(new Set(await verdictsOf(stage, ...values))).toEqual(new Set([401]));
          // A trigger opened its dialog already, or is too old by now.
          const refused = new Set(stage.workspace.takeRefusals().map(({ error }) => error));
          expect(
            [...refused].filter((error) => !/_trigger_id$|^Expired url$|^used_url$/.test(error)),
          ).toEqual([]);
        },
      },
    );

    const due = cells.map((cell) => [cellName(cell), expected('admin', ...cell)] as const);
    expect(outcomes).toEqual(Object.fromEntries(due));
  },
);

/** What the app acknowledged, without how long that took. */
function said(outcome: AckOutcome): unknown {
  return outcome.acked ? { acked: true, body: outcome.body } : outcome;
}

async function idle(stage: Stage): Promise<void> {
  await soon(() => {
    expect(stage.app.inWork()).toBe(0);
    expect(rowsOf(stage, 'select key from outbox where due_at <= ?', stage.now())).toEqual([]);
  });
}

async function comeAgain(stage: Stage, deliveries: readonly Delivery[]): Promise<void> {
  for (let from = 0; from < deliveries.length; from += AT_ONCE) {
    const some = deliveries.slice(from, from + AT_ONCE);
    const outcomes = await Promise.all(some.map((one) => stage.workspace.delivers({ ...one, retry: RETRY })));
    expect(outcomes.filter(({ acked }) => !acked)).toEqual([]);
  }
  await idle(stage);
}

/** No event, and nothing that the app says by itself, is there twice. */
function expectDoneOnce({ workspace, ...stage }: Stage): void {
  const twice = `select actor, action, token_id, detail, count(*) as times from audit_events
    where actor like 'U0WALKER%' group by actor, action, token_id, detail having times > 1`;
  expect(rowsOf({ workspace, ...stage }, twice)).toEqual([]);
  const sent = workspace.traffic.flatMap((entry) => {
    if (entry.kind === 'delivery') return [];
    const { method, args } = entry;
    return entry.kind === 'response-url' || /postEphemeral|views\.(open|push)/.test(method)
      ? [`${method} ${JSON.stringify(args)}`]
      : [];
  });
  expect(sent.filter((one, index) => sent.indexOf(one) < index)).toEqual([]);
}

/**
 * All that deliveries may change, and all that everybody may read. What is only asked leaves no key in the store: after a restart a
 * check or a refusal is answered once more, and so has its event; a board is posted again and taken away.
 */
function whatIs(stage: Stage) {
  const { workspace } = stage;
  const lasting = workspace
    .messages()
    .filter(
      ({ from, onlyFor, visibleTo }) =>
        from === workspace.botUserId && onlyFor === undefined && visibleTo.length > 0,
    );
  return {
    tokens: rowsOf(stage, 'select id, generation, revoked_at, claimed_at from tokens order by id'),
    secrets: rowsOf(stage, 'select lookup_id, ends_at, shown_at from secrets order by lookup_id'),
    events: rowsOf(
      stage,
      "select actor, action, token_id from audit_events where action not in ('action.refused', 'value.checked') and action not like 'board.%' order by sequence",
    ),
    notices: rowsOf(stage, 'select token_id, kind, due_at from notices order by token_id, kind'),
    lasting: lasting.map(({ channelId, files }) => `${channelId} ${files.length}`).toSorted(),
    values: callsOf(workspace, 'chat.postEphemeral').filter(({ args }) =>
      /apit_\w{51}/.test(JSON.stringify(args)),
    ).length,
  };
}

function liveOf(stage: Stage): unknown[] {
  return rowsOf(stage, 'select name from tokens where revoked_at is null');
}

/** Ends every token there is, and returns the values that were shown. */
async function revokeAll(stage: Stage): Promise<string[]> {
  const ids = rowsOf(stage, 'select id from tokens where revoked_at is null').map(({ id }) => id as TokenId);
  const actor = stage.workspace.person('dave').id as PersonId;
  const by = { actor, at: stage.now(), reason: 'the end', held: false };
  await withStore(stage, async (store) => {
    for (let from = 0; from < ids.length; from += 50) {
      await store.revokeTokens(ids.slice(from, from + 50), by, { keys: [] });
    }
  });
  await idle(stage);
  return callsOf(stage.workspace, 'chat.postEphemeral').flatMap(
    ({ args }) => JSON.stringify(args).match(/apit_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/) ?? [],
  );
}
