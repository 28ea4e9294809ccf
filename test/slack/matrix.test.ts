import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import {
  CARD_REFRESH_ID,
  CARD_SHARE_ID,
  CARD_STOPPED_ID,
  CARD_TIMELINE_ID,
  PICK_DIALOG_ID,
  PICK_TOKEN_ID,
} from '../../src/slack/blocks/ids.ts';
import { setStage } from '../fixture.ts';
import { answerIn, answerTo, auditOf, callsOf, holdsToken, soon } from './flows.ts';
import { expected, FRESHNESS, KEPT_OUT, LET_IN } from './matrix-table.ts';
import { CELLS, cellName, NOT_FOUND, type Walking, walkAll } from './matrix-walk.ts';

describe('exactly what the table says', () => {
  test.for(LET_IN)('is what a %s may do, by every way and with own and others’ tokens', async (comer) => {
    const outcomes = await walkAll(comer, {});

    const due = CELLS.map((cell) => [cellName(cell), expected(comer, ...cell)] as const);
    expect(outcomes).toEqual(Object.fromEntries(due));
  });

  test('is what a guest may do who is let in: what a member may', async () => {
    const outcomes = await walkAll('guest', { ALLOW_GUESTS: 'true' });

    const due = CELLS.map((cell) => [cellName(cell), expected('member', ...cell)] as const);
    expect(outcomes).toEqual(Object.fromEntries(due));
  });

  test.for(KEPT_OUT)('is nothing at all for a %s, even with a token of their own', async (comer) => {
    const outcomes = await walkAll(comer, {});

    expect(outcomes).toEqual(Object.fromEntries(CELLS.map((cell) => [cellName(cell), 'refused'])));
  });
});

describe('whoever had every role until Slack took it away and told nobody', () => {
  const freshnessOf = ([way]: (typeof CELLS)[number]) => FRESHNESS[way as keyof typeof FRESHNESS];
  /** With somebody else's token, or everybody's. What is asked anew comes last: it is what is remembered from then on. */
  const cells = CELLS.filter(([way, whose]) => whose !== 'own' && way in FRESHNESS).toSorted(
    (a, b) => Number(freshnessOf(a) === 'asked anew') - Number(freshnessOf(b) === 'asked anew'),
  );
  const BY_GROUP = { ADMINS: 'S0ONCALL001,U0DAVE00001' };

  test('is decided about, by every way that hangs on a role, as a table says', () => {
    const hanging = CELLS.filter(([way, whose]) => {
      const may = (column: 'admin' | 'member') => expected(column, way, whose) === 'works';
      return whose !== 'own' && may('admin') && !may('member');
    });

    expect(hanging.map(cellName).toSorted()).toEqual(cells.map(cellName).toSorted());
  });

  test.for([
    ['a group, just before five minutes are over', 'on-call', BY_GROUP, 5 * MINUTE_MS - 1],
    ['what Slack says of the person, just before a minute is over', 'admin', {}, MINUTE_MS - 1],
  ] as const)(
    'may do nothing any more that is asked for anew, and the rest by what is remembered: by %s',
    async ([, comer, env, ms]) => {
      const outcomes = await walkAll(comer, env, { cells, meanwhile: losesItsRole(comer, ms) });

      const due = cells.map((cell) => [
        cellName(cell),
        freshnessOf(cell) === 'remembered' ? 'works' : 'refused',
      ]);
      expect(outcomes).toEqual(Object.fromEntries(due));
    },
  );

  test.for([
    ['a group, five minutes after', 'on-call', BY_GROUP, 5 * MINUTE_MS],
    ['what Slack says of the person, a minute after', 'admin', {}, MINUTE_MS],
  ] as const)('may do nothing at all any more: by %s', async ([, comer, env, ms]) => {
    const outcomes = await walkAll(comer, env, { cells, meanwhile: losesItsRole(comer, ms) });

    expect(outcomes).toEqual(Object.fromEntries(cells.map((cell) => [cellName(cell), 'refused'])));
  });

  /** Everybody is known with the role, which then is lost; so long after they were asked about the ways are taken. */
  function losesItsRole(comer: 'on-call' | 'admin', ms: number): NonNullable<Walking['meanwhile']> {
    return async ({ workspace, walkers, clock }) => {
      for (const walker of walkers) {
        await walker.forges({ type: 'slash_command', text: 'list', channel: '#general' });
      }
      const asked = () => callsOf(workspace, 'users.info').map(({ args }) => args.user);
      await soon(() => expect(walkers.filter(({ id }) => !asked().includes(id))).toEqual([]));
      if (comer === 'on-call') await workspace.setGroupMembers('oncall', [], 'untold');
      else for (const { handle } of walkers) await workspace.setPerson(handle, { is_admin: false }, 'untold');
      await clock.moveBy(ms);
    };
  }
});

describe('what nobody is offered, forged by a member', () => {
  test.for([
    ['the card of a token that lives', CARD_REFRESH_ID, (id: string) => `alone:${id}`],
    ['the same, said to have stopped', CARD_STOPPED_ID, (id: string) => `alone:${id}`],
    ['the same, to be copied', CARD_TIMELINE_ID, (id: string) => `alone:${id}`],
    ['the same, to be shared', CARD_SHARE_ID, (id: string) => `message.channel.person.U0ALICE0001:${id}`],
  ] as const)('%s is refused in the words for none, with an event', async ([, actionId, carrying]) => {
    const stage = await setStage();
    const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
    const { id } = await holdsToken(stage, alice, 'alices-bot');
    const { ts: message } = await answerTo(bob, '/apitoken help');

    const answer = await answerIn(bob, '#general', async () => {
      const from = { message };
      const block_id = 'card:0';
      await bob.forges({ type: 'block_actions', action_id: actionId, block_id, value: carrying(id), from });
    });

    expect(answer.text).toBe(NOT_FOUND);
    expect(auditOf(stage).at(-1)).toEqual({ actor: bob.id, action: 'action.refused', tokenId: id });
  });

  test('a picker for something that no picker is for is refused, with an event', async () => {
    const stage = await setStage();
    const bob = stage.workspace.person('bob');
    const { id } = await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');

    const outcome = await bob.forges({
      type: 'view_submission',
      callback_id: PICK_DIALOG_ID,
      private_metadata: 'show_value',
      state: {
        [PICK_TOKEN_ID]: { [PICK_TOKEN_ID]: { type: 'static_select', selected_option: { value: id } } },
      },
    });

    expect(JSON.stringify(outcome)).toContain('from another version of apitoken');
    expect(auditOf(stage).at(-1)).toEqual({ actor: bob.id, action: 'action.refused', tokenId: null });
  });
});
