import type { Clock } from '../clock.ts';
import { type Delivery, SHOWING_MS_MAX } from './store.ts';
import type { PersonId, Token, TokenId } from './token.ts';

/** What a showing is told in place of its turn. */
export type NoTurn = { readonly kind: 'repeated' | 'already_shown' | 'showing_another' };

type Asked = {
  readonly delivery: Delivery;
  /** Whether anybody can press it as often as they like. What begins with a dialog is not turned away for another token's sake. */
  readonly isPress: boolean;
};

/**
 * One showing of a token at a time, and for presses one of a person: however often somebody presses, one value is being made for
 * it. In memory: what it saves is this process's bcrypt. That a token gets one value at a time, the store sees to.
 */
export type ShowingTurns = {
  /**
   * Does `work` unless a value of the token is being shown: `already_shown`, or `repeated` to the same delivery once more; nor a
   * press while any value of its owner is. One that takes 60 s is lost and stands in nobody's way.
   */
  take<T>(token: Pick<Token, 'id' | 'owner'>, asked: Asked, work: () => Promise<T>): Promise<T | NoTurn>;
};

type Turn = { readonly owner: PersonId; readonly delivery: Delivery; readonly at: number };

/** Nothing is being shown yet. Tokens are kept no longer than their showing takes. */
export function createShowingTurns(clock: Clock): ShowingTurns {
  const turns = new Map<TokenId, Turn>();

  function noTurnFor({ id, owner }: Pick<Token, 'id' | 'owner'>, asked: Asked): NoTurn | undefined {
    const now = clock();
    const isGoing = ({ at }: Turn) => now - at < SHOWING_MS_MAX;
    const other = turns.get(id);
    if (other !== undefined && isGoing(other)) {
      return { kind: isSame(other.delivery, asked.delivery) ? 'repeated' : 'already_shown' };
    }
    const isBusy = asked.isPress && turns.values().some((turn) => turn.owner === owner && isGoing(turn));
    return isBusy ? { kind: 'showing_another' } : undefined;
  }

  return {
    take: async (token, asked, work) => {
      const noTurn = noTurnFor(token, asked);
      if (noTurn !== undefined) return noTurn;
      const { id, owner } = token;
      const turn = { owner, delivery: asked.delivery, at: clock() };
      turns.set(id, turn);
      try {
        return await work();
      } finally {
        if (turns.get(id) === turn) turns.delete(id);
      }
    },
  };
}

function isSame(one: Delivery, other: Delivery): boolean {
  return one.keys.some((key) => other.keys.includes(key));
}
