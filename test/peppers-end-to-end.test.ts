import { describe, expect, onTestFinished, test } from 'vitest';
import { type Hasher, startHasher } from '../src/tokens/hasher.ts';
import { pepperFrom } from '../src/tokens/pepper.ts';
import type { PersonId, TokenId } from '../src/tokens/token.ts';
import { TokenValue } from '../src/tokens/token-value.ts';
import { type Stage, setStage, settingsFor } from './fixture.ts';
import { holdsToken, modalOf, rowsOf, withStore } from './slack/flows.ts';
import { aDelivery } from './store/fixtures/tokens.ts';
import { withAnotherSecret, withPrefix } from './tokens/a-token.ts';

const NEXT = 'the pepper after the first one and long enough';
const LATER = 'the pepper after the second one and long enough';
/** Long enough for two flushes on a busy machine. */
const FLUSHED = { timeout: 30_000, interval: 50 };

describe('rotating the pepper', () => {
  test('costs no error and no bcrypt under load, and the digests move to the new one as they are used', {
    timeout: 180_000,
  }, async () => {
    const { stage, matched } = await aStage();
    const values = await holdsMany(stage, 250);
    await stage.restart({ TOKEN_PEPPER: NEXT, TOKEN_PEPPERS_OLD: firstPepper(stage) });

    const callers = Array.from({ length: 8 }, async () => {
      const statuses = new Set<number>();
      for (let round = 0; round < 3; round++)
        for (const value of values) statuses.add((await stage.verify(value)).status);
      return [...statuses];
    });
    expect((await Promise.all(callers)).flat()).toEqual(Array.from({ length: 8 }, () => 200));
    await expect.poll(() => peppersIn(stage), FLUSHED).toEqual([[pepperFrom(NEXT).id, 250]]);
    await stage.restart({ TOKEN_PEPPER: NEXT });

    expect(await statusesOf(stage, values)).toEqual([[200, 250]]);
    expect(matched).toEqual([]);
  });

  test('is written down by the stop of the app for all that was used by then', {
    timeout: 180_000,
  }, async () => {
    const { stage, matched } = await aStage();
    const values = await holdsMany(stage, 20);
    await stage.restart({ TOKEN_PEPPER: NEXT, TOKEN_PEPPERS_OLD: firstPepper(stage) });

    expect(await statusesOf(stage, values.slice(0, 19))).toEqual([[200, 19]]);
    await stage.restart({ TOKEN_PEPPER: LATER, TOKEN_PEPPERS_OLD: `${NEXT},${firstPepper(stage)}` });

    expect(peppersIn(stage)).toEqual([
      [pepperFrom(firstPepper(stage)).id, 1],
      [pepperFrom(NEXT).id, 19],
    ]);
    expect(await statusesOf(stage, values)).toEqual([[200, 20]]);
    expect(matched).toEqual([]);
  });

  test('lets no token be revived that was revoked between its last use and the flush', async () => {
    const { stage } = await aStage();
    const { id, value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
    await stage.restart({ TOKEN_PEPPER: NEXT, TOKEN_PEPPERS_OLD: firstPepper(stage) });

    expect((await stage.verify(value)).status).toBe(200);
    await revokes(stage, id);
    await stage.restart({ TOKEN_PEPPER: NEXT });

    expect((await stage.verify(value)).status).toBe(401);
    expect(rowsOf(stage, 'select hash, digest from secrets')).toEqual([{ hash: null, digest: null }]);
  });
});

describe('losing the pepper', () => {
  test('costs no token: each works after one bcrypt, and by its new digest from then on', {
    timeout: 180_000,
  }, async () => {
    const { stage, matched } = await aStage();
    const values = await holdsMany(stage, 20, aRealHasher());
    await stage.restart({ TOKEN_PEPPER: NEXT });

    await Promise.all(values.map((value) => untilAllowed(stage, value)));
    expect(matched).toHaveLength(20);
    expect(peppersIn(stage)).toEqual([[pepperFrom(NEXT).id, 20]]);

    expect(await statusesOf(stage, values)).toEqual([[200, 20]]);
    expect(matched).toHaveLength(20);
  });

  test('keeps no live value of a message from the shortcut, though it may take several times', {
    timeout: 180_000,
  }, async () => {
    const { stage } = await aStage();
    const bob = stage.workspace.person('bob');
    const values = await holdsMany(stage, 15, aRealHasher());
    await stage.restart({ TOKEN_PEPPER: NEXT });
    const ts = stage.workspace.post('#general', 'alice', { text: values.join(' ') });

    const offered = async () => {
      await bob.uses('Revoke token in message', ts);
      const { text } = await modalOf(bob);
      await bob.closes();
      return text;
    };

    await expect.poll(offered, FLUSHED).toContain('bot 15 of @alice');
    expect(await offered()).not.toContain('could not be looked up');
  });

  test.for([
    ['another secret', withAnotherSecret],
    ['the same secret behind another prefix', (value: TokenValue) => withPrefix(value, 'other')],
  ] as const)('lets in no value with %s, and keeps nothing of it', async ([, forge]) => {
    const { stage } = await aStage();
    const [text = ''] = await holdsMany(stage, 1, aRealHasher());
    const forged = forge(valueFrom(text)).reveal();
    await stage.restart({ TOKEN_PEPPER: NEXT });
    const before = rowsOf(stage, 'select * from secrets');

    expect((await stage.verify(forged)).status).toBe(401);
    expect(rowsOf(stage, 'select * from secrets')).toEqual(before);

    expect((await stage.verify(text)).status).toBe(200);
    expect((await stage.verify(forged)).status).toBe(401);
    expect((await stage.verify(text)).status).toBe(200);
  });

  test('a token that is revoked while bcrypt works on its value is refused, and stays empty', async () => {
    const { stage, matched, letGo } = await aStage({ isHeld: true });
    const { id, value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
    await stage.restart({ TOKEN_PEPPER: NEXT });

    const verifying = stage.verify(value);
    await expect.poll(() => matched, FLUSHED).toHaveLength(1);
    await revokes(stage, id);
    letGo();

    expect((await verifying).status).toBe(401);
    expect(rowsOf(stage, 'select hash, digest from secrets')).toEqual([{ hash: null, digest: null }]);
  });

  test('16 values are checked at a time, further ones are told to come again, and others go on as ever', async () => {
    const { stage, matched, letGo } = await aStage({ isHeld: true });
    const values = await holdsMany(stage, 18);
    const [settled = '', late = '', ...first] = values;
    await stage.restart({ TOKEN_PEPPER: NEXT, TOKEN_PEPPERS_OLD: firstPepper(stage) });
    await stage.verify(settled);
    await stage.restart({ TOKEN_PEPPER: NEXT });

    const verifying = first.map((value) => stage.verify(value));
    await expect.poll(() => matched, FLUSHED).toHaveLength(16);
    const busy = await stage.verify(late);
    const again = [stage.verify(first[0] ?? ''), stage.verify(first[0] ?? '')];

    expect([busy.status, busy.headers.get('retry-after'), await busy.text()]).toEqual([503, '5', '']);
    expect((await stage.verify(settled)).status).toBe(200);
    expect((await stage.verify(withAnotherSecret(valueFrom(settled)).reveal())).status).toBe(401);
    letGo();
    const answers = await Promise.all([...verifying, ...again]);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 18 }, () => 200));
    expect(matched).toHaveLength(16);
    expect((await stage.verify(late)).status).toBe(200);
  });
});

/**
 * A stage whose bcrypt is counted: `matched` has the lookup id of each value that it was asked about. `isHeld`: it says yes
 * to all, and not before `letGo`.
 */
async function aStage({ isHeld = false } = {}) {
  const matched: string[] = [];
  const gate = Promise.withResolvers<void>();
  const start = (): Hasher => {
    const hasher = startHasher(2);
    return {
      ...hasher,
      matches: async (value, hash, by) => {
        matched.push(value.lookupId);
        if (!isHeld) return hasher.matches(value, hash, by);
        await gate.promise;
        return true;
      },
    };
  };
  const stage = await setStage({ startHasher: start });
  return { stage, matched, letGo: () => gate.resolve() };
}

/** Bcrypt as the app does it. */
function aRealHasher(): Hasher {
  const hasher = startHasher(2);
  onTestFinished(() => hasher.stop());
  return hasher;
}

function firstPepper(stage: Stage): string {
  return settingsFor(stage.workspace, stage.folder).TOKEN_PEPPER;
}

/** The values of so many tokens of Alice's. */
async function holdsMany(stage: Stage, count: number, hasher?: Hasher): Promise<string[]> {
  const alice = stage.workspace.person('alice');
  const values: string[] = [];
  for (let number = 1; number <= count; number++) {
    const { value } = await holdsToken(stage, alice, `bot ${number}`, hasher === undefined ? {} : { hasher });
    values.push(value);
  }
  return values;
}

/** How many digests stand under which pepper. */
function peppersIn(stage: Stage): unknown[] {
  const rows = rowsOf(stage, 'select pepper_id, count(*) as n from secrets group by pepper_id order by n');
  return rows.map(({ pepper_id: id, n }) => [id, n]);
}

/** How often which status is the answer to the values, one after the other. */
async function statusesOf(stage: Stage, values: readonly string[]): Promise<[number, number][]> {
  const counts = new Map<number, number>();
  for (const value of values) {
    const { status } = await stage.verify(value);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return [...counts];
}

/** Presents the value again as long as the answer is that nobody can say just now. Any other than 200 fails. */
async function untilAllowed(stage: Stage, value: string): Promise<void> {
  await expect
    .poll(async () => {
      const { status } = await stage.verify(value);
      if (status !== 503) expect(status).toBe(200);
      return status;
    }, FLUSHED)
    .toBe(200);
}

async function revokes(stage: Stage, id: TokenId): Promise<void> {
  await withStore(stage, (store) =>
    store.revokeTokens(
      [id],
      { actor: 'UANN' as PersonId, at: Date.now(), reason: null, held: false },
      aDelivery(),
    ),
  );
}

function valueFrom(text: string): TokenValue {
  const value = TokenValue.parse(text);
  if (value === undefined) throw new Error('this is no value');
  return value;
}
