import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import './store/fixtures/a-postgres.ts';

const END_MS_MAX = 20_000;

/** Where the run's PostgreSQL lives: the first test that wants it starts it (`store/fixtures/a-postgres.ts`), this ends it. */
export function setup(project: TestProject): () => Promise<void> {
  // Made by whoever starts it: a run that is killed before leaves nothing, and one that is killed later is cleared up after.
  const folder = join(tmpdir(), `apitoken-postgres-${randomBytes(8).toString('hex')}`);
  project.provide('postgres', { folder, pid: process.pid });
  return async () => {
    const file = join(folder, 'server.json');
    const watcher = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).watcher : undefined;
    if (watcher !== undefined) process.kill(watcher, 'SIGTERM');
    const deadline = performance.now() + END_MS_MAX;
    while (watcher !== undefined && existsSync(file) && performance.now() < deadline) await sleep(20);
    rmSync(folder, { recursive: true, force: true });
  };
}
