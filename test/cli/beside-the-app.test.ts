import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { type Stage, setStage, temporaryFolder } from '../fixture.ts';
import { createsToken, idOf, rowsOf, settled, soon, toldTo, verdictsOf } from '../slack/flows.ts';
import { besides, type Ran, runs } from './a-command.ts';

const OPERATOR = `cli:${userInfo().username}`;

test('list shows every token with owner, status and dates, and never a value', async () => {
  const { stage, value } = await aTokenOfAlice();
  await createsToken(stage.workspace.person('bob'), 'bobs-bot');
  await settled(stage);

  const listed = await cli(stage, 'list');
  const machines = await cli(stage, 'list', '--json', '--owner', stage.workspace.person('bob').id);

  expect(listed.code).toBe(0);
  expect(listed.out).toMatch(/^ID +NAME +OWNER +STATUS +CREATED +LAST USED +EXPIRES +DATE REVOKED\n/);
  expect(listed.out).toContain(
    `${idOf(stage, 'deploy-bot')}  deploy-bot  ${stage.workspace.person('alice').id}  active`,
  );
  expect(
    machines.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ name: 'bobs-bot', status: 'active', dateRevoked: null }]);
  expect(listed.out + machines.out).not.toContain(value.slice(5, 17));
});

test('revoke ends a token beside the running app: refused by the next request, owner told, event under the operator', async () => {
  const { stage, value } = await aTokenOfAlice();
  expect(await verdictsOf(stage, value)).toEqual([200]);

  const revoked = await cli(stage, 'revoke', 'deploy-bot', '--reason', 'found in a log');

  expect(revoked).toEqual({
    code: 0,
    out: 'deploy-bot is revoked. The next request with it is refused.\n',
    err: '',
  });
  expect(await verdictsOf(stage, value)).toEqual([401]);
  expect(rowsOf(stage, "select actor from audit_events where action = 'token.revoked'")).toEqual([
    { actor: OPERATOR },
  ]);
  const alice = stage.workspace.person('alice');
  const told = () =>
    toldTo(alice)
      .map(({ text }) => text)
      .join('\n');
  await soon(() => expect(told()).toContain('found in a log'));
  expect(told()).toContain(`An operator (${userInfo().username}) revoked your token deploy-bot.`);
  const again = await cli(stage, 'revoke', 'deploy-bot', '--reason', 'once more');
  expect(again.code).toBe(0);
  expect(again.out).toMatch(
    /^deploy-bot was already revoked on \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\. Nothing more needs to be done\.\n$/,
  );
});

test('revoke --stdin ends the token of a value, which is neither printed nor taken from the command line', async () => {
  const { stage, value } = await aTokenOfAlice();

  const typed = await cli(stage, 'revoke', value, '--reason', 'leaked');
  expect(typed).toMatchObject({ code: 2, out: '' });
  expect(await verdictsOf(stage, value)).toEqual([200]);
  const passed = await runs(['revoke', '--stdin', '--reason', 'leaked'], {
    env: besides(stage),
    folder: temporaryFolder(),
    stdin: value,
  });

  expect(passed.code).toBe(0);
  expect(await verdictsOf(stage, value)).toEqual([401]);
  for (const { out, err } of [typed, passed]) expect(out + err).not.toContain(value.slice(18));
});

test.for([
  ['no reason', ['revoke', 'deploy-bot'], 2, 'Say why with --reason TEXT: the owner will read it.'],
  [
    'no token',
    ['revoke', '--reason', 'x'],
    2,
    'Name one token, or pass a value with --stdin: not both, and not neither.',
  ],
  [
    'an unknown name',
    ['revoke', 'deploy-bit', '--reason', 'x'],
    1,
    'There is no token of this name or id. Did you mean deploy-bot?',
  ],
  ['an unknown command', ['rewoke'], 2, "error: unknown command 'rewoke'"],
  ['an unknown status', ['list', '--status', 'dead'], 2, "argument 'dead' is invalid"],
  [
    'a name for a person',
    ['revoke-person', 'alice', '--reason', 'x'],
    2,
    'A person is named by their Slack user id',
  ],
  [
    'nobody to answer',
    ['revoke-all', '--reason', 'x'],
    1,
    'Nothing was revoked: 1 live token of everybody. Type "revoke all 1 token" when asked, or pass --yes.',
  ],
] as const)('%s is said in one sentence, and changes nothing', async ([, args, code, sentence]) => {
  const { stage, value } = await aTokenOfAlice();

  const ran = await cli(stage, ...args);

  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.err).toContain(sentence);
  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('revoke-person and revoke-all end all live ones of a person, or of everybody', async () => {
  const { stage, value } = await aTokenOfAlice();
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  const second = await createsToken(alice, 'second-bot');
  const bobs = await createsToken(bob, 'bobs-bot');

  const person = await cli(stage, 'revoke-person', alice.id, '--reason', 'laptop lost', '--yes');
  expect(person.out).toBe(`2 tokens of ${alice.id} revoked. The next requests with them are refused.\n`);
  expect(await verdictsOf(stage, value, second, bobs)).toEqual([401, 401, 200]);

  const all = await cli(stage, 'revoke-all', '--reason', 'breach', '--yes', '--json');
  expect(JSON.parse(all.out)).toEqual({ revoked: 1 });
  expect(await verdictsOf(stage, value, second, bobs)).toEqual([401, 401, 401]);
});

test('find names line, name, owner and status of each value in a file or stream, and revokes the live ones', async () => {
  const { stage, value } = await aTokenOfAlice();
  const alice = stage.workspace.person('alice');
  const file = join(temporaryFolder(), 'app.log');
  const noise = `${'a line of a log with nothing in it\n'.repeat(3000)}`;
  writeFileSync(
    file,
    `${noise}authorization: Basic ${Buffer.from(`x:${value}`).toString('base64')}\n${noise}`,
  );

  const found = await cli(stage, 'find', file, '--json');
  const revoked = await runs(['find', '-', '--revoke', '--reason', 'in a log'], {
    env: besides(stage),
    folder: temporaryFolder(),
    stdin: `${noise}${value}`,
  });

  expect(JSON.parse(found.out)).toMatchObject({
    line: 3001,
    column: 24,
    name: 'deploy-bot',
    owner: alice.id,
    status: 'active',
  });
  expect(revoked.out).toMatch(
    new RegExp(`^LINE +COLUMN +NAME +OWNER +STATUS +ID\\n3001 +1 +deploy-bot +${alice.id} +revoked +tok_`),
  );
  expect(await verdictsOf(stage, value)).toEqual([401]);
  expect(found.out + revoked.out).not.toContain(value.slice(18));
});

test('audit verify checks the chain and its head, and names the first bad event; export writes the events', async () => {
  const { stage } = await aTokenOfAlice();
  await settled(stage);
  const verified = await cli(stage, 'audit', 'verify');
  const [, head = ''] = /^(?:\d+) events hold\. Head: (\S+)\n$/.exec(verified.out) ?? [];
  expect(head).toMatch(/^\d+:[0-9a-f]{64}$/);
  expect((await cli(stage, 'audit', 'verify', '--head', head)).code).toBe(0);
  expect(await cli(stage, 'audit', 'verify', '--head', `2:${'0'.repeat(64)}`)).toMatchObject({
    code: 1,
    err: 'Event 2 was changed, or what comes before it was. 1 event before it holds.\n',
  });
  const exported = (await cli(stage, 'audit', 'export')).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(exported.map(({ action }) => action)).toEqual(['token.created', 'value.shown']);
  await stage.app.stop();

  const sqlite = new Database(`${stage.folder}/apitoken.db`);
  sqlite.prepare("update audit_events set actor = 'UMALLORY' where sequence = 1").run();
  expect(await cli(stage, 'audit', 'verify')).toMatchObject({
    code: 1,
    err: 'Event 1 was changed, or what comes before it was. 0 events before it hold.\n',
  });
  sqlite.prepare('delete from audit_events where sequence = 1').run();
  expect(await cli(stage, 'audit', 'verify')).toMatchObject({
    code: 1,
    err: 'Event 1 is missing. 0 events before it hold.\n',
  });
  sqlite.prepare('delete from audit_events').run();
  sqlite.close();
  expect((await cli(stage, 'audit', 'verify', '--head', head)).err).toContain(
    'the chain is cut off before the head',
  );
});

test('backup copies the database while the app runs; restore refuses while it runs, and revives nothing', async () => {
  const { stage, value } = await aTokenOfAlice();
  const kept = await createsToken(stage.workspace.person('bob'), 'bobs-bot');
  await settled(stage);
  const file = join(temporaryFolder(), 'backup.db');
  const backup = await cli(stage, 'backup', file);
  expect(backup).toMatchObject({ code: 0, err: '' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await cli(stage, 'backup', file)).err).toBe(
    `${file} is there already: give the backup another name.\n`,
  );
  await cli(stage, 'revoke', 'deploy-bot', '--reason', 'leaked');

  const early = await cli(stage, 'restore', file);
  expect(early.code).toBe(1);
  expect(early.err).toContain('another apitoken app has this database open');
  await stage.app.stop();
  const restored = await cli(stage, 'restore', file);

  expect(restored).toMatchObject({ code: 0, err: '' });
  expect(restored.out).toContain('Ended since the backup, and ended again now: 1 token and 0 old values.');
  await stage.restart();
  expect(await verdictsOf(stage, value, kept)).toEqual([401, 200]);
});

test('a restore without revoked.log expires all that the backup holds, unless it is accepted', async () => {
  const { stage, value } = await aTokenOfAlice();
  await settled(stage);
  const file = join(temporaryFolder(), 'backup.db');
  await cli(stage, 'backup', file);
  await stage.app.stop();
  const other = { ...besides(stage), DATABASE_URL: `file:${join(temporaryFolder(), 'apitoken.db')}` };
  const folder = temporaryFolder();

  const cautious = await runs(['restore', file], { env: other, folder });
  expect(cautious.out).toContain('There was no revoked.log, so 1 token expired now');
  const listed = await runs(['list', '--json'], { env: other, folder });
  expect(JSON.parse(listed.out)).toMatchObject({ name: 'deploy-bot', status: 'expired' });
  const third = { ...besides(stage), DATABASE_URL: `file:${join(temporaryFolder(), 'apitoken.db')}` };
  await runs(['restore', file, '--accept-revived'], { env: third, folder });
  expect(JSON.parse((await runs(['list', '--json'], { env: third, folder })).out)).toMatchObject({
    status: 'active',
  });
  expect(value).not.toBe('');
});

test.for([
  ['is not there', (file: string) => file, 'there is no file'],
  ['is text', (file: string) => written(file, 'hello '.repeat(1000)), 'is damaged, or no backup'],
  ['is cut off', (file: string, whole: string) => written(file, cutOff(whole)), 'is damaged, or no backup'],
] as const)('a backup that %s is refused, and nothing is changed', async ([, make, sentence]) => {
  const { stage, value } = await aTokenOfAlice();
  await settled(stage);
  const folder = temporaryFolder();
  const whole = join(folder, 'whole.db');
  await cli(stage, 'backup', whole);
  await stage.app.stop();

  const ran = await cli(stage, 'restore', make(join(folder, 'bad.db'), whole));

  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain(sentence);
  await stage.restart();
  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('pepper new prints a pepper; pepper status counts values by pepper, and what hangs on none that is held', async () => {
  const { stage } = await aTokenOfAlice();
  await settled(stage);
  const fresh = (await cli(stage, 'pepper', 'new')).out.trim();
  expect(fresh).toMatch(/^[0-9a-f]{64}$/);

  expect((await cli(stage, 'pepper', 'status')).out).toMatch(
    /^PEPPER +VALUES +IN THE SETTINGS\n[0-9a-f]{8} +1 +current\n$/,
  );
  const env = { ...besides(stage), TOKEN_PEPPER: fresh };
  const lost = await runs(['pepper', 'status', '--json'], { env, folder: temporaryFolder() });
  expect(JSON.parse(lost.out)).toMatchObject([
    { values: 0, held: 'current' },
    { values: 1, held: 'not held' },
  ]);
});

test('init makes a database where there is none, and leaves one that is there alone', async () => {
  const folder = temporaryFolder();
  const env = besides({ folder });

  expect(await runs(['init'], { env, folder })).toMatchObject({ code: 0, err: '' });
  expect(existsSync(join(folder, 'apitoken.db'))).toBe(true);
  expect(await runs(['init'], { env, folder })).toMatchObject({
    code: 1,
    err: `${folder}/apitoken.db: there is a database already: it is left as it is. Set DATABASE_URL to another path.\n`,
  });
});

async function aTokenOfAlice(): Promise<{ stage: Stage; value: string }> {
  const stage = await setStage();
  const value = await createsToken(stage.workspace.person('alice'), 'deploy-bot');
  await settled(stage);
  return { stage, value };
}

function cli(stage: Stage, ...args: string[]): Promise<Ran> {
  return runs(args, { env: besides(stage), folder: temporaryFolder() });
}

function written(file: string, content: string | Buffer): string {
  writeFileSync(file, content);
  return file;
}

function cutOff(file: string): Buffer {
  const bytes = readFileSync(file);
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}
