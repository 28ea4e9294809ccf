import { afterEach, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../../sandbox/start.ts';

const PEOPLE = ['alice', 'bob', 'carol', 'dave', 'gus'];
const VALUE = /apit_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/;

let sandbox: Sandbox;

afterEach(() => sandbox.close());

/** What the page of this person is sent first, as it comes over the wire. */
async function pageOf(handle: string): Promise<string> {
  const launched = await fetch(sandbox.link, { redirect: 'manual' });
  const cookie = launched.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const live = await fetch(`http://127.0.0.1:${sandbox.port}/live?as=${handle}`, { headers: { cookie } });
  let text = '';
  for await (const chunk of live.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (/event: scene\ndata: .*\n\n/.test(text)) break;
  }
  return text;
}

test('a value is in the page of its owner alone, and in nobody’s after a reload', async () => {
  sandbox = await startSandbox({ port: 0, log: { write: () => undefined } });
  const alice = sandbox.workspace.person('alice');
  await alice.types('#general', '/apitoken create deploy-bot');
  await expect.poll(() => alice.modal()?.title).toBe('Create API Token');
  await alice.submits();
  await expect.poll(() => alice.reads('@apitoken')).toMatch(VALUE);
  const value = VALUE.exec(alice.reads('@apitoken'))?.[0] ?? '';

  const pages = await Promise.all(PEOPLE.map(async (handle) => [handle, await pageOf(handle)] as const));
  expect(pages.filter(([, page]) => page.includes(value)).map(([handle]) => handle)).toEqual(['alice']);
  for (const handle of PEOPLE.slice(1)) {
    expect(JSON.stringify(sandbox.workspace.snapshot(handle))).not.toContain(value);
  }

  alice.reloads();
  expect(await pageOf('alice')).not.toContain(value);
});
