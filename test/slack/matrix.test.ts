import { describe, expect, test } from 'vitest';
import { CARD_REFRESH_ID, CARD_SHARE_ID, PICK_DIALOG_ID, PICK_TOKEN_ID } from '../../src/slack/blocks/ids.ts';
import { setStage } from '../fixture.ts';
import { answerIn, answerTo, auditOf, holdsToken } from './flows.ts';
import { expected, KEPT_OUT, LET_IN } from './matrix-table.ts';
import { CELLS, cellName, NOT_FOUND, walkAll } from './matrix-walk.ts';

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

describe('what nobody is offered, forged by a member', () => {
  test.for([
    ['the card of a token that lives', CARD_REFRESH_ID, (id: string) => `alone:${id}`],
    ['the same, to be shared', CARD_SHARE_ID, (id: string) => `message:${id}`],
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
