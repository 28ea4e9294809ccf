import type { Delivery } from '../../../sandbox/workspace/sockets.ts';
import type { CallEntry } from '../../../sandbox/workspace/state.ts';
import type { Deed } from './deeds.ts';
import { type Change, changeText, isHonoured, LIMBO_MS, type Token, type Value } from './model.ts';
import type { Button, Scene } from './scene.ts';
import { callsFrom, deliveriesFrom, type Event, HANDLES, personOf, type Row, type World } from './world.ts';

const VALUE = /apit_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/;

const NAMED = /(?:Your token|New value for) (\S+?)(?: is ready)?\./;

const GIVES_VALUE = /^(value\.shown|value\.replaced|token\.rotated|token\.renewed)$/;

/** A refusal may be told at any time: nothing is changed by it. */
const REFUSED = /^(action\.refused|refusals\.counted)$/;

const PRESSED: ReadonlySet<string> = new Set([
  'show_value',
  'decline_token',
  'end_old_value',
  'issue_new_value',
  'rotate_token',
  'revoke_token',
  'refresh_receipt',
  'remind_tomorrow',
]);

/** What was expected and did not come, or the other way round. */
export class Unexpected extends Error {}

/** Throws `Unexpected`. */
export function fail(message: string): never {
  throw new Unexpected(message);
}

/** A step that was taken: what it was to lead to, and whether anything went wrong beside it. */
export type Taken = {
  readonly deed: Deed;
  readonly must: readonly Change[];
  readonly may: readonly Change[];
  readonly isCalm: boolean;
  readonly hasCrashed: boolean;
  /** Slack delivered it twice at once: to one of both it may say no. */
  readonly isTwice: boolean;
  /** Where the step began in the traffic and in the audit chain. */
  readonly from: number;
  readonly sequence: number;
};

/** Looks at all that a step has touched, lets the model take it, and throws where it is not as it must be. */
export async function observe(scene: Scene, taken: Taken): Promise<Change[]> {
  const { world } = scene;
  const rows = world.rows();
  for (const { id, name } of rows) {
    scene.names.set(id, name);
    scene.ids.set(name, id);
  }
  const changes = world.eventsAfter(taken.sequence).map((event) => changeOf(scene, event));
  const paired = pair(scene, changes, taken);
  takeChanges(scene, paired, taken, rows);
  expectRows(scene, rows);
  const named = paired.flatMap(({ name }) => name ?? []);
  for (const name of new Set([...named, ...(taken.deed.about ?? [])])) {
    const token = scene.model.tokens.get(name);
    if (token !== undefined) await expectVerdicts(world, scene, token);
  }
  if (taken.isCalm) expectNothingSaid(scene, taken);
  expectRemindedOnce(scene, taken.from);
  noteButtons(scene, taken.from);
  noteSent(scene, taken, paired);
  return paired;
}

/** The model takes what happened, and what nobody knows of it. */
function takeChanges(scene: Scene, changes: readonly Change[], taken: Taken, rows: readonly Row[]): void {
  const shown = valuesShown(scene, taken.from);
  for (const change of changes) takeChange(scene, change, shown, rows);
  for (const [name, texts] of shown) for (const text of texts) keepLimbo(scene, name, text, taken);
  if (!taken.hasCrashed) return;
  keepUnseen(scene, taken);
  for (const token of scene.unwritten) if (token.isUsed === true) token.isUsed = 'maybe';
  scene.unwritten.clear();
}

function handleOf(world: World, id: string): string {
  return HANDLES.find((handle) => personOf(world, handle).id === id) ?? id;
}

function changeOf({ world, names }: Scene, { action, actor, tokenId }: Event): Change {
  const name =
    tokenId === null ? null : (names.get(tokenId) ?? fail(`an event of a token that is not there`));
  return { action, name, by: handleOf(world, actor) };
}

/** Each change with what was chosen; all that must have come is there, and nothing that may not. */
function pair(scene: Scene, changes: readonly Change[], taken: Taken): Change[] {
  const { must, may, isCalm, hasCrashed, deed } = taken;
  const open = [...must, ...may];
  const paired = changes.map((change) => {
    const at = open.findIndex((one) => changeText(one) === changeText(change));
    const [expected] = at < 0 ? [] : open.splice(at, 1);
    if (expected !== undefined || isForgiven(change, taken, open)) return expected ?? change;
    return fail(`${changeText(change)} came of "${deed.what}"${expectation(must, may)}`);
  });
  const isMissing = (change: Change) => !paired.includes(change);
  const [missing] = isCalm && !hasCrashed ? must.filter(isMissing) : [];
  if (missing !== undefined) {
    const token = scene.model.tokens.get(missing.name ?? '');
    fail(
      `${changeText(missing)} must come of "${deed.what}" and did not; the model has ${JSON.stringify(token)}`,
    );
  }
  return paired;
}

function expectation(must: readonly Change[], may: readonly Change[]): string {
  const told = (changes: readonly Change[]) => changes.map(changeText).join(', ') || 'nothing';
  return `, of which must come ${told(must)} and may come ${told(may)}`;
}

/** What needs no expectation: refusals, what was looked at, and what a failure of Slack or a crash brings along. */
function isForgiven(change: Change, { deed, isCalm, hasCrashed }: Taken, open: Change[]): boolean {
  const { action, name } = change;
  if (REFUSED.test(action) || deed.leaves?.test(action)) return true;
  const asked = open.findIndex((one) => one.name === name && GIVES_VALUE.test(one.action));
  if (action === 'value.withdrawn' && !isCalm && asked >= 0) {
    open.splice(asked, 1);
    return true;
  }
  // Written down as revoked before the crash, and ended at the next start.
  const isEnded = open.some((one) => one.name === name && one.action === 'token.revoked');
  return hasCrashed && action === 'token.revoked' && change.by === 'system' && isEnded;
}

function takeChange(
  { model }: Scene,
  change: Change,
  shown: Map<string, string[]>,
  rows: readonly Row[],
): void {
  const isLeaver = rows.some(({ name, reason }) => name === change.name && reason === 'owner left');
  const text = GIVES_VALUE.test(change.action) ? shown.get(change.name ?? '')?.pop() : undefined;
  model.take(change, text, isLeaver);
}

/** The values that people see now and did not before the step, by the names of their tokens. */
function valuesShown({ world, seen }: Scene, from: number): Map<string, string[]> {
  const shown = new Map<string, string[]>();
  const whispers = callsFrom(world, from).filter(({ method }) => method === 'chat.postEphemeral');
  for (const user of new Set(whispers.map(({ args }) => String(args.user)))) {
    for (const message of world.workspace.messages(`D${user.slice(1)}`)) {
      if (message.onlyFor !== user || message.vanished || seen.has(message.ts)) continue;
      const value = VALUE.exec(JSON.stringify(message.blocks))?.[0];
      const [, name = ''] = NAMED.exec(message.text) ?? [];
      if (value === undefined) continue;
      seen.add(message.ts);
      shown.set(name, [...(shown.get(name) ?? []), value]);
    }
  }
  return shown;
}

/** A value that its owner saw and of which the app does not know that: worth nothing, at once or, after a crash, soon. */
function keepLimbo({ model, limbo }: Scene, name: string, text: string, { hasCrashed }: Taken): void {
  const { lo, hi } = model.now();
  limbo.push({ name, text, until: hasCrashed ? { lo: lo + LIMBO_MS, hi: hi + LIMBO_MS } : { lo, hi: lo } });
}

/** After a crash a value may be on its way that nobody will ever see. */
function keepUnseen({ model, limbo }: Scene, { must, may }: Taken): void {
  const { lo, hi } = model.now();
  for (const { action, name } of [...must, ...may]) {
    if (name !== null && GIVES_VALUE.test(action))
      limbo.push({ name, text: undefined, until: { lo: lo + LIMBO_MS, hi: hi + LIMBO_MS } });
  }
}

/** Each row is as the model has it, and there is no other. */
function expectRows({ model, world }: Scene, rows: readonly Row[]): void {
  if (rows.length !== model.tokens.size)
    fail(`there are ${rows.length} tokens, the model has ${model.tokens.size}`);
  for (const row of rows) {
    const token = model.tokens.get(row.name) ?? fail(`the model knows no ${row.name}`);
    const is = {
      owner: handleOf(world, row.owner),
      creator: handleOf(world, row.createdBy),
      generation: row.generation,
      isClaimed: row.claimedAt !== null,
      revokedBy: row.revokedBy === null ? undefined : handleOf(world, row.revokedBy),
      isRevoked: row.revokedAt !== null,
    };
    const must = {
      owner: token.owner,
      creator: token.creator,
      generation: token.generation,
      isClaimed: token.values.length > 0,
      revokedBy: token.revokedBy,
      isRevoked: token.revokedBy !== undefined,
    };
    if (JSON.stringify(is) !== JSON.stringify(must))
      fail(`${row.name} is ${JSON.stringify(is)} in the database, and must be ${JSON.stringify(must)}`);
    const { lo, hi } = token.expires;
    if (row.expiresAt === null || row.expiresAt < lo || row.expiresAt > hi)
      fail(`${row.name} expires ${row.expiresAt}, and must between ${lo} and ${hi}`);
  }
}

/** Every value of the token works if it must, and else does not; never do three. */
export async function expectVerdicts(world: World, scene: Scene, token: Token): Promise<void> {
  const { model } = scene;
  let works = 0;
  for (const [number, value] of token.values.entries()) {
    if (value.text === undefined) continue;
    const isGood = await world.judge(value.text);
    const must = isHonoured(model, token, value);
    if (must !== 'maybe' && isGood !== must) fail(verdictText(token, value, number, isGood));
    if (isGood) works += 1;
  }
  if (works > 2) fail(`${works} values of ${token.name} work`);
  await expectLimboDead(world, scene, token);
}

/** What was never acknowledged works for a minute after a crash, and no longer than its token. */
async function expectLimboDead(world: World, { model, limbo }: Scene, token: Token): Promise<void> {
  for (const { name, text, until } of limbo) {
    if (name !== token.name || text === undefined) continue;
    const isOver = token.revokedBy !== undefined || model.isOver(until) === true;
    if (isOver && (await world.judge(text))) fail(`a value of ${name} works that was never acknowledged`);
  }
}

function verdictText({ name, revokedBy }: Token, { end }: Value, number: number, isGood: boolean): string {
  const why = revokedBy === undefined ? `ends between ${end.lo} and ${end.hi}` : `${revokedBy} revoked it`;
  return `value ${number} of ${name} ${isGood ? 'works, and must not' : 'does not work, and must'}: ${why}`;
}

/** Where nothing went wrong, Slack refused nothing, nothing was logged as an error, and the person sees what they must. */
function expectNothingSaid({ world, gone }: Scene, { deed, isTwice }: Taken): void {
  const isOdd = deed.isOdd || isTwice;
  const isGone = ({ error }: { readonly error: string }) => error === 'user_disabled' && gone.size > 0;
  const refusals = world.workspace.takeRefusals().filter((one) => !isGone(one));
  const [refusal] = isOdd ? [] : refusals;
  if (refusal !== undefined) fail(`Slack refused ${JSON.stringify(refusal)} in "${deed.what}"`);
  const errors = world.logged.splice(0).filter((line) => !line.includes("the machine's clock is behind"));
  if (errors.length > 0 && !isOdd) fail(`the app logged ${errors[0]} in "${deed.what}"`);
  const unseen = deed.seen?.();
  if (unseen !== undefined) fail(`${unseen} after "${deed.what}"`);
}

/** An owner is told 14, 7 and 1 days before a token expires, once each; a new value begins that anew. */
function expectRemindedOnce({ world, model, isTroubled }: Scene, from: number): void {
  for (const { method, args, answer } of callsFrom(world, from)) {
    const [, name] = /^Your token (\S+) expires /.exec(String(args.text)) ?? [];
    const isPosted = method === 'chat.postMessage' && (answer as { ok?: boolean } | undefined)?.ok === true;
    const token = model.tokens.get(name ?? '');
    if (!isPosted || token === undefined) continue;
    token.reminders += 1;
    if (token.reminders > (isTroubled ? 4 : 3))
      fail(`the owner of ${token.name} is reminded again and again`);
  }
}

/** What is drawn with buttons for one person. */
function noteButtons(scene: Scene, from: number): void {
  for (const call of callsFrom(scene.world, from)) {
    if (call.method !== 'chat.postMessage' && call.method !== 'chat.update') continue;
    const handle = HANDLES.find((one) => `D${personOf(scene.world, one).id.slice(1)}` === call.args.channel);
    if (handle === undefined) continue;
    const drawn = buttonsOf(call);
    const kept = scene.buttons.get(handle) ?? [];
    scene.buttons.set(handle, [...kept, ...drawn].slice(-200));
  }
}

type Block = {
  readonly block_id?: string;
  readonly elements?: readonly { readonly action_id?: string; readonly value?: string }[];
};

function buttonsOf({ args, answer }: CallEntry): Button[] {
  const ts = (answer as { ok?: boolean; ts?: string } | undefined)?.ts;
  if (ts === undefined) return [];
  const blocks = (typeof args.blocks === 'string' ? JSON.parse(args.blocks) : args.blocks) as Block[];
  return blocks.flatMap(({ block_id: blockId = '', elements = [] }) =>
    elements.flatMap(({ action_id: actionId = '', value }) =>
      PRESSED.has(actionId) && value !== undefined ? [{ ts, actionId, blockId, value }] : [],
    ),
  );
}

/** What Slack delivered in the step, so that it can be delivered again. */
function noteSent(scene: Scene, { deed, from }: Taken, changes: readonly Change[]): void {
  const hadEffect = changes.some(({ action }) => !REFUSED.test(action) && action !== 'value.withdrawn');
  const expects = () => [...(deed.expects?.() ?? []), ...(deed.allows?.() ?? [])];
  const delivered = deliveriesFrom(scene.world, from).filter(({ type }) => type !== 'events_api');
  if (deed.what.startsWith('again')) return;
  for (const { type, payload } of delivered) {
    const delivery = { type, payload } as Delivery;
    scene.sent.push({ delivery, what: deed.what, hadEffect, expects });
  }
  scene.sent.splice(0, Math.max(0, scene.sent.length - 100));
}
