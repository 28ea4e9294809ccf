import { LogLevel } from '@slack/web-api';
import { expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { sdkLogger } from '../../src/slack/reply/sdk-logger.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';

test('nothing of the SDK is logged below INFO, whatever it is told', () => {
  const { logger, lines } = aLogger();

  logger.setLevel(LogLevel.DEBUG);
  logger.debug('{"payload":{"text":"everything"}}');

  expect(lines).toEqual([]);
  expect(logger.getLevel()).toBe(LogLevel.INFO);
});

test.for(['info', 'warn', 'error'] as const)('what the SDK says at %s is one line of that level', (level) => {
  const { logger, lines } = aLogger();
  const value = TokenValue.generate('apit').reveal();

  logger[level]('a request failed:', new Error(`with ${value}`), 42);

  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level, from: 'slack sdk', msg: `a request failed: with ${value.slice(0, 9)}… 42` },
  ]);
});

function aLogger() {
  const lines: string[] = [];
  const log = createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } });
  return { logger: sdkLogger(log), lines };
}
