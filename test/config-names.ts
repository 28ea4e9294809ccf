import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The names of all settings, as `.env.example` has them; another test holds that against the code. */
export function settingNames(): string[] {
  const example = readFileSync(resolve(import.meta.dirname, '../.env.example'), 'utf8');
  return [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name ?? '');
}
