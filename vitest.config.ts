import { defineConfig } from 'vitest/config';
import { tellEngines } from './test/engines-reporter.ts';

const ON_POSTGRES = { TEST_DATABASE: 'postgres' };

// biome-ignore lint/style/noProcessEnv: whoever starts the tests says which of both runs it is
const isSecondRun = process.env.TEST_DATABASE === 'postgres';

/** Of SQLite's own file, log, locks, plans and steps: they stay on it. */
const SQLITE_ALONE = ['drizzle', 'fault', 'migrate', 'open', 'recovery', 'statements', 'upgrade', 'writer'];

/** The second run: what goes on in Slack and over HTTP, on PostgreSQL. */
const flowsOnPostgres = {
  extends: true as const,
  test: {
    name: 'flows on postgres',
    include: [
      'test/slack/**/*.test.ts',
      'test/http/**/*.test.ts',
      'test/leaks.test.ts',
      'test/replicas/*.test.ts',
    ],
    env: ON_POSTGRES,
  },
};

/**
 * Everything on SQLite, and the suite of the store on PostgreSQL once more (`TEST_DATABASE=postgres`): one that the first such test
 * starts, from binaries that npm brings.
 */
export default defineConfig({
  plugins: [tellEngines()],
  test: {
    globalSetup: ['test/postgres-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // The default of 1 s is short for a machine that drives a browser beside it.
    expect: { poll: { timeout: 30_000 } },
    restoreMocks: true,
    projects: isSecondRun
      ? [flowsOnPostgres]
      : [
          {
            extends: true,
            test: { name: 'sqlite', include: ['test/**/*.test.ts'], exclude: ['test/store/postgres/**'] },
          },
          {
            extends: true,
            test: {
              name: 'postgres',
              include: ['test/store/*.test.ts', 'test/store/postgres/*.test.ts'],
              exclude: SQLITE_ALONE.map((name) => `test/store/${name}.test.ts`),
              env: ON_POSTGRES,
            },
          },
        ],
  },
});
