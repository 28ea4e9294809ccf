import { MINUTE_MS, SECOND_MS } from '../../../src/clock.ts';
import { choreOutcome, type Deed, doChores, notesUse } from './deeds.ts';
import { isHonoured, statusOf, type Token, wasNeverClaimed } from './model.ts';
import { expectVerdicts, fail } from './observe.ts';
import type { Scene } from './scene.ts';
import { type Handle, personOf } from './world.ts';

/** More than any back-off of what Slack did not take. */
const ROUND_MS = 11 * MINUTE_MS;

const ROUNDS_MAX = 40;

/** What is due later is to be said because time passes, and not because something happened. */
const DUE_MS = 30 * SECOND_MS;

const PRESENTED_MAX = 12;

/** Slack is well, and time passes until all is said. */
export function saysAll(scene: Scene): Deed {
  const { world } = scene;
  return {
    what: 'everything is said',
    act: async () => {
      // Until then a jump is no time that passes.
      world.machine.catchUp();
      for (let round = 0; ; round++) {
        if (round > ROUNDS_MAX) fail(`never said: ${world.unsaid().join(', ')}`);
        await world.settle();
        world.machine.moveBy(ROUND_MS);
        await doChores();
        scene.unwritten.clear();
        await world.settle();
        if (round > 0 && world.waiting(world.machine.appTime().lo + DUE_MS) === 0) return;
      }
    },
    // Some become late meanwhile.
    allows: () => {
      const { must, may } = choreOutcome(scene);
      const named = new Set([...must, ...may].map(({ name }) => name));
      const late = [...scene.model.tokens.values()].filter(
        ({ name, values, revokedBy }) => values.length === 0 && revokedBy === undefined && !named.has(name),
      );
      return [...must, ...may, ...late.map(({ name }) => ({ action: 'token.revoked', name, by: 'system' }))];
    },
  };
}

/** Everything that must be true once all is said. */
export async function expectWhole(scene: Scene): Promise<void> {
  const { world, model, wereGone } = scene;
  for (const token of model.tokens.values()) {
    await expectVerdicts(world, scene, token);
    if (wasNeverClaimed(model, token) === true) fail(`${token.name} was not claimed in time, and lives`);
    if (!wereGone.has(token.owner as Handle)) expectReceipt(scene, token);
  }
  expectTold(scene);
  const left = world.kept().map((id) => scene.names.get(id));
  if (left.length > 0) fail(`${left.join(', ')} is revoked and still has something to be verified by`);
  const log = world.revokedLog();
  for (const { name, revokedBy } of model.tokens.values()) {
    const id = scene.ids.get(name) ?? '';
    if (revokedBy !== undefined && !log.includes(id)) fail(`${name} is revoked and not in revoked.log`);
  }
  await expectPresented(scene);
}

/** From its first event to its last. */
export async function expectChain({ world }: Scene): Promise<void> {
  const { code, out } = await world.commands('audit', 'verify');
  if (code !== 0) fail(`the audit chain is broken: ${out}`);
}

/** Somebody lays an old copy of the database over it, by hand: what must not work must not work then either. */
export async function expectNothingRevived(scene: Scene): Promise<void> {
  const { world, model, limbo } = scene;
  const dead = [...model.tokens.values()].flatMap((token) =>
    token.values.flatMap((value) =>
      value.text !== undefined && isHonoured(model, token, value) === false
        ? [{ token, text: value.text }]
        : [],
    ),
  );
  await world.putBack();
  for (const { token, text } of dead) {
    if (await world.judge(text)) fail(`a value of ${token.name} lives again in an old copy of the database`);
  }
  for (const { name, text } of limbo) {
    if (text !== undefined && (await world.judge(text))) fail(`a lost value of ${name} works in an old copy`);
  }
  await expectChain(scene);
}

/** Values as any API presents them: to the app itself. */
async function expectPresented(scene: Scene): Promise<void> {
  const { world, model, chance } = scene;
  const values = [...model.tokens.values()].flatMap((token) =>
    token.values.flatMap((value) => (value.text === undefined ? [] : [{ token, value, text: value.text }])),
  );
  for (let left = Math.min(PRESENTED_MAX, values.length); left > 0; left--) {
    const { token, value, text } = chance.oneOf(values);
    const must = isHonoured(model, token, value);
    const status = await world.verify(text);
    if (must !== 'maybe' && (status === 200) !== must)
      fail(`/verify answered ${status} to a value of ${token.name}`);
    if (status === 200) notesUse(scene, token, value);
  }
}

/** The one lasting message about a token tells how it stands. */
function expectReceipt({ world, model, isTroubled }: Scene, token: Token): void {
  const owner = personOf(world, token.owner);
  const receipts = world.workspace
    .messages(`D${owner.id.slice(1)}`)
    .filter(({ blocks, onlyFor }) => onlyFor === undefined && isReceiptOf(blocks, token.name));
  const newest = receipts.at(-1) ?? fail(`${token.owner} has no receipt of ${token.name}`);
  if (receipts.length > 1 && !isTroubled)
    fail(`${token.owner} has ${receipts.length} receipts of ${token.name}`);
  const status = statusOf(model, token);
  const text = JSON.stringify(newest.blocks[0]);
  if (status !== 'maybe' && !text.toLowerCase().includes(status))
    fail(`the receipt of ${token.name} says ${text}, and it is ${status}`);
}

type Block = { readonly block_id?: string; readonly text?: { readonly text?: string } | string };

function isReceiptOf(blocks: readonly object[], name: string): boolean {
  const [first] = blocks as readonly Block[];
  const text = typeof first?.text === 'object' ? first.text.text : undefined;
  return first?.block_id?.startsWith('receipt:') === true && text === name;
}

/** Everybody who must be told was told: once, or where Slack's answer was lost perhaps twice. */
function expectTold({ world, model, isTroubled }: Scene): void {
  const news = new Map<string, string[]>();
  for (const duty of model.duties.splice(0)) {
    const { to, name, isOwner } = duty;
    const { id } = personOf(world, to);
    const texts = news.get(to) ?? newsTo(world, id);
    news.set(to, texts);
    const isNamed = new RegExp(`(?<![\\w-])${name}(?![\\w-])`);
    const count = texts.filter((text) => isNamed.test(text)).length;
    // Whoever created it for somebody is rather not told than twice that it was not claimed.
    if (count === 0 && (isOwner || !isTroubled)) fail(`${to} was never told that ${name} is revoked`);
    if (count > 1 && !isTroubled) fail(`${to} was told ${count} times that ${name} is revoked`);
  }
}

/** The lasting messages to somebody that are neither receipts nor notices and tell of an end. */
function newsTo(world: Scene['world'], personId: string): string[] {
  return world.workspace
    .messages(`D${personId.slice(1)}`)
    .filter(({ onlyFor, blocks }) => {
      const first = (blocks as readonly Block[])[0]?.block_id ?? '';
      return onlyFor === undefined && !/^(receipt|notice):/.test(first);
    })
    .map(({ text, blocks }) => `${text} ${JSON.stringify(blocks).replaceAll('\\n', ' ')}`)
    .filter((text) => /revoked|declined/.test(text));
}
