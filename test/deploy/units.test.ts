import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { settingNames } from '../config-names.ts';
import { setStage, settingsFor, temporaryFolder } from '../fixture.ts';
import { freePort } from '../gateways/a-gateway.ts';
import { ask } from '../http/a-server.ts';
import { PATIENT } from '../patience.ts';
import { hasProgram, placeOf } from '../programs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const UNITS = ['apitoken.service', 'apitoken-verifier@.service'] as const;
/** From 0, which is safe, to 10. */
const EXPOSURE_MAX = 2;

/** What SQLite and we call as root alone, and the units do not run as root. */
const AS_ROOT_ALONE = ['chown', 'fchown'];

function textOf(unit: string): string {
  return readFileSync(join(ROOT, 'deploy/systemd', unit), 'utf8');
}

/** What a unit says under a name, a line each. */
function linesOf(unit: string, name: string): string[] {
  return [...textOf(unit).matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
}

/** The units with Node and the project as they are here, in a folder of their own. */
function unitsHere(): string {
  const folder = temporaryFolder();
  for (const unit of UNITS) {
    const text = textOf(unit)
      .replaceAll('/usr/bin/node ', `${process.execPath} `)
      .replaceAll('/opt/apitoken/', `${ROOT}/`);
    writeFileSync(join(folder, unit), text);
  }
  return folder;
}

describe.for(UNITS)('%s', (unit) => {
  test('starts what npm starts, with settings that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const [start = ''] = linesOf(unit, 'ExecStart');

    expect(`exec ${start.replace('/usr/bin/', '').replaceAll('/opt/apitoken/', '')}`).toBe(
      (unit === 'apitoken.service' ? scripts.start : scripts.verifier).replace('./', ''),
    );
    const names = linesOf(unit, 'Environment').map((pair) => pair.split('=')[0] ?? '');
    expect(names.filter((name) => !settingNames().includes(name))).toEqual([]);
  });

  test('is not root, writes files for itself alone, and dumps no memory', () => {
    expect(linesOf(unit, 'User')).toEqual(['apitoken']);
    expect(linesOf(unit, 'UMask')).toEqual(['0077']);
    expect(linesOf(unit, 'LimitCORE')).toEqual(['0']);
    expect(linesOf(unit, 'CapabilityBoundingSet')).toEqual(['']);
    expect(linesOf(unit, 'EnvironmentFile')).toEqual([]);
  });

  const here = test.skipIf(!hasProgram('systemd-analyze'));

  here('is free of errors', () => {
    const named = unit.replace('@.', '@8081.');

    const said = spawnSync(placeOf('systemd-analyze'), ['verify', `./${named}`], {
      cwd: unitsHere(),
      encoding: 'utf8',
    });

    // What is wrong with other units of this machine is nobody's business here.
    const ours = said.stderr.split('\n').filter((line) => line.includes('apitoken'));
    expect([said.status, ours]).toEqual([0, []]);
  });

  here('leaves little to whoever takes it over', () => {
    const said = execFileSync(
      placeOf('systemd-analyze'),
      ['security', '--offline=true', '--no-pager', `./${unit}`],
      { cwd: unitsHere(), encoding: 'utf8' },
    );

    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
    expect(exposure).toBeLessThan(EXPOSURE_MAX);
  });
});

describe('the system calls that the units allow', () => {
  const here = test.skipIf(!hasProgram('systemd-analyze') || !hasProgram('strace'));

  here('are all that a verifier needs from its start to its end', async () => {
    const stage = await setStage();
    const { DATABASE_URL, TOKEN_PEPPER } = settingsFor(stage.workspace, stage.folder);
    const port = await freePort();
    const folder = temporaryFolder();
    const traced = spawn(
      placeOf('strace'),
      [
        ...['-f', '-qq', '-o', join(folder, 'trace')],
        ...[process.execPath, '--require', join(ROOT, 'require-node.cjs'), join(ROOT, 'src/verifier.ts')],
      ],
      { cwd: folder, env: { DATABASE_URL, TOKEN_PEPPER, HTTP_PORT: String(port) }, stdio: 'ignore' },
    );
    const ended = new Promise<number | null>((settle) => void traced.on('close', settle));
    onTestFinished(() => void traced.kill('SIGKILL'));
    await expect.poll(() => statusAt(port, '/readyz'), PATIENT).toBe(200);
    expect(await statusAt(port, '/verify')).toBe(401);
    const children = readFileSync(`/proc/${traced.pid}/task/${traced.pid}/children`, 'utf8');
    for (const child of children.split(' ').filter(Boolean)) process.kill(Number(child), 'SIGTERM');
    expect(await ended).toBe(0);

    const trace = readFileSync(join(folder, 'trace'), 'utf8');
    const used = new Set([...trace.matchAll(/^\d+ +([a-z_0-9]+)\(/gm)].map(([, name]) => name ?? ''));
    const allowed = allowedBy('apitoken-verifier@.service');
    expect(used.size).toBeGreaterThan(30);
    expect([...used].filter((name) => !allowed.has(name) && !AS_ROOT_ALONE.includes(name))).toEqual([]);
    expect(linesOf('apitoken.service', 'SystemCallFilter')).toEqual(
      linesOf('apitoken-verifier@.service', 'SystemCallFilter'),
    );
  });
});

async function statusAt(port: number, path: string): Promise<number | undefined> {
  return ask(port, path).then(
    ({ status }) => status,
    () => undefined,
  );
}

/** systemd.exec(5): the first list says what is allowed, one with a tilde takes away from that. */
function allowedBy(unit: string): Set<string> {
  const allowed = new Set<string>();
  for (const line of linesOf(unit, 'SystemCallFilter')) {
    const isTakingAway = line.startsWith('~');
    for (const name of line.replace('~', '').split(' ').flatMap(callsIn)) {
      if (isTakingAway) allowed.delete(name);
      else allowed.add(name);
    }
  }
  // Whatever a list says, these stay allowed: a process could not even end without them.
  for (const name of callsIn('@default')) allowed.add(name);
  return allowed;
}

function callsIn(name: string): string[] {
  if (!name.startsWith('@')) return [name];
  const listed = execFileSync(placeOf('systemd-analyze'), ['syscall-filter', name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return listed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^@?[a-z_0-9-]+$/.test(line) && line !== name)
    .flatMap(callsIn);
}
