import { expect, test } from 'vitest';
import { StoreFault } from '../../../src/store/fault.ts';
import { isRefused, postgresFault } from '../../../src/store/postgres/fault.ts';

/** As `pg` throws it and Drizzle wraps it: with the statement, its parameters and a row. */
function anError(code: string, message = 'duplicate key: hunter2'): Error {
  const cause = Object.assign(new Error(message), { code, detail: 'Key (key)=(hunter2)', where: 'hunter2' });
  return new Error('Failed query: select hunter2', { cause });
}

test.for([
  ['55P03', 'busy', 'Nothing was changed.'],
  ['57014', 'busy', 'Nothing was changed.'],
  ['53300', 'busy', 'Nothing was changed.'],
  ['40001', 'busy', 'Nothing was changed.'],
  ['40P01', 'busy', 'Nothing was changed.'],
  ['53100', 'unwritable', 'disk is full, so nothing was changed'],
  ['25006', 'unwritable', "can't be written (25006)"],
  ['42501', 'unwritable', "can't be written (42501)"],
  ['58030', 'unwritable', "can't be written (58030)"],
  ['57P01', 'failed', "can't be reached (57P01)"],
  ['57P03', 'failed', "can't be reached (57P03)"],
  ['08006', 'failed', "can't be reached (08006)"],
  ['ECONNREFUSED', 'failed', "can't be reached (ECONNREFUSED)"],
  ['EPIPE', 'failed', "can't be reached (EPIPE)"],
  ['23505', 'failed', 'failed with 23505'],
  ['53200', 'failed', 'failed with 53200'],
] as const)('%s is %s', ([code, kind, sentence]) => {
  const fault = postgresFault(anError(code));

  expect(fault).toMatchObject({ name: 'StoreFault', code: kind, message: expect.stringContaining(sentence) });
  expect(`${fault.stack} ${(fault.cause as Error).stack} ${JSON.stringify(fault.cause)}`).not.toContain(
    'hunter2',
  );
});

test.for([
  ['timeout exceeded when trying to connect', 'busy'],
  ['Query read timeout', 'busy'],
  ['Connection terminated unexpectedly', 'failed'],
] as const)('"%s", which has no code, is %s', ([message, kind]) => {
  expect(postgresFault(new Error('Failed query', { cause: new Error(message) })).code).toBe(kind);
});

test('a fault that was made before stays as it is, wrapped or not', () => {
  const fault = new StoreFault('tampered', 'It says otherwise.');

  expect(postgresFault(fault)).toBe(fault);
  expect(postgresFault(new Error('Failed query', { cause: fault }))).toBe(fault);
});

test.for([
  ['23505', true],
  ['XX000', true],
  ['57P01', false],
  ['08006', false],
  ['40003', false],
  ['EPIPE', false],
  ['ECONNRESET', false],
] as const)('after %s it is known that nothing was committed: %s', ([code, isKnown]) => {
  expect(isRefused(anError(code))).toBe(isKnown);
});
