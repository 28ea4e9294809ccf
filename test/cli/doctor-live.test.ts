import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { openWorkspace, settingsFor, temporaryFolder, valueSeenBy } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { type Ran, runs } from './a-command.ts';
import { aStage, aWard, doctor, type Ward } from './a-ward.ts';

test.for<[what: string, options: Parameters<typeof openWorkspace>[0], channel: string, rows: RegExp[]]>([
  [
    'finds both as they should be',
    { withCommented: true },
    'C0ONCALL001',
    [
      /^ok +LEAK_CHANNEL accepts a message +posted, and gone again/m,
      /^ok +Slack tells of messages in channels +it does/m,
    ],
  ],
  [
    'names a channel that the app is not in',
    { withCommented: true },
    'C0NOAPP0001',
    [/^differs +LEAK_CHANNEL accepts a message +Slack answered not_in_channel/m],
  ],
  [
    'names events that do not come',
    {},
    'C0ONCALL001',
    [/^differs +Slack tells of messages in channels +no event came within 5 seconds/m],
  ],
])('doctor --live tries what the leak guard needs, and %s', async ([, options, channel, rows]) => {
  const ward = await aWard(options);
  const before = lastingMessages(ward.workspace);

  const ran = await live(ward, { env: { LEAK_GUARD: 'warn', LEAK_CHANNEL: channel } });

  for (const row of rows) expect(ran.out).toMatch(row);
  expect(lastingMessages(ward.workspace)).toEqual(before);
  ward.workspace.takeRefusals();
});

test('doctor --live does not try what a running app would hear', async () => {
  const stage = await aStage({ withCommented: true });

  const ran = await live(stage, { env: { LEAK_GUARD: 'warn', LEAK_CHANNEL: 'C0ONCALL001' } });

  expect(ran.out).toMatch(/^ok +LEAK_CHANNEL accepts a message/m);
  expect(ran.out).toMatch(
    /^not tried +Slack tells of messages in channels +apitoken runs and gets what Slack/m,
  );
});

test('doctor --live passes beside the running app, and leaves no message, file or Home tab of its own', async () => {
  const stage = await aStage({ rateLimits: true });
  const { workspace } = stage;
  const alice = workspace.person('alice');
  const before = { messages: lastingMessages(workspace), home: alice.home()?.text };

  const ran = await live(stage);

  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toMatch(/\n +RELIED ON +SEEN +WHAT BREAKS OTHERWISE\n/);
  expect(ran.out).toMatch(/^ok +chat\.postEphemeral accepts a message with the shape of a value +accepted/m);
  expect(ran.out).toMatch(/^not tried +The person sees that message +nobody was asked: use --wait SECONDS/m);
  expect(ran.out).toMatch(/^ok +chat\.delete removes the messages of the trial +all are gone;/m);
  expect(ran.out).toMatch(/\nNothing is wrong\.\n$/);
  expect(ran.out).not.toContain('differs');
  expect({ messages: lastingMessages(workspace), home: alice.home()?.text }).toEqual(before);
  expect(workspace.messages().flatMap(({ files }) => files)).toEqual([]);
});

test('doctor --live shows no value: what looks like one verifies nowhere, and is not printed', async () => {
  const stage = await aStage();

  const ran = await live(stage, { args: ['--json'] });

  const shown = valueSeenBy(stage.workspace.person('alice'));
  expect((await stage.verify(shown)).status).toBe(401);
  expect(ran.out).not.toContain(shown.slice(5, 17));
  expect(stage.databaseBytes()).not.toContain(shown.slice(5, 17));
  expect(JSON.parse(ran.out)).toMatchObject({ ok: true, tried: expect.any(Array) });
});

test('doctor --live says that the value was seen where the person types its code', async () => {
  const ward = await aStage();

  const ran = await asked(ward, (alice) => {
    const code = /type (\d{4}) in the terminal/.exec(alice.sees('@apitoken').at(-1)?.text ?? '')?.[1];
    return `${code}\n`;
  });

  expect(ran.out).toMatch(/^ok +The person sees that message +they do /m);
  expect(ran.code).toBe(0);
});

test('doctor --live waits for a press and a shortcut while no app runs, and tries a table by the response_url', async () => {
  const ward = await aWard();
  const alice = ward.workspace.person('alice');

  const ran = await asked(ward, () => '\n', [
    ['press "Press me"', () => alice.clicks('Press me')],
    ['Run the shortcut "Create API Token"', () => alice.uses('Create API Token')],
  ]);

  expect(ran.out).toMatch(/^ok +A press arrives, and its response_url accepts a table +both /m);
  expect(ran.out).toMatch(/^ok +The shortcut Create API Token arrives +it does /m);
  expect(lastingMessages(ward.workspace).filter((text) => text.includes('doctor'))).toEqual([]);
  await vi.waitFor(() => expect(ward.workspace.sockets.count()).toBe(0), PATIENT);
});

test('doctor --live names a table that a response_url refuses', async () => {
  const ward = await aWard();
  const alice = ward.workspace.person('alice');
  ward.workspace.faults.add({ url: 'response_url', error: 'invalid_blocks', status: 400 });

  const ran = await asked(ward, () => '\n', [
    ['press "Press me"', () => alice.clicks('Press me')],
    ['Run the shortcut "Create API Token"', () => alice.uses('Create API Token')],
  ]);

  expect(ran.out).toMatch(
    /^differs +A press arrives, and its response_url accepts a table +Slack answered invalid_blocks/m,
  );
});

test('doctor --live that is interrupted takes away what it made, and tries nothing more', async () => {
  const stage = await aStage();
  const before = lastingMessages(stage.workspace);

  const ran = await runs(['doctor', '--live', stage.workspace.person('alice').id, '--wait', '60'], {
    env: settingsFor(stage.workspace, stage.folder),
    folder: temporaryFolder(),
    answer: { question: 'a question that is never asked', with: () => '' },
    onNote: (err, child) => {
      // Twice at once, as npm hands on what the terminal sends to both.
      if (err.endsWith('(Return: there is none) ')) for (const _ of 'ab') child.kill('SIGINT');
    },
  });

  expect(ran.code).toBe(1);
  expect(ran.out).toMatch(/^not tried +A CSV file of one line +it was stopped/m);
  expect(ran.out).toMatch(/^ok +chat\.delete removes the messages of the trial +all are gone/m);
  expect(lastingMessages(stage.workspace)).toEqual(before);
});

test('doctor --live waits for no press beside a running app, which would miss it', async () => {
  const stage = await aStage();

  const ran = await live(stage, { args: ['--wait', '60'] });

  expect(ran.out).toMatch(
    /^not tried +A press arrives, .* apitoken runs and gets what is pressed: stop it to try this/m,
  );
});

test('doctor --live names a value that was taken and never shown', async () => {
  const ward = await aStage();
  ward.workspace.faults.add({ method: 'chat.postEphemeral', lose: true });

  const ran = await asked(ward, () => '\n');

  expect(ran.out).toMatch(
    /^differs +The person sees that message +Slack accepted it, but they don't see it +Values are lost on the way\./m,
  );
  expect(ran.code).toBe(1);
});

test.for<[row: string, fault: Parameters<Workspace['faults']['add']>[0], seen: string]>([
  ['users.info tells who the person is', { method: 'users.info', error: 'user_not_found' }, 'user_not_found'],
  [
    'User groups can be read',
    { method: 'usergroups.list', error: 'plan_upgrade_required' },
    'plan_upgrade_required',
  ],
  ['conversations.open opens', { method: 'conversations.open', error: 'missing_scope' }, 'missing_scope'],
  ['Messages tab: ', { method: 'chat.postMessage', error: 'messages_tab_disabled' }, 'messages_tab_disabled'],
  [
    'The largest board by chat.update',
    { method: 'chat.update', error: 'msg_blocks_too_long' },
    'msg_blocks_too_long',
  ],
  [
    'The largest board by chat.postMessage',
    {
      method: 'chat.postMessage',
      error: 'invalid_blocks',
      when: ({ blocks }) => String(blocks).includes('header'),
    },
    'invalid_blocks',
  ],
  [
    'chat.postEphemeral accepts',
    { method: 'chat.postEphemeral', error: 'restricted_action' },
    'restricted_action',
  ],
  [
    'A table by chat.postEphemeral',
    { method: 'chat.postEphemeral', status: 500, when: ({ blocks }) => String(blocks).includes('"table"') },
    'HTTP 500',
  ],
  [
    'A CSV file of one line',
    { method: 'files.getUploadURLExternal', status: 429, retryAfter: 7 },
    'wait 7 seconds',
  ],
  ['A CSV file of one line', { method: 'upload', status: 400 }, 'Slack answered 400 to an upload'],
  ['Home tab: ', { method: 'views.publish', error: 'not_enabled' }, 'not_enabled'],
  ['blocks.validate accepts', { method: 'blocks.validate', error: 'invalid_blocks' }, 'Create API Token: '],
  ['apps.connections.open opens', { method: 'apps.connections.open', drop: true }, 'no_answer'],
  ['chat.delete removes', { method: 'chat.delete', status: 429 }, 'wait 1 second; all are gone'],
  ['files.delete removes', { method: 'files.delete', error: 'cant_delete_file' }, '1 of 1 are left'],
])('doctor --live names "%s" where Slack answers %o', async ([row, fault, seen]) => {
  const ward = await aWard();
  ward.workspace.faults.add(fault);

  const ran = await live(ward);

  const differing = ran.out.split('\n').filter((line) => line.startsWith('differs'));
  expect(differing.map((line) => line.replace(/^differs +/, ''))).toEqual([expect.stringContaining(seen)]);
  expect(differing[0]?.replace(/^differs +/, '').startsWith(row)).toBe(true);
  expect(ran).toMatchObject({ code: 1, err: '1 problem found in Slack.\n' });
  expect(lastingMessages(ward.workspace).filter((text) => /trying|still presented/.test(text))).toEqual([]);
});

test('doctor --live names each tab that is off', async () => {
  const manifest = readFileSync('manifest.yml', 'utf8').replace(
    /(home|messages)_tab_enabled: true/g,
    '$1_tab_enabled: false',
  );
  const folder = temporaryFolder();
  const manifestPath = join(folder, 'manifest.yml');
  writeFileSync(manifestPath, manifest);
  const workspace = await openWorkspace({ manifestPath });

  const ran = await live({ workspace, folder });

  expect(ran.out).toMatch(/^differs +Messages tab: .*messages_tab_disabled.*Turn the Messages tab on/m);
  expect(ran.out).toMatch(/^differs +Home tab: .*not_enabled.*Turn the Home tab on/m);
  expect(ran.code).toBe(1);
  workspace.takeRefusals();
});

test('doctor --live names the scopes that the token lacks, and what fails without them', async () => {
  const ward = await aWard({ withheldScopes: ['files:write'] });

  const ran = await live(ward);

  expect(ran.out).toMatch(
    /^differs +The token has the scopes of manifest\.yml +no files:write: there is no CSV/m,
  );
  expect(ran.out).toMatch(/^differs +A CSV file of one line +Slack answered missing_scope/m);
  expect(ran.code).toBe(1);
  ward.workspace.takeRefusals();
});

test('doctor --live tries nothing where Slack does not answer', async () => {
  const ward = await aWard();
  ward.workspace.faults.add({ method: 'auth.test', drop: true, times: 2 });

  const ran = await live(ward);

  expect(ran.out).toMatch(/^differs +auth\.test accepts the bot token +Slack answered no_answer/m);
  expect(ran.out.match(/^not tried/gm)?.length).toBeGreaterThan(15);
  expect(ran.code).toBe(1);
});

function live(
  ward: Pick<Ward, 'workspace' | 'folder'>,
  { args = [], env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {},
): Promise<Ran> {
  return doctor(ward, { args: ['--live', ward.workspace.person('alice').id, ...args], env });
}

/** The same at a terminal where somebody types `answer` as soon as they are asked, and does whatever else they are told to. */
function asked(
  { workspace, folder }: Pick<Ward, 'workspace' | 'folder'>,
  answer: (alice: ReturnType<Workspace['person']>) => string,
  deeds: readonly (readonly [told: string, does: () => Promise<unknown>])[] = [],
): Promise<Ran> {
  const alice = workspace.person('alice');
  const left = [...deeds];
  return runs(['doctor', '--live', alice.id, '--wait', '60'], {
    env: settingsFor(workspace, folder),
    folder: temporaryFolder(),
    answer: { question: 'Which 4 digits are in it?', with: () => answer(alice) },
    onNote: (err) => {
      const [told, does] = left[0] ?? [];
      if (told === undefined || !err.includes(told)) return;
      left.shift();
      does?.().catch((error: unknown) => expect.unreachable(String(error)));
    },
  });
}

/** What stands in the workspace for good. */
function lastingMessages(workspace: Workspace): string[] {
  return workspace
    .messages()
    .filter(({ onlyFor, vanished }) => onlyFor === undefined && !vanished)
    .map(({ text }) => text);
}
