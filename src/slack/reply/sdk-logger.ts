import { type Logger, LogLevel } from '@slack/web-api';
import type { Log } from '../../log.ts';

/**
 * The log as Slack's SDK wants it. It stops at INFO whatever `LOG_LEVEL` says: at DEBUG the SDK prints whole payloads, so
 * values too.
 */
export function sdkLogger(log: Log): Logger {
  const write =
    (level: 'info' | 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[level]({ from: 'slack sdk' }, textOf(parts));
  return {
    debug: () => undefined,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}

function textOf(parts: readonly unknown[]): string {
  return parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' ');
}
