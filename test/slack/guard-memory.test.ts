import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startProcess } from '../app-process.ts';
import { openWorkspace, type Stage, setStage, settingsFor } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { GUARDED_SEED } from './a-guard.ts';
import { holdsToken } from './flows.ts';

const WORDS = 'zwiebelkuchen-rezept-4711';

test('a message that was looked at is in no object of the process afterwards, nor is its value', async () => {
  const workspace = await openWorkspace({ seed: GUARDED_SEED, withCommented: true });
  const stage = await setStage({ workspace });
  const { value } = await holdsToken(stage, workspace.person('alice'), 'deploy-bot');
  await stage.app.stop();
  const app = startGuard(stage);
  const port = await app.ready;
  await workspace.waitForSockets(1);
  const isAllowed = async () => {
    const headers = { authorization: `Bearer ${value}` };
    return (await fetch(`http://127.0.0.1:${port}/verify`, { headers })).status === 200;
  };
  expect(await isAllowed()).toBe(true);

  await workspace.person('carol').types('#general', `${WORDS} without anything`);
  await workspace.person('carol').types('#general', `${WORDS} with ${value}`);
  await vi.waitFor(async () => expect(await isAllowed()).toBe(false), PATIENT);
  // The last text that an expression was matched against is kept by the engine until the next one.
  for (let number = 0; number < 50; number++) {
    await workspace.person('carol').types('#general', `something else, ${number}`);
    await fetch(`http://127.0.0.1:${port}/verify`, {
      headers: { authorization: 'Bearer of-something-else' },
    });
  }

  const heap = await heapOf(app, stage.folder);
  // It is in the settings: so the process's strings are there.
  expect(heap).toContain('C0ONCALL001');
  expect(heap).not.toContain('zwiebelkuchen');
  expect(heap).not.toContain(value.slice(20, 44));
  app.signal('SIGTERM');
  await app.ended;
  workspace.takeRefusals();
});

function startGuard({ workspace, folder }: Stage) {
  const env = {
    ...settingsFor(workspace, folder, { LEAK_GUARD: 'revoke', LEAK_CHANNEL: 'C0ONCALL001' }),
    NODE_OPTIONS: '--heapsnapshot-signal=SIGUSR2',
  };
  return startProcess({ folder, env });
}

/** All strings of the process that anything still refers to. */
async function heapOf(app: ReturnType<typeof startProcess>, folder: string): Promise<string> {
  app.signal('SIGUSR2');
  const file = await vi.waitFor(() => {
    const name = readdirSync(folder).find((one) => one.endsWith('.heapsnapshot'));
    if (name === undefined) throw new Error('no snapshot yet');
    const text = readFileSync(join(folder, name), 'utf8');
    if (!text.trimEnd().endsWith(']}')) throw new Error('the snapshot is being written');
    return text;
  }, PATIENT);
  return file;
}
