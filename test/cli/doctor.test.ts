import {
  chmodSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { withCommentedLines } from '../../sandbox/workspace/manifest.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { GUARD_SCOPES, SCOPES } from '../../src/slack/doctor/scopes.ts';
import {
  openWorkspace,
  type Stage,
  setStage,
  settingsFor,
  temporaryFolder,
  valueSeenBy,
} from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { createsToken, settled } from '../slack/flows.ts';
import { besides, type Ran, runs } from './a-command.ts';

const MINUTE_MS = 60_000;

/** A workspace with a database beside it that an app has worked with, and left. */
type Ward = { readonly workspace: Workspace; readonly folder: string; readonly database: string };

let folderOfCommand: string;

beforeEach(() => {
  folderOfCommand = temporaryFolder();
});

async function aWard(options?: Parameters<typeof openWorkspace>[0]): Promise<Ward> {
  const stage = await aStage(options);
  await stage.app.stop();
  return { workspace: stage.workspace, folder: stage.folder, database: join(stage.folder, 'apitoken.db') };
}

async function aStage(options?: Parameters<typeof openWorkspace>[0]): Promise<Stage> {
  const stage = await setStage({ workspace: await openWorkspace(options) });
  await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await settled(stage);
  return stage;
}

function doctor(
  { workspace, folder }: Pick<Ward, 'workspace' | 'folder'>,
  { args = [], env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {},
): Promise<Ran> {
  return runs(['doctor', ...args], { env: settingsFor(workspace, folder, env), folder: folderOfCommand });
}

test('doctor finds nothing wrong beside the running app, and changes nothing', async () => {
  const stage = await aStage();
  const callsBefore = stage.workspace.traffic.length;

  const ran = await doctor(stage);
  const machines = JSON.parse((await doctor(stage, { args: ['--json'] })).out);

  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toMatch(/^ok +settings +All are usable\.$/m);
  expect(ran.out).toMatch(/^ok +database +\S+apitoken\.db opens, and quick_check finds no flaw\.$/m);
  expect(ran.out).toMatch(/^ok +schema +It is of this version\.$/m);
  expect(ran.out).toMatch(/^ok +audit chain +The last 2 events hold together\.$/m);
  expect(ran.out).toMatch(
    /^ok +revoked\.log +It's there, this user can write it, and nothing was cut off\.$/m,
  );
  expect(ran.out).toMatch(
    /^ok +files +Only this user can read and write them, and the database has one name\.$/m,
  );
  expect(ran.out).toMatch(/^ok +disk +[\d,]+ MiB are free in \S+\.$/m);
  expect(ran.out).toMatch(/^ok +clock +It is within 1 second of Slack's\.$/m);
  expect(ran.out).toMatch(/^ok +Slack token +Slack accepts it, for the workspace T\w+\.$/m);
  expect(ran.out).toMatch(/^ok +Slack scopes +The token has all 7 of manifest\.yml\.$/m);
  expect(ran.out).toMatch(/^ok +user groups +The settings name none\.$/m);
  expect(ran.out).toMatch(/\nNothing is wrong\.\n$/);
  expect(machines).toMatchObject({ ok: true });
  expect(machines.checks.map(({ about }: { about: string }) => about)).toContain('audit chain');
  const asked = stage.workspace.traffic.slice(callsBefore).filter(({ kind }) => kind === 'call');
  expect(new Set(asked.map((entry) => 'method' in entry && entry.method))).toEqual(new Set(['auth.test']));
});

test('doctor says that Slack was not asked where no token of it is set', async () => {
  const { folder } = await aWard();

  const ran = await runs(['doctor'], { env: besides({ folder }), folder: folderOfCommand });

  expect(ran.code).toBe(0);
  expect(ran.out).toMatch(/^note +settings +SLACK_BOT_TOKEN and SLACK_APP_TOKEN are not set/m);
  expect(ran.out).toMatch(/^ok +audit chain/m);
  expect(ran.out).toMatch(/^not asked +Slack +Slack was not asked: no token of Slack is set\.$/m);
});

test('doctor names every setting that is wrong, and prints the value of none', async () => {
  const { workspace, folder } = await aWard();
  writeFileSync(join(folderOfCommand, '.env'), 'SCOPES=read', { mode: 0o644 });
  chmodSync(join(folderOfCommand, '.env'), 0o644);
  const env = { TOKEN_PEPPER: 'a short secret', SLACK_BOT_TOKEN: 'xoxp-not-a-bot', HTTP_PORT: 'eighty' };

  const ran = await doctor({ workspace, folder }, { env });

  expect(ran).toMatchObject({ code: 1, err: '4 problems found.\n' });
  for (const name of ['TOKEN_PEPPER', 'SLACK_BOT_TOKEN', 'HTTP_PORT'])
    expect(ran.out).toMatch(new RegExp(`^wrong +settings +${name} must be `, 'm'));
  expect(ran.out).toMatch(
    /^wrong +settings +Other users of this machine can read \.env\. → chmod 600 \.env$/m,
  );
  expect(ran.out).toMatch(/^not asked +database/m);
  expect(ran.out).toMatch(/^not asked +Slack +Slack was not asked: the settings are not usable\.$/m);
  for (const value of Object.values(env)) expect(ran.out + ran.err).not.toContain(value);
});

test.for<[what: string, break_: (ward: Ward) => void, line: RegExp]>([
  [
    'an event that was changed',
    ({ database }) => change(database, "update audit_events set actor = 'UMALLORY' where sequence = 2"),
    /^wrong +audit chain +The audit chain is broken at event 2 \(changed\)\. → Run "audit verify"/m,
  ],
  [
    'a database that is gone beside its log',
    ({ database }) => rmSync(database),
    /^wrong +database +\S+apitoken\.db is missing or empty, but \S+revoked\.log tells of a database\. → Put a backup back/m,
  ],
  [
    'a database that is none',
    ({ database }) => writeFileSync(database, 'this is no database'.repeat(1000)),
    /^wrong +database +\S+apitoken\.db is damaged \(SQLITE_NOTADB\)/m,
  ],
  [
    'a database of a newer version',
    ({ database }) => change(database, 'insert into migrations (made_at) values (9999999999999)'),
    /^wrong +schema +It was written by a newer apitoken\./m,
  ],
  [
    'a database of another program',
    ({ database }) => change(database, 'drop table migrations'),
    /^wrong +database +\S+apitoken\.db belongs to another program\./m,
  ],
  [
    'a file that others can read',
    ({ database }) => chmodSync(database, 0o644),
    /^wrong +files +Other users of this machine can read or write (\S+apitoken\.db)\. → chmod 600 \1$/m,
  ],
  [
    'a second name of the database',
    ({ database }) => linkSync(database, `${database}.too`),
    /^wrong +files +\S+apitoken\.db has a second name \(a hard link\)/m,
  ],
  [
    'a log that is gone',
    ({ folder }) => rmSync(join(folder, 'revoked.log')),
    /^wrong +revoked\.log +\S+revoked\.log is missing: a restore could revive tokens\./m,
  ],
  [
    'a log that was cut',
    ({ folder, database }) => {
      change(database, "update settings set value = '400:1' where key = 'revoked_log'");
      truncateSync(join(folder, 'revoked.log'), 0);
    },
    /^wrong +revoked\.log +\S+revoked\.log was cut or changed since the last start\./m,
  ],
])('doctor names %s, and leaves it as it is', async ([, break_, line]) => {
  const ward = await aWard();
  break_(ward);
  const before = statesIn(ward.folder);

  const ran = await doctor(ward);

  expect(ran).toMatchObject({ code: 1, err: '1 problem found.\n' });
  expect(ran.out).toMatch(line);
  expect(statesIn(ward.folder)).toEqual(before);
});

test.for<[what: string, break_: (workspace: Workspace) => void, refusal: string | undefined, line: RegExp]>([
  [
    'a clock that is behind',
    ({ faults }) => {
      const date = new Date(Date.now() + 10 * MINUTE_MS).toUTCString();
      faults.add({ method: 'auth.test', headers: { date } });
    },
    undefined,
    /^wrong +clock +It is (599|600|601) seconds behind Slack's\. → Set the clock \(NTP\)/m,
  ],
  [
    'a token that Slack refuses',
    ({ faults }) => faults.add({ method: 'auth.test', error: 'token_revoked' }),
    undefined,
    /^wrong +Slack token +Slack refuses SLACK_BOT_TOKEN \(token_revoked\)\. → Install the app again/m,
  ],
  [
    'a Slack that is too busy',
    ({ faults }) => faults.add({ method: 'auth.test', status: 429 }),
    undefined,
    /^wrong +Slack token +Slack gave no answer to auth\.test \(ratelimited\)/m,
  ],
  [
    'a Slack that is broken',
    ({ faults }) => faults.add({ method: 'auth.test', status: 503 }),
    undefined,
    /^wrong +Slack token +Slack gave no answer to auth\.test \(HTTP 503\)/m,
  ],
  [
    'a Slack that does not answer',
    ({ faults }) => faults.add({ method: 'auth.test', drop: true }),
    undefined,
    /^wrong +Slack token +Slack gave no answer to auth\.test \(no_answer\)\. Nothing more was asked\./m,
  ],
  [
    'a plan without user groups',
    (workspace) => workspace.setFreePlan(true),
    'plan_upgrade_required',
    /^wrong +user groups +S\w+ can't be read \(plan_upgrade_required\): it gives nobody a role\. → Name people/m,
  ],
])('doctor names %s', async ([, break_, refusal, line]) => {
  const ward = await aWard();
  break_(ward.workspace);

  const ran = await doctor(ward, { env: { ONCALL: ward.workspace.ids.groups.oncall ?? '' } });

  expect(ran).toMatchObject({ code: 1, err: '1 problem found.\n' });
  expect(ran.out).toMatch(line);
  if (refusal !== undefined) ward.workspace.expectRefusal(refusal);
});

test('doctor names a token of another workspace', async () => {
  const ward = await aWard();
  change(ward.database, "update settings set value = 'T0ELSEWHERE' where key = 'workspace'");

  const ran = await doctor(ward);

  expect(ran.out).toMatch(
    /^wrong +Slack token +The database belongs to the workspace T0ELSEWHERE, SLACK_BOT_TOKEN/m,
  );
  expect(ran.code).toBe(1);
});

test('an optional scope that was left out is noted, and wrong only where the settings hang on it', async () => {
  const ward = await aWard({ withheldScopes: ['usergroups:read', 'files:write'] });

  const without = await doctor(ward);
  const named = await doctor(ward, { env: { ONCALL: ward.workspace.ids.groups.oncall ?? '' } });

  expect(without.code).toBe(0);
  expect(without.out).toMatch(
    /^note +Slack scopes +The token lacks files:write \(optional\): there is no CSV/m,
  );
  expect(named.code).toBe(1);
  expect(named.out).toMatch(/^wrong +Slack scopes +The token lacks usergroups:read \(optional\)/m);
  ward.workspace.expectRefusal('missing_scope');
});

test('doctor names a scope that the manifest demands and the token lacks', async () => {
  const manifest = readFileSync('manifest.yml', 'utf8').replace(/^ +- im:write.*\n/m, '');
  const manifestPath = join(folderOfCommand, 'manifest.yml');
  writeFileSync(manifestPath, manifest);
  const workspace = await openWorkspace({ manifestPath });

  const ran = await doctor({ workspace, folder: folderOfCommand });

  expect(ran).toMatchObject({ code: 1, err: '1 problem found.\n' });
  expect(ran.out).toMatch(
    /^wrong +Slack scopes +The token lacks im:write: no value can be shown in direct messages\./m,
  );
});

test('the doctor knows the scopes of manifest.yml, and which of them are optional', () => {
  const { bot, bot_optional } = parse(readFileSync('manifest.yml', 'utf8')).oauth_config.scopes;

  expect(SCOPES.map(({ scope }) => scope).sort()).toEqual([...bot].sort());
  expect(
    SCOPES.filter(({ optional }) => optional)
      .map(({ scope }) => scope)
      .sort(),
  ).toEqual([...bot_optional].sort());
});

test('the doctor knows the scopes that manifest.yml holds ready for the guard', () => {
  const commented = withCommentedLines(readFileSync('manifest.yml', 'utf8'));
  const known = new Set([...SCOPES, ...GUARD_SCOPES].map(({ scope }) => scope));

  expect(known).toEqual(new Set(parse(commented).oauth_config.scopes.bot));
});

test.for<[what: string, withCommented: boolean, env: Record<string, string>, code: number, lines: RegExp[]]>([
  ['nothing of it where it is off', true, { LEAK_GUARD: 'off' }, 0, []],
  [
    'that all is there but what nobody can ask',
    true,
    { LEAK_GUARD: 'revoke', LEAK_CHANNEL: 'C0ONCALL001' },
    0,
    [
      /^ok +leak guard +LEAK_GUARD is revoke, and the token has its scopes\.$/m,
      /^not asked +leak guard +Slack does not tell whether it sends message\.channels and message\.groups/m,
    ],
  ],
  [
    'each scope that is missing',
    false,
    { LEAK_GUARD: 'warn', LEAK_CHANNEL: 'C0ONCALL001' },
    1,
    [
      /^wrong +leak guard +LEAK_GUARD is warn, but the token lacks channels:history: no value in a public channel is found\. → In manifest\.yml take/m,
      /^wrong +leak guard +LEAK_GUARD is warn, but the token lacks groups:history: no value in a private channel is found\./m,
      /^note +leak guard +LEAK_GUARD is warn, but the token lacks channels:read: reasons don't name the channel\./m,
    ],
  ],
  [
    'that on-call is told one by one',
    true,
    { LEAK_GUARD: 'warn', ONCALL: 'U0BOB000001' },
    0,
    [/^note +leak guard +LEAK_CHANNEL is not set: on-call is told in direct messages\./m],
  ],
  [
    'that nobody on call would be told',
    true,
    { LEAK_GUARD: 'warn' },
    1,
    [
      /^wrong +leak guard +LEAK_CHANNEL is not set, and ONCALL, ADMINS and MANAGERS name nobody: only owners are told\./m,
    ],
  ],
])('doctor says of the leak guard %s', async ([, withCommented, env, code, lines]) => {
  const ward = await aWard({ withCommented });

  const ran = await doctor(ward, { env });

  expect(ran.code, ran.out).toBe(code);
  for (const line of lines) expect(ran.out).toMatch(line);
  expect(ran.out.includes('leak guard')).toBe(lines.length > 0);
});

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
    folder: folderOfCommand,
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
  const manifestPath = join(folderOfCommand, 'manifest.yml');
  writeFileSync(manifestPath, manifest);
  const workspace = await openWorkspace({ manifestPath });

  const ran = await live({ workspace, folder: folderOfCommand });

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

test.for([
  ['a name', ['--live', 'alice'], 2, 'A person is named by their Slack user id'],
  ['a wait without an end', ['--live', 'U0ALICE0001', '--wait', 'long'], 2, '--wait takes seconds'],
  ['a person too many', ['U0ALICE0001'], 2, 'too many arguments'],
] as const)('doctor refuses %s, and asks Slack nothing', async ([, args, code, sentence]) => {
  const workspace = await openWorkspace();

  const ran = await doctor({ workspace, folder: folderOfCommand }, { args });

  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.err).toContain(sentence);
  expect(workspace.traffic).toEqual([]);
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
    folder: folderOfCommand,
    answer: { question: 'Which 4 digits are in it?', with: () => answer(alice) },
    onNote: (err) => {
      const [told, does] = left[0] ?? [];
      if (told === undefined || !err.includes(told)) return;
      left.shift();
      does?.().catch((error: unknown) => expect.unreachable(String(error)));
    },
  });
}

/** Every file of the folder with what it may not lose by being looked at. */
function statesIn(folder: string): unknown[] {
  const files = readdirSync(folder).filter((file) => !/-(wal|shm)$/.test(file));
  return files.map((file) => {
    const { mode, size, nlink } = statSync(join(folder, file));
    return { file, mode, size, nlink };
  });
}

/** What stands in the workspace for good. */
function lastingMessages(workspace: Workspace): string[] {
  return workspace
    .messages()
    .filter(({ onlyFor, vanished }) => onlyFor === undefined && !vanished)
    .map(({ text }) => text);
}

function change(database: string, statement: string): void {
  const sqlite = new Database(database);
  sqlite.exec(statement);
  sqlite.close();
}
