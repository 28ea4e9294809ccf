import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LineOutput } from '../src/line-output.ts';
import { temporaryFolder } from './fixture.ts';
import { PATIENT } from './patience.ts';

/** Larger than a pipe's 64 KiB, so that no pipe takes it whole. */
const LONG = `${'x'.repeat(100_000)}\n`;
/** More of them than are kept for a reader. */
const MANY = 30;

/** A pipe with both ends: `read` takes what is in it. */
function aPipe() {
  const path = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(writing));
  const bytes = Buffer.alloc(1024 * 1024);
  return {
    output: new LineOutput(writing),
    close: () => closeSync(reading),
    read: () => {
      try {
        return bytes.subarray(0, readSync(reading, bytes)).toString();
      } catch {
        return '';
      }
    },
  };
}

test('a line is there when write returns', () => {
  const { output, read } = aPipe();

  output.write('one\n');

  expect(read()).toBe('one\n');
  expect(output.dropped).toBe(0);
});

test('lines wait for a reader that stands still, and come in order and whole', async () => {
  const { output, read } = aPipe();
  let text = '';

  for (const line of [LONG, 'two\n', 'three\n']) output.write(line);

  await vi.waitFor(() => {
    text += read();
    expect(text).toBe(`${LONG}two\nthree\n`);
  });
  expect(output.dropped).toBe(0);
});

test('beyond 1 MiB lines are dropped and counted, and one line says how many, where they are missing', async () => {
  const { output, read } = aPipe();
  for (let count = 0; count < MANY; count++) output.write(LONG);
  const { dropped } = output;
  let text = '';

  await vi.waitFor(() => {
    text += read();
    expect(text).toContain('"dropped"');
  }, 10_000);
  output.write('after\n');
  text += read();

  expect(dropped).toBeGreaterThan(0);
  const lines = text.split('\n');
  expect(lines.filter((line) => line === LONG.trim())).toHaveLength(MANY - dropped);
  expect(JSON.parse(lines.at(-3) ?? '')).toEqual({
    level: 'warn',
    time: expect.stringMatching(/Z$/),
    dropped,
    msg: 'standard output could not be written: log lines were dropped',
  });
  expect(lines.slice(-2)).toEqual(['after', '']);
  expect(output.dropped).toBe(dropped);
});

test('when the reader is gone for good nothing is written any more', () => {
  const { output, close } = aPipe();
  close();

  output.write('one\n');
  output.write('two\n');

  expect(output.dropped).toBe(2);
});

test('end waits for a reader that is slow, and not for one that stands still', () => {
  const { output } = aPipe();
  output.write(LONG);
  const startedAt = performance.now();

  output.end();

  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300);
});

test('a device without room drops every line', () => {
  const full = openSync('/dev/full', constants.O_WRONLY);
  onTestFinished(() => closeSync(full));
  const output = new LineOutput(full);

  for (const line of ['one\n', 'two\n', 'three\n']) output.write(line);

  expect(output.dropped).toBe(3);
});

test('a disk that has room again is told how many lines are missing, on a line of its own', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'apitoken-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    return context.skip('a small disk can be mounted by root alone');
  }
  const path = join(folder, 'log');
  const file = openSync(path, 'a');
  onTestFinished(() => {
    closeSync(file);
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });
  const filling = join(folder, 'filling');
  writeFileSync(filling, Buffer.alloc(40_000));
  const output = new LineOutput(file);

  for (const line of ['one\n', LONG, 'three\n']) output.write(line);
  rmSync(filling);
  await vi.waitFor(() => expect(readFileSync(path, 'utf8')).toContain('"dropped"'), PATIENT);
  output.write('after\n');

  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines[0]).toBe('one');
  expect(JSON.parse(lines.at(-3) ?? '')).toMatchObject({ dropped: 2 });
  expect(lines.slice(-2)).toEqual(['after', '']);
  expect(existsSync(filling)).toBe(false);
});
