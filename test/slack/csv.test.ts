import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvOf } from '../../src/slack/status/csv.ts';
import { withoutStrays } from '../../src/tokens/characters.ts';
import type { TokenName } from '../../src/tokens/name.ts';
import { type Stage, setStage } from '../fixture.ts';
import { aName, aToken, BOB, T0 } from '../tokens/a-token.ts';
import {
  answerIn,
  answerTo,
  auditOf,
  callsOf,
  holdsToken,
  receiptOf,
  rowsOf,
  setStill,
  soon,
} from './flows.ts';
import { HOSTILE_NAMES } from './hostile.ts';

const CAROL = { MANAGERS: 'U0CAROL0001' };
const REVOKED = { revokedAt: T0, revokedBy: BOB };
const SENT = 'The file is in your direct messages with apitoken.';

/** The cells of a CSV after RFC 4180, line by line. */
function cellsOf(csv: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, quoted, bare, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
    if (end === '\r\n') lines.push([]);
    if (end === '') break;
  }
  return lines.slice(0, -1);
}

/**
 * The cells as a spreadsheet makes them that splits at these signs: a quotation mark means something at the beginning of a cell
 * alone, and what follows its end is added to the cell.
 */
function cellsSplitAt(separators: string, csv: string): string[] {
  const ends = `${separators}\r\n\v\f\u0085\u2028\u2029`;
  const cell = new RegExp(`(?:"((?:[^"]|"")*)(?:"|$))?([^${ends}]*)(?:[${ends}]|$)`, 'gu');
  return [...csv.matchAll(cell)].map(([, quoted = '', rest]) => quoted.replaceAll('""', '"') + rest);
}

/** Each way in which a spreadsheet is known to split a CSV; the last is what LibreOffice offers. */
const DIALECTS = [',', ';', '\t', ',;\t'];
const FORMULA = /^[\s\p{C}\p{Default_Ignorable_Code_Point}\u2800]*[=+\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋]/u;

/** Those of the cells, in whatever dialect, that are formulas. */
function formulasIn(csv: string): string[] {
  return DIALECTS.flatMap((separators) => cellsSplitAt(separators, csv)).filter((cell) => FORMULA.test(cell));
}

test('a token is one line with all there is to know of it but its value', async () => {
  const token = aToken({
    purpose: 'a, "b"\nc',
    revokedAt: T0 + 1,
    revokedBy: BOB,
    revokeReason: '=1+1',
    lastRefusedAt: T0 + 2,
  });

  expect(await csvOf([token], T0)).toBe(
    [
      '\uFEFFToken id,Name,Purpose,Owner,Created by,Status,Remarks,Created,Last used,Uses,Last refused,Expires,Date Revoked,Revoked by,Reason\r\n',
      `${token.id},deploy-bot,"a, ""b""\nc",U0ANN,U0ANN,revoked,,2026-01-01T00:00:00.000Z,2026-01-01T00:00:00.000Z,1,`,
      "2026-01-01T00:00:00.002Z,2026-04-01T00:00:00.000Z,2026-01-01T00:00:00.001Z,U0BOB,'=1+1\r\n",
    ].join(''),
  );
});

test.for([
  ['an equals sign', '=cmd()', "'=cmd()"],
  ['a plus', '+1', "'+1"],
  ['a minus', '-1', "'-1"],
  ['an at sign', '@SUM(1)', "'@SUM(1)"],
  ['an equals sign of full width', '＝cmd()', "'＝cmd()"],
  ['a plus of full width', '＋1', "'＋1"],
  ['a minus of full width', '－1', "'－1"],
  ['an at sign of full width', '＠SUM(1)', "'＠SUM(1)"],
  ['an equals sign of small width', '﹦cmd()', "'﹦cmd()"],
  ['a tab', '\t=1', "'\t'=1"],
  ['a carriage return', '\r=1', "'\r'=1"],
  ['a new line', '\n=1', "'\n'=1"],
  ['a tab and a letter', '\ta', "'\ta"],
  ['a space', ' =1', "' =1"],
  ['a space that does not break', '\u00a0=1', "'\u00a0=1"],
  ['a space of no width', '\u200b=1', "'\u200b=1"],
  ['a byte order mark', '\ufeff=1', "'\ufeff=1"],
  ['a blank of Braille', '\u2800=1', "'\u2800=1"],
  ['a quotation mark', '"=1"', `'"=1"`],
  ['an apostrophe', "'=1", "'=1"],
  ['a letter', 'a=1', 'a=1'],
] as const)('of a name with %s first no spreadsheet makes a formula', async ([, name, cell]) => {
  const csv = await csvOf([aToken({ name: name as TokenName })], T0);

  expect(cellsOf(csv)[1]?.[1]).toBe(cell);
  expect(formulasIn(csv)).toEqual([]);
});

test.for([
  ['a semicolon', 'a;=cmd()', "a;'=cmd()"],
  ['a tab', 'a\t+1', "a\t'+1"],
  ['a new line', 'a\n-1', "a\n'-1"],
  ['a carriage return', 'a\r@SUM(1)', "a\r'@SUM(1)"],
  ['a separator of lines', 'a\u2028=1', "a\u2028'=1"],
  ['a semicolon and a sign of full width', 'a;＝cmd()', "a;'＝cmd()"],
  ['a semicolon and a space', 'a; =1', "a;' =1"],
  ['a semicolon and a quotation mark', 'a;"=1"', `a;'"=1"`],
  ['several of them', 'a;\t\n=1;;@x', "a;\t\n'=1;;'@x"],
  ['a semicolon and a word', 'a;b=1', 'a;b=1'],
  ['a comma, at which a quoted cell is not split', 'a,=1', 'a,=1'],
] as const)(
  'no spreadsheet makes a formula of what comes after %s inside a purpose',
  async ([, purpose, cell]) => {
    const csv = await csvOf([aToken({ purpose }), aToken({ revokeReason: purpose, ...REVOKED })], T0);

    const [, first, second] = cellsOf(csv);
    expect([first?.[2], second?.[14]]).toEqual([cell, cell]);
    expect(formulasIn(csv)).toEqual([]);
  },
);

test('a note from before it was refused turns no writing around and hides nothing', async () => {
  const note = 'paid\u202e gnihton\u200b \x1b[31m\u2800❤\ufe0f';

  const [, first] = cellsOf(await csvOf([aToken({ purpose: note, revokeReason: note, ...REVOKED })], T0));

  expect([first?.[2], first?.[14]]).toEqual(Array(2).fill('paid gnihton [31m ❤\ufe0f'));
});

test('whatever is typed, no cell is a formula in any dialect, and all stands in its column (fast-check prints the seed)', async () => {
  const signs = [...'=+-@＝"\',;\t\n\r \u200b\u2028a'];
  const typed = fc.array(fc.constantFrom(...signs), { minLength: 1, maxLength: 12 });
  const text = typed.map((several) => several.join(''));
  const unmarked = (cells: readonly (string | undefined)[]) => cells.map((cell) => cell?.replaceAll("'", ''));

  await fc.assert(
    fc.asyncProperty(text, text, text, async (name, purpose, revokeReason) => {
      const token = aToken({ name: name as TokenName, purpose, revokeReason, ...REVOKED });

      const csv = await csvOf([token, token], T0);

      expect(formulasIn(csv)).toEqual([]);
      const lines = cellsOf(csv).slice(1);
      expect(lines.map((cells) => unmarked([cells[1], cells[2], cells[14]]))).toEqual(
        // Notes from before they were refused stand there as they are seen.
        [token, token].map(() => unmarked([name, withoutStrays(purpose), withoutStrays(revokeReason)])),
      );
      expect(lines.map((cells) => cells.length)).toEqual([15, 15]);
    }),
    { numRuns: 500 },
  );
});

test('whatever names are made of, they stand in the file as they are', async () => {
  const csv = await csvOf(
    HOSTILE_NAMES.map((name) => aToken({ name: aName(name) })),
    T0,
  );

  const [, ...lines] = cellsOf(csv);
  expect(lines.map(([, name]) => name?.replaceAll(/(^|;)'(?= ?[=+\-@＝＋－＠])/g, '$1'))).toEqual(
    HOSTILE_NAMES,
  );
  expect(lines.map((cells) => cells.length)).toEqual(HOSTILE_NAMES.map(() => 15));
});

test('the file has all rows of what is drawn, in its order, and comes in the conversation of who asked', async () => {
  const { stage, alice, workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');
  for (let number = 1; number <= 45; number++) {
    await holdsToken(stage, alice, `bot-${number}`, {
      createdAt: T0,
      lifetimeDays: 20 + number,
      shown: false,
    });
  }
  await holdsToken(stage, carol, 'carols-bot', { createdAt: T0 });
  await answerTo(carol, '/apitoken status @alice');

  const told = await answerIn(carol, '#general', () => carol.clicks('CSV', { in: '#general' }));

  expect(told.text).toBe(SENT);
  const [, ...lines] = cellsOf(carol.readsFile('@apitoken'));
  expect(lines.map(([, name]) => name)).toHaveLength(45);
  expect(lines.map(([, name]) => name)).not.toContain('carols-bot');
  const message = carol.sees('@apitoken').find(({ raw }) => raw.files.length > 0);
  expect(message?.text).toBe('Not revoked · @alice: this file has 45 API tokens.\napi-tokens-2026-01-01.csv');
  expect(() => alice.readsFile('@apitoken')).toThrow('sees no file');
  expect(auditOf(stage).slice(-2)).toEqual([
    { actor: carol.id, action: 'status.export_asked', tokenId: null },
    { actor: carol.id, action: 'status.exported', tokenId: null },
  ]);
});

test('a press that Slack delivers twice sends one file', async () => {
  const { stage, workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');
  await holdsToken(stage, carol, 'deploy-bot', { createdAt: T0 });
  await answerTo(carol, '/apitoken status');

  await answerIn(carol, '#general', () => carol.clicks('CSV', { in: '#general' }));
  await carol.redelivers();
  await answerTo(carol, '/apitoken help');

  expect(callsOf(workspace, 'files.completeUploadExternal')).toHaveLength(1);
});

test('a press while a file is still being sent makes no second one, and says so', async () => {
  const { stage, workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');
  await holdsToken(stage, carol, 'deploy-bot', { createdAt: T0 });
  await answerTo(carol, '/apitoken status');
  workspace.faults.add({ method: 'files.completeUploadExternal', delayMs: 2000 });
  await carol.clicks('CSV', { in: '#general' });
  await soon(() => expect(callsOf(workspace, 'files.completeUploadExternal')).toHaveLength(1));

  const told = await answerIn(carol, '#general', () => carol.clicks('CSV', { in: '#general' }));

  expect(told.text).toContain('Your file is already being made.');
  expect(callsOf(workspace, 'files.getUploadURLExternal')).toHaveLength(1);
});

const NOT_TAKEN = "Slack didn't accept the file. Choose CSV again in a moment.";
const NO_ANSWER =
  "Slack didn't say whether the file arrived. If it isn't in your direct messages with apitoken, choose CSV again.";

test.for([
  [
    'the app lacks the scope',
    { method: 'files.getUploadURLExternal', error: 'missing_scope' },
    "apitoken isn't allowed to send files yet. Ask an admin to install it again.",
    'missing_scope',
  ],
  [
    'Slack has no room',
    { method: 'files.getUploadURLExternal', error: 'storage_limit_reached' },
    'Slack has no room for more files. Ask an admin to free some space.',
    'storage_limit_reached',
  ],
  [
    'Slack does not tell why',
    { method: 'files.getUploadURLExternal', error: 'a_code_of_next_year' },
    NOT_TAKEN,
    'a_code_of_next_year',
  ],
  [
    'Slack is busy',
    { method: 'files.getUploadURLExternal', status: 429 },
    "Slack doesn't accept more files right now. Wait a minute, then choose CSV again.",
    'ratelimited',
  ],
  ['the upload fails', { method: 'upload', status: 500 }, NO_ANSWER],
  ['the upload is cut', { method: 'upload', drop: true }, NO_ANSWER],
  [
    'the end of it is refused',
    { method: 'files.completeUploadExternal', error: 'posting_to_channel_denied' },
    "A setting of this workspace blocks apitoken's messages. Ask an admin. Nothing was sent.",
    'posting_to_channel_denied',
  ],
  ['its answer is lost', { method: 'files.completeUploadExternal', drop: true }, NO_ANSWER],
  [
    'there is no conversation',
    { method: 'conversations.open', error: 'messages_tab_disabled' },
    "Slack doesn't let apitoken message you. Ask an admin to turn on its Messages tab. Nothing was sent.",
    'messages_tab_disabled',
  ],
] as const)(
  'when %s, that is said, logged without a name, and the next press works',
  async ([, fault, sentence, code = 'no_answer']) => {
    const stage = await setStage({ env: CAROL });
    const carol = stage.workspace.person('carol');
    await holdsToken(stage, carol, 'deploy-bot');
    await soon(() => receiptOf(carol, 'deploy-bot'));
    // Its receipt opened the conversation, which is remembered until then.
    await stage.restart();
    await answerTo(carol, '/apitoken status');
    stage.workspace.faults.add(fault);

    const told = await answerIn(carol, '#general', () => carol.clicks('CSV', { in: '#general' }));

    expect(told.text).toBe(sentence);
    expect(stage.log()).toContain('Slack refused a file');
    expect(stage.log()).not.toContain('deploy-bot');
    const [asked, failed, ...others] = eventsOf(stage);
    expect([asked?.action, failed?.action, others]).toEqual([
      'status.export_asked',
      'status.export_failed',
      [],
    ]);
    expect(failed?.detail).toEqual({ ...asked?.detail, code });
    await carol.clicks('CSV', { in: '#general' });
    await soon(() => expect(carol.readsFile('@apitoken')).toContain('deploy-bot'));
    await soon(() => expect(eventsOf(stage).at(-1)?.action).toBe('status.exported'));
  },
);

/** What is on record of everybody's tokens being taken along. */
function eventsOf(stage: Stage): { action: unknown; detail: object }[] {
  const rows = rowsOf(
    stage,
    "select action, detail from audit_events where action like 'status.%' order by sequence",
  );
  return rows.map(({ action, detail }) => ({ action, detail: JSON.parse(String(detail)) }));
}
