import { type DestinationStream, type LevelWithSilent, type Logger, pino, stdTimeFunctions } from 'pino';
import { holdsSecret, maskValues, SEARCHED_LENGTH_MAX } from './tokens/finder.ts';
import { randomBase62 } from './tokens/token-value.ts';

/** Where everything is logged: one JSON object a line. */
export type Log = Logger;

const LEFT_OUT = '(left out: it holds a token value)';
/** Short enough to be read out. */
const REFERENCE_LENGTH = 8;
const SLACK_TOKEN = /(xox[a-z]|xapp)-[0-9A-Za-z-]+/g;

/**
 * Logs to `stream`. Whatever is logged, wherever in the line it stands: what has the shape of a token's value or of a Slack
 * token is cut to its first characters, and a text that holds a value in another form is left out.
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
    hooks: { streamWrite: (line: string) => withoutSecrets(maskValues(line).replace(SLACK_TOKEN, '$1-…')) },
  };
  return pino(settings, options.stream);
}

/** What is told of a fault, and finds its line in the log. */
export function newReference(): string {
  return randomBase62(REFERENCE_LENGTH);
}

/** `line`, one JSON object. Of a text longer than can be searched only so much is logged. */
function withoutSecrets(line: string): string {
  if (line.length <= SEARCHED_LENGTH_MAX && !holdsSecret(line)) return line;
  return `${JSON.stringify(JSON.parse(line, (_key, logged: unknown) => withoutSecret(logged)))}\n`;
}

function withoutSecret(logged: unknown): unknown {
  if (typeof logged === 'string')
    return holdsSecret(logged) ? LEFT_OUT : logged.slice(0, SEARCHED_LENGTH_MAX);
  if (typeof logged !== 'object' || logged === null || !Object.keys(logged).some(holdsSecret)) return logged;
  return Object.fromEntries(
    Object.entries(logged).map(([key, each]) => [holdsSecret(key) ? LEFT_OUT : key, each]),
  );
}
