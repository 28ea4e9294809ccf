import { expect, test } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../src/clock.ts';
import { createLeakWatch } from '../src/leak-watch.ts';
import type { LeakSource } from '../src/tokens/held.ts';
import { revokeHeld } from '../src/tokens/revoke.ts';
import { besides, runs } from './cli/a-command.ts';
import { type Stage, setStage } from './fixture.ts';
import { setGuard } from './slack/a-guard.ts';
import {
  answerTo,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  rotates,
  setStill,
  settled,
  soon,
  verdictsOf,
} from './slack/flows.ts';
import { aHouse } from './tokens/a-house.ts';
import { T0 } from './tokens/a-token.ts';

type LeakFigures = {
  readonly found: Record<string, number>;
  readonly count: number;
  readonly seconds: number;
  /** By the upper end of each bucket, all below counted too. */
  readonly within: Record<string, number>;
};

/** What `/metrics` tells of leaks; `found` without the sources of none. */
async function leaksOf(stage: Stage): Promise<LeakFigures> {
  const text = await (await fetch(`http://127.0.0.1:${stage.app.port}/metrics`)).text();
  const all = (pattern: RegExp): Record<string, number> =>
    Object.fromEntries([...text.matchAll(pattern)].map(([, key, count]) => [key, Number(count)]));
  const found = all(/^apitoken_leaks_found_total\{source="(\w+)"\} (\d+)$/gm);
  expect(Object.keys(found)).toEqual(['message', 'shortcut', 'command', 'github', 'http', 'cli']);
  return {
    found: Object.fromEntries(Object.entries(found).filter(([, count]) => count > 0)),
    count: Number(/^apitoken_leak_seconds_count (\d+)$/m.exec(text)?.[1]),
    seconds: Number(/^apitoken_leak_seconds_sum ([\d.]+)$/m.exec(text)?.[1]),
    within: all(/^apitoken_leak_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm),
  };
}

async function post(stage: Stage, token: string): Promise<number> {
  const body = new URLSearchParams({ token });
  return (await fetch(`http://127.0.0.1:${stage.app.port}/revoke`, { method: 'POST', body })).status;
}

test('a value in a message counts when the shortcut finds it, once, and its time ends with the revocation', async () => {
  const { stage, clock, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const ts = workspace.post('#general', 'carol', { text: `oops: ${value}` });

  await bob.uses('Revoke token in message', ts);
  await modalOf(bob);
  expect(await leaksOf(stage)).toMatchObject({ found: { shortcut: 1 }, count: 0 });
  await bob.closes();
  await clock.moveBy(2 * MINUTE_MS);
  await opens(bob, `/apitoken revoke ${value}`);
  await bob.fills({ Reason: 'it stood in a channel' });
  await clock.moveBy(MINUTE_MS);
  await bob.submits();
  await modalSaying(bob, 'is revoked.');
  await settled(stage);

  expect(await leaksOf(stage)).toMatchObject({
    found: { shortcut: 1 },
    count: 1,
    seconds: 180,
    within: { 60: 0, 300: 1, '+Inf': 1 },
  });
});

test.for([
  ['check VALUE', (value: string) => `check ${value}`],
  ['revoke VALUE', (value: string) => `revoke ${value}`],
  ['a value where a name belongs', (value: string) => `info ${value}`],
  [
    'a value in quotes over two words',
    (value: string) => `revoke "${value.slice(0, 20)} ${value.slice(20)}"`,
  ],
] as const)('%s counts as a command', async ([, typed]) => {
  const { stage, alice } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });

  await alice.types('#general', `/apitoken ${typed(value)}`);

  await soon(async () => expect((await leaksOf(stage)).found).toEqual({ command: 1 }));
});

test('a value written to the app as a message counts as a command', async () => {
  const { stage, alice } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });

  await alice.types('@apitoken', `is this one good? ${value}`);

  await soon(async () => expect((await leaksOf(stage)).found).toEqual({ command: 1 }));
});

test('a value in a channel counts when the leak guard sees it, and its time ends when it is revoked by name', async () => {
  const { stage, alice, carol } = await setGuard('warn');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  await carol.types('#general', `does this work? ${value}`);
  await soon(async () => expect(await leaksOf(stage)).toMatchObject({ found: { message: 1 }, count: 0 }));
  await carol.types('#general', `and now? ${value}`);
  await settled(stage);
  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'is revoked.');

  expect(await leaksOf(stage)).toMatchObject({ found: { message: 1 }, count: 1 });
});

test('over HTTP a live value counts, but not one that is dead, made up or only used', async () => {
  const { stage, alice } = await setStill();
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const { value: expired } = await holdsToken(stage, alice, 'old-bot', {
    createdAt: T0 - 8 * DAY_MS,
    lifetimeDays: 7,
  });
  await verdictsOf(stage, value, expired);
  await post(stage, expired);
  await post(stage, 'apit_x');
  expect(await leaksOf(stage)).toMatchObject({ found: {}, count: 0 });

  await post(stage, value);
  await post(stage, value);

  expect(await leaksOf(stage)).toMatchObject({
    found: { http: 1 },
    count: 1,
    seconds: 0,
    within: { '0.05': 1 },
  });
});

test('the end of an old value alone ends its time, and not that of the new one', async () => {
  const { stage, clock, alice } = await setStill();
  const { value: old } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const fresh = await rotates(stage, alice, 'deploy-bot');
  await answerTo(alice, `/apitoken check ${old}`);
  await answerTo(alice, `/apitoken check ${fresh}`);
  await clock.moveBy(1000);

  await opens(alice, `/apitoken revoke ${old}`);
  await alice.clicks('End old value only');
  await modalSaying(alice, 'deploy-bot');
  await soon(async () => expect(await verdictsOf(stage, old, fresh)).toEqual([401, 200]));

  expect(await leaksOf(stage)).toMatchObject({ found: { command: 2 }, count: 1, seconds: 1 });
});

test('what the command line found and revoked is in the metrics of the running app', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const named = await holdsToken(stage, alice, 'named-bot');
  const piped = await holdsToken(stage, alice, 'piped-bot');
  const logged = await holdsToken(stage, alice, 'logged-bot');
  const checked = await holdsToken(stage, alice, 'checked-bot');
  await alice.types('#general', `/apitoken check ${checked.value}`);
  await soon(async () => expect((await leaksOf(stage)).found).toEqual({ command: 1 }));
  const cli = (args: readonly string[], stdin = '') =>
    runs([...args, '--reason', 'leaked'], { env: besides(stage), folder: stage.folder, stdin });

  await cli(['revoke', 'named-bot']);
  expect(await leaksOf(stage)).toMatchObject({ found: { command: 1 }, count: 0 });
  await cli(['revoke', '--stdin'], piped.value);
  await cli(['find', '-', '--revoke'], `${logged.value}\n${checked.value}\n${logged.value}\n${named.value}`);

  const { found, count, within } = await leaksOf(stage);
  expect({ found, count }).toEqual({ found: { command: 1, cli: 2 }, count: 3 });
  expect(within['3600']).toBe(3);
  expect(await leaksOf(stage)).toMatchObject({ found, count });
});

test('a watch remembers 10,000 values and forgets the oldest', async () => {
  const house = await aHouse();
  const { value } = await house.holds();
  const secret = await house.store.readSecret(value.lookupId);
  if (secret === undefined) throw new Error('there is no such secret');
  const [found, seconds]: [LeakSource[], number[]] = [[], []];
  const watch = createLeakWatch({
    store: house.store,
    clock: () => T0 + 5000,
    onFound: (source) => void found.push(source),
    onDead: (after) => void seconds.push(after),
    since: 0,
  });
  const others = (count: number) => {
    for (let i = 0; i < count; i++) watch.found({ tokenId: secret.tokenId, lookupId: `${i}` }, 'http', T0);
  };

  watch.found(secret, 'message', T0);
  others(9999);
  watch.found(secret, 'shortcut', T0 + 1000);
  expect(found.filter((source) => source !== 'http')).toEqual(['message']);
  others(10_000);
  watch.found(secret, 'shortcut', T0 + 1000);
  expect(found.filter((source) => source !== 'http')).toEqual(['message', 'shortcut']);

  await revokeHeld(secret, { store: watch.watching(house.store), clock: house.deps.clock });
  expect(seconds).toHaveLength(10_000);
  expect(seconds.at(-1)).toBe(4);
  expect(new Set(seconds)).toEqual(new Set([5, 4]));
});
