import { defineConfig } from 'vitest/config';

const { TESTS } = process.env;

/** The tests that count for `npm run test:mutation`: all of these, or those that `TESTS` names. */
export default defineConfig({
  test: {
    include: TESTS?.split(' ') ?? [
      'test/tokens/*.test.ts',
      'test/store/*.test.ts',
      'test/http/!(hardening).test.ts',
      'test/chain-watch.test.ts',
    ],
    globalSetup: ['test/postgres-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
  },
});
