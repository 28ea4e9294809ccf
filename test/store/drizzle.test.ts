import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const STORE = fileURLToPath(new URL('../../src/store/', import.meta.url));

test('Drizzle is loaded by require and in one file: its ES modules cost most of the start', () => {
  const files = readdirSync(STORE, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, text: readFileSync(`${STORE}${file}`, 'utf8') }));

  const importing = files.filter(({ text }) => /^(import|export) (?!type )[^;]*from 'drizzle-/m.test(text));
  const requiring = files.filter(({ text }) => text.includes("require('drizzle-"));

  expect(importing).toEqual([]);
  expect(requiring.map(({ file }) => file)).toEqual(['drizzle.ts']);
});
