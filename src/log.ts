import { type DestinationStream, type LevelWithSilent, type Logger, pino, stdTimeFunctions } from 'pino';
import { maskValues } from './tokens/token-value.ts';

/** Where everything is logged: one JSON object a line. */
export type Log = Logger;

const SLACK_TOKEN = /(xox[a-z]|xapp)-[0-9A-Za-z-]+/g;

/**
 * Logs to `stream`. Whatever is logged, wherever in the line it stands: what has the shape of a token's value or of a Slack
 * token is cut to its first characters.
 */
export function createLog(options: {
  readonly level: LevelWithSilent;
  readonly stream: DestinationStream;
}): Log {
  const settings = {
    level: options.level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: (line: string) => maskValues(line).replace(SLACK_TOKEN, '$1-…') },
  };
  return pino(settings, options.stream);
}
