import { readFileSync } from 'node:fs';
import { parse, populate } from 'dotenv';
import { ConfigError, type Environment } from './config.ts';

/**
 * Sets in `env` what the file at `path` says and `env` does not say already. A missing file says nothing. Throws a
 * `ConfigError` when the file cannot be read or is not UTF-8: half-read settings would be named as missing, and a pepper with
 * a letter lost would be another pepper.
 */
export function readEnvironmentFile(path: string, env: Record<string, string | undefined>): void {
  const bytes = bytesOf(path);
  if (bytes !== undefined) populate(env, parse(textOf(bytes, path)));
}

const SECRET_SETTINGS = [
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_SIGNING_SECRET',
  'TOKEN_PEPPER',
  'TOKEN_PEPPERS_OLD',
  'DATABASE_URL',
];

/**
 * All of `env`, from which the secrets are then taken away: a diagnostic report that an operator asks Node for would hold them
 * (https://nodejs.org/api/report.html; of a worker thread even where `excludeEnv` is set).
 */
export function takeSettings(env: Record<string, string | undefined>): Environment {
  const settings = { ...env };
  for (const name of SECRET_SETTINGS) delete env[name];
  return settings;
}

function bytesOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT') return undefined;
    throw new ConfigError(
      `${path} can't be read (${code}). Let this user read it, or delete it and set the variables yourself.`,
    );
  }
}

function textOf(bytes: Buffer, path: string): string {
  try {
    // Takes the byte order mark off, which would become part of the first name.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  throw new ConfigError(
    `${path} is encoded as ${encodingOf(bytes)}, not as UTF-8. Save it as UTF-8, then start again.`,
  );
}

/** What an editor calls it. Text of few letters beyond ASCII has a zero byte in every pair (UTF-16) or three in four (UTF-32). */
function encodingOf(bytes: Buffer): string {
  const zeros = bytes.filter((byte) => byte === 0).length;
  if (zeros > bytes.length / 2) return 'UTF-32';
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff' || zeros > 0) return 'UTF-16 (“Unicode” in some editors)';
  return 'something else (perhaps Latin-1)';
}
