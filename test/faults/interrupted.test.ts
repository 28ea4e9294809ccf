import { spawn } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { besides, type Ran, runs } from '../cli/a-command.ts';
import { type Stage, setStage, temporaryFolder } from '../fixture.ts';
import { holdsTokens, putTokens, rowsOf } from '../slack/flows.ts';
import { IS_LONG, LONG_MS_MAX } from './programme.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** More than one transaction revokes. */
const TOKENS = 120;

/** When a signal comes after the start, before anything was read until after the end: on whatever machine, something holds at each. */
const MOMENTS_MS = IS_LONG ? [200, 300, 400, 450, 500, 550, 600, 700, 850, 1100] : [250, 400, 500, 600, 800];

const CODES = { SIGINT: 130, SIGTERM: 143 };

/** A command, and what it prints once all of it was done. */
const CASES: readonly (readonly [what: string, args: (place: Place) => readonly string[], done: RegExp])[] = [
  ['revoke-all', () => ['revoke-all', '--reason', 'x', '--yes'], /tokens of everybody revoked\./],
  [
    'revoke-person',
    ({ owner }) => ['revoke-person', owner, '--reason', 'x', '--yes'],
    /tokens of U\w+ revoked\./,
  ],
  ['find --revoke', ({ log }) => ['find', log, '--revoke', '--reason', 'x', '--json'], /"status":"revoked"/],
  ['audit verify', () => ['audit', 'verify'], /Head: /],
  ['backup', ({ at }) => ['backup', at('copy.db')], /is a whole copy/],
  ['restore', ({ at }) => ['restore', at('kept.db')], /is put back from/],
];

test.for(
  CASES.flatMap(([what, args, done]) =>
    (IS_LONG
      ? (['SIGINT', 'SIGTERM'] as const)
      : [what.includes('-') ? ('SIGTERM' as const) : ('SIGINT' as const)]
    ).map((signal) => [what, signal, args, done] as const),
  ),
)(
  '%s that gets %s in the middle leaves all as it was, or does all of it, and says which',
  { timeout: LONG_MS_MAX },
  async ([what, signal, args, done]) => {
    const place = await aPlace();
    if (what === 'restore') await place.stage.app.stop();
    for (const moment of MOMENTS_MS) {
      await place.refills();
      const before = place.state();

      const ran = await place.signalled(args(place), signal, moment);

      const how = `${moment} ms: ${JSON.stringify(ran)}`;
      if (isDone(ran, done)) expect(ran.out, how).toMatch(done);
      else if (ran.err.includes('so far')) expect(ran.err, how).toMatch(SO_FAR);
      else {
        // Without a code Node was not up yet, and nothing had begun.
        expect([null, CODES[signal]], how).toContain(ran.code);
        if (ran.code !== null) expect(ran, how).toMatchObject({ err: 'Interrupted. Nothing was changed.\n' });
        expect(place.state(), how).toEqual(before);
      }
      if (what.startsWith('revoke')) expect([0, before.live], how).toContain(place.state().live);
      expect(place.leftOver(), how).toEqual([]);
      rmSync(place.at('copy.db'), { force: true });
    }
    expect(await place.cli('audit', 'verify')).toMatchObject({ code: 0 });
  },
);

/** Without a code at its end, too: the signal came while Node was going down. */
function isDone(ran: { readonly code: number | null; readonly out: string }, done: RegExp): boolean {
  return ran.code === 0 || (ran.code === null && done.test(ran.out));
}

/** Each token by itself was revoked whole. */
const SO_FAR = /^Interrupted\. \d+ tokens? revoked so far, and the rest was not searched\.\n$/;

test('a command that waits for standard input ends at a signal, in one sentence', async () => {
  const place = await aPlace();
  const before = place.state();

  for (const args of [
    ['revoke', '--stdin', '--reason', 'x'],
    ['find', '-'],
  ]) {
    const child = place.starts(args);
    await sleep(1500);
    child.kill('SIGINT');
    expect(await child.ended, args[0]).toEqual({
      code: 130,
      out: '',
      err: 'Interrupted. Nothing was changed.\n',
    });
  }

  expect(place.state()).toEqual(before);
});

type Place = Awaited<ReturnType<typeof aPlace>>;

/** The app with tokens of Alice, a log in which some of their values stand, a backup, and the command line beside it. */
async function aPlace() {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const elsewhere = temporaryFolder();
  const at = (name: string) => join(elsewhere, name);
  const env = besides(stage);
  const cli = (...args: string[]) => runs(args, { env, folder: elsewhere });
  let filled = 0;

  async function refills(): Promise<void> {
    const missing = TOKENS - liveIn(stage);
    if (missing <= 0) return;
    filled += 1;
    const nameOf = (number: number) => `bot ${filled} ${number}`;
    await holdsTokens(stage, alice, missing, nameOf, () => ({ shown: false }));
    const shown = [1, 2, 3].map((number) => ({ person: alice, name: `shown ${filled} ${number}`, held: {} }));
    const values = (await putTokens(stage, shown)).map(({ value }) => value);
    writeFileSync(
      at('build.log'),
      `${'noise\n'.repeat(20_000)}${values.join(`\n${'noise\n'.repeat(20_000)}`)}\n`,
    );
  }

  await refills();
  expect(await cli('backup', at('kept.db'))).toMatchObject({ code: 0 });

  function starts(args: readonly string[]) {
    const command = ['--require', join(ROOT, 'require-node.cjs'), join(ROOT, 'src/cli.ts'), ...args];
    const child = spawn(process.execPath, command, { cwd: elsewhere, env });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const ended = new Promise<Ran>((tell) => void child.on('close', (code) => tell({ code, out, err })));
    return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended };
  }

  return {
    stage,
    owner: alice.id,
    log: at('build.log'),
    at,
    cli,
    refills,
    starts,
    signalled: async (args: readonly string[], signal: NodeJS.Signals, moment: number): Promise<Ran> => {
      const child = starts(args);
      await sleep(moment);
      child.kill(signal);
      return child.ended;
    },
    /** What must not change by halves. */
    state: () => ({
      live: liveIn(stage),
      events: Number(rowsOf(stage, 'select count(*) as count from audit_events')[0]?.count),
    }),
    /** Files that nobody wants. */
    leftOver: () =>
      [...readdirSync(elsewhere), ...readdirSync(stage.folder)].filter(
        (name) => /partial|restoring|journal/.test(name) && !name.includes('.lock'),
      ),
  };
}

function liveIn(stage: Stage): number {
  return Number(rowsOf(stage, 'select count(*) as count from tokens where revoked_at is null')[0]?.count);
}
