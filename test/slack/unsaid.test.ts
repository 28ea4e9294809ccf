import type { KnownBlock } from '@slack/types';
import { expect, test } from 'vitest';
import { SEED } from '../../sandbox/seed.ts';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { VisibleMessage } from '../../sandbox/workspace/visible.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { type Stage, setStage } from '../fixture.ts';
import {
  answerIn,
  answerTo,
  modalSaying,
  opens,
  putTokens,
  settled,
  soon,
  toldTo,
  verdictsOf,
} from './flows.ts';
import { HOSTILE_NAMES } from './hostile.ts';
import { expectNeverSaid } from './leaks.ts';

const MANY = { TOKENS_PER_PERSON_MAX: '10000' };

/** Tokens of Alice's, by the way in which on-call kills them. */
const NAMES = ['by-value', 'in-text', 'in-code', 'of-alice', 'by-shortcut', 'still-live'] as const;
type Values = Readonly<Record<(typeof NAMES)[number], string>>;

test('neither a value nor its lookup id is in anything that is said, sent or kept while tokens are killed and counted', async () => {
  const stage = await setStage();
  const { workspace } = stage;
  const [alice, dave] = [workspace.person('alice'), workspace.person('dave')];
  const held = { lifetimeDays: null, purpose: 'deploys' };
  const made = await putTokens(
    stage,
    NAMES.map((name) => ({ person: alice, name, held })),
  );
  const values = Object.fromEntries(made.map(({ name, value }) => [name, value])) as Values;
  await verdictsOf(stage, ...Object.values(values));
  await dave.types('#oncall', '/apitoken board');

  await killsFromMessages(dave, values, workspace);
  await killsByValueAndShares(dave, values);
  await killsBySheet(dave);
  expect(await verdictsOf(stage, ...Object.values(values))).toEqual([401, 401, 401, 401, 401, 200]);
  await asksForAll(dave, values);
  await answerTo(workspace.person('bob'), `/apitoken check ${values['still-live']}`);
  await answerTo(alice, '/apitoken list all');
  await alice.opensHome();
  await dave.types('#oncall', '/apitoken board');
  await settled(stage);

  expect(alice.reads('#oncall')).toContain('by-value is revoked.');
  await soon(() => expect(alice.reads('#oncall')).toContain('Never expires (1)'));
  expect(alice.reads('#general')).toContain('Shared by @dave');
  const file = dave.readsFile('@apitoken');
  expect(file).toContain('still-live');
  for (const value of Object.values(values)) {
    expectNeverSaid(value, stage);
    expectNotAmongWhatIsKept(value, stage);
    const [, lookupId = '', secret = ''] = value.split('_');
    for (const part of [lookupId, secret]) expect(file + saidByTheApp(stage)).not.toContain(part);
  }
});

/** Two whose values stand in one message, and one that stands in another. */
async function killsFromMessages(dave: Person, values: Values, workspace: Workspace): Promise<void> {
  const two = `${values['in-text']} and \`${values['in-code']}\``;
  await dave.uses('Revoke token in message', workspace.post('#general', 'alice', { text: two }));
  await modalSaying(dave, 'in-code');
  await ends(dave, '2 tokens revoked.');
  const one = `\`\`\`${values['by-shortcut']}\`\`\``;
  await dave.uses('Revoke token in message', workspace.post('#general', 'alice', { text: one }));
  await modalSaying(dave, 'by-shortcut');
  await ends(dave, 'by-shortcut is revoked.');
}

async function killsByValueAndShares(dave: Person, values: Values): Promise<void> {
  await opens(dave, `/apitoken revoke ${values['by-value']}`, '#oncall');
  await dave.fills({ Reason: 'leaked' });
  await dave.submits();
  await modalSaying(dave, 'by-value is revoked.');
  await dave.clicks('Refresh', { in: 'modal' });
  await dave.clicks('Share to channel', { in: 'modal' });
  await soon(() => expect(dave.modal()?.buttons).toContain('Shared to #oncall'));
  await dave.closes();
}

async function killsBySheet(dave: Person): Promise<void> {
  const sheet = await opens(dave, '/apitoken revoke @alice');
  const ofAlice = sheet.inputs[0]?.options.filter((option) => option.startsWith('of-alice')) ?? [];
  await dave.fills({ Tokens: ofAlice });
  await ends(dave, 'of-alice is revoked.');
}

/** Fills in why, submits, and closes the dialog once it says that it is done. */
async function ends(dave: Person, result: string): Promise<void> {
  await dave.fills({ Reason: 'leaked' });
  await dave.submits();
  await modalSaying(dave, result);
  await dave.closes();
}

async function asksForAll(dave: Person, values: Values): Promise<void> {
  for (const value of Object.values(values)) await answerTo(dave, `/apitoken check ${value}`);
  await answerTo(dave, `/apitoken revoke ${values['by-value']}`);
  await opens(dave, `/apitoken revoke ${values['still-live'].slice(0, -1)}`);
  await dave.closes();
  for (const typed of ['info still-live', 'history by-value', 'status', 'status all @alice']) {
    await answerTo(dave, `/apitoken ${typed}`);
  }
  await answerIn(dave, '#general', () => dave.clicks('Share to channel', { in: '#general' }));
  await answerIn(dave, '#general', () => dave.clicks('CSV', { in: '#general' }));
}

test('whatever names are made of, in dialogs, cards, lists and messages they stand as they are and mean nothing', async () => {
  const stage = await setStage({ env: MANY });
  const [alice, dave] = [stage.workspace.person('alice'), stage.workspace.person('dave')];
  const made = await putTokens(
    stage,
    HOSTILE_NAMES.map((name) => ({ person: alice, name, held: {} })),
  );

  for (const { id, name } of made) {
    const info = await answerTo(dave, `/apitoken info ${id}`);
    const modal = await opens(dave, `/apitoken revoke ${id}`);
    expect([info.text, modal.text].map((text) => text.includes(name))).toEqual([true, true]);
    await dave.fills({ Reason: name });
    await dave.submits();
    const card = await modalSaying(dave, `${name} is revoked.`);
    await dave.closes();
    const history = await answerTo(dave, `/apitoken history ${id}`);
    expect(history.text).toContain(`“${name}”`);
    for (const blocks of [info.blocks, modal.blocks, card.blocks, history.blocks]) {
      expectMeaningless(name, blocks, '');
    }
    for (const { raw, blocks } of [info, history]) expectMeaningless(name, blocks, raw.text);
  }
  await settled(stage);

  const told = toldTo(alice);
  for (const name of HOSTILE_NAMES) {
    const { blocks, raw, text } = messageWith(told, `@dave revoked your token ${name}.`);
    expect(text).toContain(`Reason: ${name}`);
    expectMeaningless(name, blocks, raw.text);
  }
  const list = await answerTo(alice, '/apitoken list revoked');
  const drawn = [list];
  for (let page = 2; page <= Math.ceil(HOSTILE_NAMES.length / 20); page++) {
    await alice.clicks('Next', { in: '#general' });
    drawn.push(await soon(() => messageWith(alice.sees('#general'), `Page ${page} of`)));
  }
  for (const name of HOSTILE_NAMES) {
    const { blocks, raw } = messageWith(drawn, `\n${name}\n`);
    expectMeaningless(name, blocks, raw.text);
  }
});

function messageWith(messages: readonly VisibleMessage[], text: string): VisibleMessage {
  const message = messages.find((one) => one.text.includes(text));
  if (message === undefined) throw new Error(`nobody is told: ${text}`);
  return message;
}

/** Asserts that Slack takes no part of the name for formatting, and in the text for notifications for no mention or link. */
function expectMeaningless(name: string, blocks: readonly KnownBlock[], text: string): void {
  // Of shorter ones the letters may stand in a sentence.
  if (name.length > 3) expect(mrkdwnIn(blocks).join('\n')).not.toContain(name);
  if (/[<>&]/.test(name)) expect(text).not.toContain(name);
}

function mrkdwnIn(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  if ('type' in part && part.type === 'mrkdwn' && 'text' in part) return [String(part.text)];
  return Object.values(part).flatMap(mrkdwnIn);
}

/** All that anybody can see of what the app wrote, dialogs and Home tabs with it. */
function saidByTheApp({ workspace }: Stage): string {
  const messages = workspace.messages().filter(({ from }) => from === SEED.botUserId);
  const seen = SEED.people.map(({ handle }) => {
    const { home, modals } = workspace.snapshot(handle);
    return { home, modals };
  });
  return JSON.stringify([messages, seen]);
}

/** Where a lookup id is kept, because a presented value is found by it. */
const FOUND_BY = new Set(['secrets', 'secret_usage']);

/** Asserts that no row holds the lookup id but those that a value is found by, and that no row holds more of the value. */
function expectNotAmongWhatIsKept(value: string, stage: Stage): void {
  const [, lookupId = '', secret = ''] = value.split('_');
  const sqlite = stage.look();
  try {
    const tables = sqlite
      .prepare<[], { name: string }>("select name from sqlite_master where type = 'table'")
      .all();
    for (const { name } of tables) {
      const rows = JSON.stringify(sqlite.prepare(`select * from "${name}"`).all());
      expect(rows, name).not.toContain(secret.slice(0, 16));
      if (!FOUND_BY.has(name)) expect(rows, name).not.toContain(lookupId);
    }
  } finally {
    sqlite.close();
  }
}
