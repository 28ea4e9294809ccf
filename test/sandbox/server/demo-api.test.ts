import { afterEach, expect, test } from 'vitest';
import { askDemo, type DemoApi, startDemoApi } from '../../../sandbox/server/demo-api.ts';

let demo: DemoApi | undefined;

afterEach(() => demo?.close());

test('an API whose verifier is away says so, and lets nobody in', async () => {
  demo = await startDemoApi(() => 'http://127.0.0.1:9/verify');

  const answer = await fetch(demo.url, { headers: { authorization: 'Bearer x' } });

  expect(answer.status).toBe(503);
});

test.for([[undefined], [{}], [{ value: '' }], [{ value: 'a b' }], [{ value: 'a\r\nx: y' }], [{ value: 7 }]])(
  'nothing is asked with %j',
  async ([json]) => {
    expect(await askDemo('http://127.0.0.1:9/hello', json)).toBeUndefined();
  },
);
