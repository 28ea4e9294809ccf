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
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { withCommentedLines } from '../../sandbox/workspace/manifest.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { GUARD_SCOPES, SCOPES } from '../../src/slack/doctor/scopes.ts';
import { openWorkspace, temporaryFolder } from '../fixture.ts';
import { besides, runs } from './a-command.ts';
import { aStage, aWard, doctor, type Ward } from './a-ward.ts';

const MINUTE_MS = 60_000;

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

  const ran = await runs(['doctor'], { env: besides({ folder }), folder: temporaryFolder() });

  expect(ran.code).toBe(0);
  expect(ran.out).toMatch(/^note +settings +SLACK_BOT_TOKEN and SLACK_APP_TOKEN are not set/m);
  expect(ran.out).toMatch(/^ok +audit chain/m);
  expect(ran.out).toMatch(/^not asked +Slack +Slack was not asked: no token of Slack is set\.$/m);
});

test('doctor names every setting that is wrong, and prints the value of none', async () => {
  const { workspace, folder } = await aWard();
  const folderOfCommand = temporaryFolder();
  writeFileSync(join(folderOfCommand, '.env'), 'SCOPES=read', { mode: 0o644 });
  chmodSync(join(folderOfCommand, '.env'), 0o644);
  const env = { TOKEN_PEPPER: 'a short secret', SLACK_BOT_TOKEN: 'xoxp-not-a-bot', HTTP_PORT: 'eighty' };

  const ran = await doctor({ workspace, folder }, { env, folder: folderOfCommand });

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
      // Of the moment of the answer, however long the command took to ask.
      const headers = {
        get date() {
          return new Date(Date.now() + 10 * MINUTE_MS).toUTCString();
        },
      };
      faults.add({ method: 'auth.test', headers });
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
  const folder = temporaryFolder();
  const manifestPath = join(folder, 'manifest.yml');
  writeFileSync(manifestPath, manifest);
  const workspace = await openWorkspace({ manifestPath });

  const ran = await doctor({ workspace, folder });

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

test.for([
  ['a name', ['--live', 'alice'], 2, 'A person is named by their Slack user id'],
  ['a wait without an end', ['--live', 'U0ALICE0001', '--wait', 'long'], 2, '--wait takes seconds'],
  ['a person too many', ['U0ALICE0001'], 2, 'too many arguments'],
] as const)('doctor refuses %s, and asks Slack nothing', async ([, args, code, sentence]) => {
  const workspace = await openWorkspace();

  const ran = await doctor({ workspace, folder: temporaryFolder() }, { args });

  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.err).toContain(sentence);
  expect(workspace.traffic).toEqual([]);
});

/** Every file of the folder with what it may not lose by being looked at. */
function statesIn(folder: string): unknown[] {
  const files = readdirSync(folder).filter((file) => !/-(wal|shm)$/.test(file));
  return files.map((file) => {
    const { mode, size, nlink } = statSync(join(folder, file));
    return { file, mode, size, nlink };
  });
}

function change(database: string, statement: string): void {
  const sqlite = new Database(database);
  sqlite.exec(statement);
  sqlite.close();
}
