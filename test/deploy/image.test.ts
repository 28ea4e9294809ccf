import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { settingNames } from '../config-names.ts';
import { type Stage, setStage, settingsFor, temporaryFolder } from '../fixture.ts';
import { freePort } from '../gateways/a-gateway.ts';
import { aServer, ask } from '../http/a-server.ts';
import { PATIENT } from '../patience.ts';
import { holdsToken } from '../slack/flows.ts';

const ROOT = resolve(import.meta.dirname, '../..');

type Instruction = { readonly name: string; readonly rest: string };

/** The instructions of the Dockerfile, continued lines joined. */
const INSTRUCTIONS: readonly Instruction[] = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => ({ name: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));

/** What is copied from the project, file or folder each. */
const COPIED = allOf('COPY')
  .filter((rest) => !rest.startsWith('--from'))
  .flatMap((rest) => rest.split(' ').slice(0, -1));

/** What a container starts. */
const ENTRYPOINT: readonly string[] = JSON.parse(allOf('ENTRYPOINT')[0] ?? '');

/** What the image sets. */
const ENV = Object.fromEntries(
  allOf('ENV').flatMap((rest) => rest.split(' ').map((pair) => pair.split('=', 2) as [string, string])),
);

function allOf(name: string): string[] {
  return INSTRUCTIONS.filter((each) => each.name === name).map(({ rest }) => rest);
}

/** A folder with nothing but what the Dockerfile copies, and the packages. */
function anImage(): string {
  const folder = join(temporaryFolder(), 'app');
  for (const path of COPIED) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Runs `docker run … apitoken SCRIPT` as far as that can be done without Docker. */
function runs(folder: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [...ENTRYPOINT.slice(1), ...args], { cwd: folder, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    child,
    ended: Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((settle) => void child.on('close', settle)),
    ]).then(([out, err, code]) => ({ out, err, code })),
  };
}

function besides(stage: Stage): Record<string, string> {
  const { DATABASE_URL, TOKEN_PEPPER } = settingsFor(stage.workspace, stage.folder);
  return { DATABASE_URL, TOKEN_PEPPER };
}

describe('what the Dockerfile copies', () => {
  test('is enough for the app, which names the settings that are missing', async () => {
    const { code, out, err } = await runs(anImage(), ['src/main.ts'], ENV).ended;

    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^apitoken can't start with these settings/);
    expect(err).toContain('- TOKEN_PEPPER is not set.');
  });

  test('is enough for a verifier that answers, and for its health check', async () => {
    const stage = await setStage();
    const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'first');
    const port = await freePort();
    const env = { ...ENV, ...besides(stage), HTTP_PORT: String(port) };
    const folder = anImage();
    const verifier = runs(folder, ['src/verifier.ts'], env);
    await expect.poll(() => healthOf(folder, env), PATIENT).toBe(0);

    const headers = ['Authorization', `Bearer ${value}`];
    expect((await ask(port, '/verify', { headers })).status).toBe(200);
    verifier.child.kill('SIGTERM');
    expect((await verifier.ended).code).toBe(0);
  });

  test('is enough for the command line', async () => {
    const stage = await setStage();
    await holdsToken(stage, stage.workspace.person('alice'), 'first');

    const listed = await runs(anImage(), ['src/cli.ts', 'list'], { ...ENV, ...besides(stage) }).ended;

    expect(listed).toMatchObject({ code: 0, err: '' });
    expect(listed.out).toContain('first');
    const doctor = await runs(anImage(), ['src/cli.ts', 'doctor'], { ...ENV, ...besides(stage) }).ended;
    expect(doctor.err).not.toMatch(/ENOENT|Cannot find/);
  });

  test('is all that .dockerignore lets in, and nothing of it is secret', () => {
    const [all, ...kept] = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));

    expect(all).toBe('*');
    expect(kept.map((line) => line.replace(/^!/, '')).toSorted()).toEqual(COPIED.toSorted());
    expect(kept.every((line) => line.startsWith('!'))).toBe(true);
    for (const path of COPIED) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });
});

describe('the health check', () => {
  test('says no while the process stops, and where nobody listens', async () => {
    const server = await aServer();
    const folder = anImage();
    const env = { ...ENV, HTTP_PORT: String(server.port) };
    expect(await healthOf(folder, env)).toBe(0);

    server.announceStop();

    expect(await healthOf(folder, env)).toBe(1);
    expect(await healthOf(folder, { ...ENV, HTTP_PORT: String(await freePort()) })).toBe(1);
  });
});

describe('the image', () => {
  test('runs as somebody else than root, by number, with production packages alone', () => {
    expect(allOf('USER').at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(allOf('RUN')).toContain('npm ci --omit=dev');
    const bases = allOf('FROM').map((rest) => rest.split(' ')[0]);
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(new Set(bases)).toEqual(new Set([`node:${/\d+/.exec(engines.node)}-slim`]));
  });

  test('sets nothing but settings that there are, and starts what npm starts', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

    expect(Object.keys(ENV).filter((name) => !settingNames().includes(name))).toEqual([]);
    expect(`exec ${ENTRYPOINT.join(' ')} ${JSON.parse(allOf('CMD')[0] ?? '')}`).toBe(scripts.start);
    expect(`exec ${ENTRYPOINT.join(' ')} src/verifier.ts`).toBe(scripts.verifier);
    expect(allOf('EXPOSE')).toEqual([ENV.HTTP_PORT]);
  });
});

/** Runs the health check; its exit code. */
async function healthOf(cwd: string, env: Record<string, string>): Promise<number | null> {
  const check = allOf('HEALTHCHECK')[0] ?? '';
  const [program, ...args]: string[] = JSON.parse(check.slice(check.indexOf('CMD ') + 4));
  expect(program).toBe('node');
  const child = spawn(process.execPath, args, { cwd, env, stdio: 'ignore' });
  return new Promise((settle) => void child.on('close', settle));
}
