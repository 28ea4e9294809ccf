import { afterEach, beforeEach, expect, test } from 'vitest';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { call } from './tiny-app.ts';

let workspace: Workspace;

beforeEach(async () => {
  workspace = await startWorkspace();
});

afterEach(async () => {
  await workspace.close();
  expect(workspace.refusals).toEqual([]);
});

const TEXT = 'name\nschlüssel\n';
const LENGTH = Buffer.byteLength(TEXT);

/** An upload that was asked for, for `length` bytes. */
async function announced(length = LENGTH): Promise<{ url: string; id: string }> {
  const answer = await call(workspace, 'files.getUploadURLExternal', { filename: 'a.csv', length });
  return { url: String(answer.upload_url), id: String(answer.file_id) };
}

const upload = (url: string, body = TEXT) => fetch(url, { method: 'POST', body });
const complete = (files: unknown, channel_id: string) =>
  call(workspace, 'files.completeUploadExternal', { files, channel_id, initial_comment: '*All*' });

async function dmOf(handle: string): Promise<string> {
  const opened = await call(workspace, 'conversations.open', { users: workspace.ids.people[handle] });
  return opened.channel.id;
}

test('a file that was announced, uploaded and completed stands in the conversation, and can be read', async () => {
  const alice = workspace.person('alice');
  const { url, id } = await announced();

  const uploaded = await upload(url);
  const completed = await complete([{ id, title: 'a.csv' }], await dmOf('alice'));

  expect([uploaded.status, await uploaded.text()]).toEqual([200, `OK - ${LENGTH}`]);
  expect(completed).toMatchObject({ ok: true, files: [{ id, title: 'a.csv' }] });
  expect(alice.sees('@apitoken').map(({ text }) => text)).toEqual(['All\na.csv']);
  expect(alice.sees('@apitoken')[0]?.raw.files).toEqual([{ id, name: 'a.csv', size: LENGTH, preview: TEXT }]);
  expect(alice.readsFile('@apitoken')).toBe(TEXT);
  expect(alice.file(id)).toEqual({ name: 'a.csv', text: TEXT });
  expect(JSON.stringify(workspace.snapshot('bob'))).not.toContain('schlüssel');
  expect(workspace.person('bob').file(id)).toBeUndefined();
});

test.for([
  ['another number of bytes', LENGTH + 1, 1],
  ['a second time', LENGTH, 2],
] as const)('an upload of %s is refused', async ([, length, times]) => {
  const { url } = await announced(length);

  let status = 0;
  for (let time = 1; time <= times; time++) status = (await upload(url)).status;

  expect(status).toBe(400);
  workspace.expectRefusal('bad_upload');
});

test.for([
  ['was never uploaded', false, 'file_not_found'],
  ['goes to no channel', true, 'invalid_channel'],
  ['goes where the app is no member', true, 'not_in_channel'],
] as const)('a file that %s is refused', async ([what, isUploaded, error]) => {
  const { url, id } = await announced();
  if (isUploaded) await upload(url);
  const { general = '', 'no-app': noApp = '' } = workspace.ids.channels;
  const channel = { invalid_channel: 'C0NOWHERE', not_in_channel: noApp }[String(error)] ?? general;

  expect(await complete([{ id }], channel), what).toMatchObject({ ok: false, error });
  workspace.expectRefusal(error);
});

test('a file is completed once, and a size that is none is refused', async () => {
  const { url, id } = await announced();
  const channel = await dmOf('alice');
  await upload(url);
  await complete([{ id }], channel);

  expect(await complete([{ id }], channel)).toMatchObject({ error: 'file_not_found' });
  expect(await call(workspace, 'files.getUploadURLExternal', { filename: 'a', length: 0 })).toMatchObject({
    error: 'invalid_arguments',
  });
  workspace.expectRefusal('file_not_found');
  workspace.expectRefusal('invalid_arguments');
});

test('an upload can be made to fail, and a fault of a response_url does not hit it', async () => {
  const { url } = await announced();
  workspace.faults.add({ url: 'response_url', status: 500 });
  workspace.faults.add({ method: 'upload', status: 503 });

  expect((await upload(url)).status).toBe(503);
  expect((await upload(url)).status).toBe(200);
});

test('a message in a channel that the app was taken out of cannot be changed by it any more', async () => {
  const { general = '' } = workspace.ids.channels;
  const { ts } = await call(workspace, 'chat.postMessage', { channel: general, text: 'x' });
  workspace.setAppInChannel('general', false);

  expect(await call(workspace, 'chat.update', { channel: general, ts, text: 'y' })).toMatchObject({
    error: 'channel_not_found',
  });
  workspace.expectRefusal('channel_not_found');
});

test('of two selects in a row, the one with the label is meant', async () => {
  const { general = '' } = workspace.ids.channels;
  const select = (action_id: string, text: string) => ({
    type: 'static_select',
    action_id,
    placeholder: { type: 'plain_text', text },
    options: [{ text: { type: 'plain_text', text: `of ${text}` }, value: 'v' }],
  });
  const blocks = [
    { type: 'section', text: { type: 'plain_text', text: 'Owner' } },
    { type: 'actions', elements: [select('a', 'Status'), select('b', 'Owner')] },
  ];
  await call(workspace, 'chat.postMessage', { channel: general, text: 'x', blocks });

  await expect(workspace.person('alice').selects('Owner', 'of Status')).rejects.toThrow('of Status');
});
