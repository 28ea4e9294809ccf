import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/clock.ts';
import {
  type Change,
  hasOldValue,
  isHonoured,
  nameKeyOf,
  statusOf,
  type Terms,
  type Token,
  type Value,
  wasNeverClaimed,
} from './model.ts';
import type { Button, Dialog, Scene } from './scene.ts';
import { does } from './scheduler.ts';
import { HANDLES, type Handle, personOf } from './world.ts';

/** One thing that somebody does, and what must come of it. */
export type Deed = {
  readonly what: string;
  act(): Promise<unknown>;
  /** As things stand when it is asked. */
  expects?(): readonly Change[];
  /** What may come of it beside that, or not. */
  allows?(): readonly Change[];
  /** Events that change no token and may come of it. */
  readonly leaves?: RegExp;
  /** Whether Slack and the app may say no to it: what comes once more, perhaps much later. */
  readonly isOdd?: boolean;
  /** Whether Slack may fail meanwhile. */
  readonly isProne?: boolean;
  /** What is wrong with what the person sees, where all went well. */
  seen?(): string | undefined;
  /** Tokens that it is about. */
  readonly about?: readonly string[];
};

const MAY_REVOKE_ANY: ReadonlySet<Handle> = new Set(['bob', 'dave']);

const HELD_MS = 30 * MINUTE_MS;

const END_OLD = 'End old value only';

const SHORTCUT = 'Revoke token in message';

const LIFETIMES = { '7 days': 7, '30 days': 30, '90 days': 90, '1 year': 365 } as const;

const GRACES = { Now: 0, 'In 1 hour': HOUR_MS, 'In 24 hours': DAY_MS, 'In 7 days': 7 * DAY_MS } as const;

type Draw = (scene: Scene) => Deed | undefined;

/** Something that can be done now, as chance has it. */
export function drawDeed(scene: Scene): Deed {
  for (;;) {
    let ticket = scene.chance.between(0, TICKETS);
    const found = DEEDS.find(([weight]) => {
      ticket -= weight;
      return ticket < 0;
    });
    const deed = found?.[1](scene);
    if (deed !== undefined) return deed;
  }
}

const present = ({ gone }: Scene): Handle[] => HANDLES.filter((handle) => !gone.has(handle));

const someone = (scene: Scene): Handle => scene.chance.oneOf(present(scene));

/** Mostly one of the latest: that is where much happens. */
function someToken({ model, chance }: Scene, isMeant: (token: Token) => boolean = () => true) {
  const all = [...model.tokens.values()].filter(isMeant);
  const likely = chance.between(0, 4) === 0 ? all : all.slice(-12);
  return likely.length === 0 ? undefined : chance.oneOf(likely);
}

function mayRevoke(handle: Handle, token: Token): boolean {
  return token.owner === handle || MAY_REVOKE_ANY.has(handle);
}

/** A value of it is just being shown, as far as anybody can tell after a crash. */
function isInLimbo({ limbo, model }: Scene, name: string): boolean {
  return limbo.some((one) => one.name === name && model.isOver(one.until) !== true);
}

// ---- what somebody types ----

function types(
  scene: Scene,
  handle: Handle,
  command: string,
  { told = command, dialog, about, opens }: TypedOptions,
): Deed {
  const { world, dialogs } = scene;
  const person = personOf(world, handle);
  return {
    what: `${handle} types ${told}`,
    isProne: true,
    ...(about === undefined ? {} : { about }),
    act: async () => {
      if (person.modal() !== undefined) person.reloads();
      dialogs.delete(handle);
      await person.types('#general', command);
      await world.settle();
      if (person.modal()?.submit !== undefined && dialog !== undefined) dialogs.set(handle, dialog);
    },
    seen: () => {
      const isOpen = person.modal()?.submit !== undefined;
      return opens === undefined || isOpen === opens
        ? undefined
        : `${handle} sees ${opens ? 'no' : 'a'} dialog`;
    },
  };
}

type TypedOptions = {
  readonly told?: string;
  readonly dialog?: Dialog;
  readonly about?: readonly string[];
  /** Whether a dialog must open; undefined: who knows. */
  readonly opens?: boolean | undefined;
};

const asksToCreate: Draw = (scene) => {
  const { chance } = scene;
  const handle = someone(scene);
  const taken = chance.between(0, 6) === 0 ? someToken(scene) : undefined;
  scene.created += 1;
  const name =
    taken === undefined ? `bot-${scene.created}-x` : chance.oneOf([taken.name, taken.name.toUpperCase()]);
  const command = `/apitoken ${chance.oneOf(['create', 'new'])} ${name}`;
  return types(scene, handle, command, { dialog: { kind: 'create', name }, opens: true });
};

/** What becomes of it when its owner asks for another value. */
function nextValueOf(scene: Scene, token: Token): 'rotate' | 'renew' | 'maybe' | undefined {
  const { model } = scene;
  if (token.revokedBy !== undefined || token.values.length === 0) return undefined;
  const status = statusOf(model, token);
  if (status === 'maybe') return 'maybe';
  return status === 'expired' ? 'renew' : 'rotate';
}

const asksToRotate: Draw = (scene) => {
  const token = someToken(scene);
  if (token === undefined) return undefined;
  const isOwner = scene.chance.between(0, 8) > 0 && !scene.gone.has(token.owner as Handle);
  const handle = isOwner ? (token.owner as Handle) : someone(scene);
  return asksForNextValue(scene, handle, token);
};

function asksForNextValue(scene: Scene, handle: Handle, token: Token): Deed {
  const { name, generation } = token;
  const next = handle === token.owner ? nextValueOf(scene, token) : undefined;
  const dialog = { kind: 'rotate', name, generation, renews: next === 'renew' } as const;
  const opens = next === 'maybe' ? undefined : next !== undefined;
  return types(scene, handle, `/apitoken rotate ${name}`, { dialog, opens, about: [name] });
}

function revokeDialog(
  scene: Scene,
  tokens: readonly Token[],
  more: Partial<Extract<Dialog, { kind: 'revoke' }>> = {},
): Dialog {
  return {
    kind: 'revoke',
    names: tokens.map(({ name }) => name),
    versions: tokens.map(({ version }) => version),
    heldAt: undefined,
    held: [],
    person: undefined,
    ...more,
    ...(more.held === undefined ? {} : { heldAt: scene.model.now() }),
  };
}

const asksToRevoke: Draw = (scene) => {
  const token = someToken(scene);
  if (token === undefined) return undefined;
  const handle = someone(scene);
  const opens = token.revokedBy === undefined && mayRevoke(handle, token);
  const command = `/apitoken ${scene.chance.oneOf(['revoke', 'kill'])} ${token.name}`;
  return types(scene, handle, command, { dialog: revokeDialog(scene, [token]), opens, about: [token.name] });
};

/** A token with one of its values that somebody can have come by. */
function someValue(scene: Scene) {
  const token = someToken(scene, ({ values }) => values.some(({ text }) => text !== undefined));
  const known = token?.values.filter(({ text }) => text !== undefined) ?? [];
  if (token === undefined || known.length === 0) return undefined;
  const value = scene.chance.between(0, 3) > 0 ? known.at(-1) : scene.chance.oneOf(known);
  return value?.text === undefined ? undefined : { token, value, text: value.text };
}

function valueName({ values, name }: Token, value: Token['values'][number]): string {
  return `value ${values.indexOf(value)} of ${name}`;
}

const asksToRevokeHeld: Draw = (scene) => {
  const found = someValue(scene);
  if (found === undefined) return undefined;
  const { token, value, text } = found;
  const honoured = isHonoured(scene.model, token, value);
  return types(scene, someone(scene), `/apitoken revoke ${text}`, {
    told: `/apitoken revoke (${valueName(token, value)})`,
    dialog: revokeDialog(scene, [token], { held: [value] }),
    opens: honoured === 'maybe' ? undefined : honoured,
    about: [token.name],
  });
};

function liveOf(scene: Scene, owner: Handle): { sure: Token[]; isSure: boolean } {
  const { model } = scene;
  const all = [...model.tokens.values()].filter((token) => token.owner === owner);
  const statuses = all.map((token) => statusOf(model, token));
  const sure = all.filter((_, index) => ['active', 'unclaimed'].includes(statuses[index] ?? ''));
  return { sure, isSure: !statuses.includes('maybe') };
}

const asksToRevokePerson: Draw = (scene) => {
  const owner = scene.chance.oneOf(HANDLES);
  const handle = scene.chance.between(0, 4) === 0 ? someone(scene) : owner;
  if (scene.gone.has(handle)) return undefined;
  const { sure, isSure } = liveOf(scene, owner);
  if (!isSure || sure.length > 60 || sure.length > 8 + scene.chance.between(0, 20)) return undefined;
  const opens = sure.length > 0 && (owner === handle || MAY_REVOKE_ANY.has(handle));
  return types(scene, handle, `/apitoken revoke @${owner}`, {
    dialog: revokeDialog(scene, sure, { person: owner }),
    opens,
    about: sure.map(({ name }) => name),
  });
};

const looks: Draw = (scene) => {
  const { chance } = scene;
  const name = someToken(scene)?.name ?? 'nothing';
  const command = chance.oneOf([
    'list',
    'list all',
    'list revoked',
    'status',
    'status expiring',
    'status revoked',
    'help',
    `info ${name}`,
    `history ${name}`,
    `find ${name.slice(0, 6)}`,
    'board',
  ]);
  return {
    ...types(scene, someone(scene), `/apitoken ${command}`, { opens: false }),
    leaves: /^(board|status)\./,
  };
};

const checks: Draw = (scene) => {
  const found = someValue(scene);
  if (found === undefined) return undefined;
  const { token, value, text } = found;
  return {
    ...types(scene, someone(scene), `/apitoken check ${text}`, {
      told: `/apitoken check (${valueName(token, value)})`,
      opens: false,
    }),
    leaves: /^value\.checked$/,
  };
};

// ---- dialogs ----

const submits: Draw = (scene) => {
  const open = present(scene).filter((handle) => scene.dialogs.has(handle));
  if (open.length === 0) return undefined;
  const handle = scene.chance.oneOf(open);
  const dialog = scene.dialogs.get(handle);
  if (dialog === undefined || personOf(scene.world, handle).modal()?.submit === undefined) {
    scene.dialogs.delete(handle);
    return undefined;
  }
  switch (dialog.kind) {
    case 'create':
      return submitsCreation(scene, handle, dialog.name);
    case 'rotate':
      return submitsRotation(scene, handle, dialog);
    case 'revoke':
      return submitsRevocation(scene, handle, dialog);
  }
};

function submission(
  scene: Scene,
  handle: Handle,
  fields: Record<string, string>,
  told: string,
  { isToDo, result }: { readonly isToDo: boolean; readonly result: RegExp },
): Pick<Deed, 'what' | 'act' | 'isProne' | 'seen'> {
  const person = personOf(scene.world, handle);
  return {
    what: `${handle} submits ${told}`,
    isProne: true,
    act: async () => {
      await person.fills(fields);
      await person.submits();
    },
    // Also where it was delivered twice: the second is told what the first one was.
    seen: () => {
      const modal = person.modal();
      if (!isToDo || (modal !== undefined && result.test(`${modal.title} ${modal.text}`))) return undefined;
      return `${handle} reads "${modal?.text}" ${JSON.stringify(modal?.errors)}`;
    },
  };
}

function submitsCreation(scene: Scene, handle: Handle, name: string): Deed {
  const { chance, model } = scene;
  const expires = chance.oneOf(['7 days', '30 days', '90 days', '1 year'] as const);
  const others = present(scene).filter((one) => one !== handle);
  const owner =
    handle === 'dave' && others.length > 0 && chance.between(0, 5) > 0 ? chance.oneOf(others) : handle;
  const terms: Terms = { owner, lifetimeMs: LIFETIMES[expires] * DAY_MS };
  const fields = { Expires: expires, ...(handle === 'dave' ? { Owner: owner } : {}) };
  const creation = () => {
    const keys = [...model.tokens.keys()].map(nameKeyOf);
    if (keys.includes(nameKeyOf(name)) || scene.gone.has(owner)) return [];
    const created = { action: 'token.created', name, by: handle, terms };
    return owner === handle ? [created, { action: 'value.shown', name, by: handle }] : [created];
  };
  const asked = { isToDo: creation().length > 0, result: /^Token created/ };
  return {
    ...submission(scene, handle, fields, `${name}, ${expires}, for ${owner}`, asked),
    about: [name],
    expects: creation,
  };
}

function submitsRotation(
  scene: Scene,
  handle: Handle,
  { name, generation, renews }: Extract<Dialog, { kind: 'rotate' }>,
): Deed {
  const { chance, model } = scene;
  const grace = chance.oneOf(['Now', 'In 1 hour', 'In 24 hours', 'In 7 days'] as const);
  const keeps = !renews && chance.isTrue();
  const expires = chance.oneOf(['7 days', '30 days', '90 days'] as const);
  const fields = {
    ...(renews ? {} : { 'Old value ends': grace }),
    Expires: keeps ? 'Keep the date' : expires,
  };
  const lifetime = keeps ? {} : { lifetimeMs: LIFETIMES[expires] * DAY_MS };
  const terms: Terms = { ...lifetime, graceMs: renews ? 0 : GRACES[grace] };
  const rotation = () => {
    const token = model.get(name);
    const next = handle === token.owner ? nextValueOf(scene, token) : undefined;
    const isRight = next === (renews ? 'renew' : 'rotate') && token.generation === generation;
    const change = { action: renews ? 'token.renewed' : 'token.rotated', name, by: handle, terms };
    if (next === 'maybe' || isInLimbo(scene, name)) return { must: [], may: [change] };
    return { must: isRight ? [change] : [], may: [] };
  };
  const told = `${renews ? 'renewal' : 'rotation'} of ${name}, ${JSON.stringify(fields)}`;
  return {
    ...submission(scene, handle, fields, told, {
      isToDo: rotation().must.length > 0,
      result: /^Token (rotated|renewed)/,
    }),
    about: [name],
    expects: () => rotation().must,
    allows: () => rotation().may,
  };
}

function submitsRevocation(scene: Scene, handle: Handle, dialog: Extract<Dialog, { kind: 'revoke' }>): Deed {
  const { model, world } = scene;
  const { names, versions, heldAt, held, person } = dialog;
  const labels = personOf(world, handle)
    .modal()
    ?.inputs.map(({ label }) => label);
  const fullName = person === undefined ? '' : `${person.charAt(0).toUpperCase()}${person.slice(1)}`;
  const fields = {
    Reason: 'it leaked',
    ...(labels?.includes('Name of the person') ? { 'Name of the person': fullName } : {}),
  };
  const revocation = () => {
    const tokens = names.map((name) => model.get(name));
    const changes = tokens
      .filter(({ revokedBy }) => revokedBy === undefined)
      .map(({ name }) => ({ action: 'token.revoked', name, by: handle }));
    if (tokens.every((token) => mayRevoke(handle, token))) return { must: changes, may: [] };
    const isOld = isProofOver(scene, dialog);
    if (isOld === true) return { must: [], may: [] };
    const isSame = tokens.every(({ version }, index) => version === versions[index]);
    const areHonoured = tokens.every((token, index) => {
      const value = held[index];
      return value !== undefined && isHonoured(model, token, value) === true;
    });
    return isSame && areHonoured && isOld === false ? { must: changes, may: [] } : { must: [], may: changes };
  };
  const told = `revocation of ${names.join(', ')}${heldAt === undefined ? '' : ', held'}`;
  return {
    ...submission(scene, handle, fields, told, {
      isToDo: revocation().must.length > 0,
      result: /is revoked\.|tokens revoked\./,
    }),
    about: names,
    expects: () => revocation().must,
    allows: () => revocation().may,
  };
}

/** *End old value only*, where the value that was presented is the old one of two. */
const endsHeld: Draw = (scene) => {
  const { world, model, dialogs } = scene;
  const handle = someone(scene);
  const person = personOf(world, handle);
  const dialog = dialogs.get(handle);
  if (dialog?.kind !== 'revoke' || !person.modal()?.buttons.includes(END_OLD)) return undefined;
  const [name = '', value] = [dialog.names[0], dialog.held[0]];
  const ending = () => {
    const token = model.get(name);
    const change = { action: 'old_value.ended', name, by: handle };
    if (value === undefined || token.values.at(-1) === value || isProofOver(scene, dialog) === true)
      return NOTHING;
    const isSure = token.version === dialog.versions[0] && isProofOver(scene, dialog) === false;
    const honoured = isHonoured(model, token, value);
    return outcomeOf(honoured === true && !isSure ? 'maybe' : honoured, change);
  };
  return {
    what: `${handle} ends the old value of ${name}, held`,
    isProne: true,
    about: [name],
    act: async () => {
      await person.clicks(END_OLD, { in: 'modal' });
      dialogs.delete(handle);
    },
    expects: () => ending().must,
    allows: () => ending().may,
  };
};

/** Whether it is too long ago that the person presented a value. */
function isProofOver({ model }: Scene, { heldAt }: Extract<Dialog, { kind: 'revoke' }>): boolean | 'maybe' {
  return heldAt === undefined || model.isOver({ lo: heldAt.lo + HELD_MS, hi: heldAt.hi + HELD_MS });
}

const closes: Draw = (scene) => {
  const handle = someone(scene);
  const person = personOf(scene.world, handle);
  if (person.modal() === undefined) return undefined;
  return { what: `${handle} closes the dialog`, act: async () => void (await person.closes()) };
};

// ---- messages with values ----

const usesShortcut: Draw = (scene) => {
  const { world, chance, model } = scene;
  const wanted = chance.between(1, 4);
  const found = Array.from({ length: wanted }, () => someValue(scene)).filter((one) => one !== undefined);
  const distinct = found.filter(
    ({ token }, index) => found.findIndex((one) => one.token === token) === index,
  );
  if (distinct.length === 0) return undefined;
  const handle = someone(scene);
  const person = personOf(world, handle);
  const honoured = distinct.map(({ token, value }) => isHonoured(model, token, value));
  const live = distinct.filter((_, index) => honoured[index] === true);
  const dialog = revokeDialog(
    scene,
    live.map(({ token }) => token),
    { held: live.map(({ value }) => value) },
  );
  return {
    what: `${handle} uses the shortcut on ${distinct.map(({ token, value }) => valueName(token, value)).join(', ')}`,
    isProne: true,
    act: async () => {
      if (person.modal() !== undefined) person.reloads();
      scene.dialogs.delete(handle);
      const text = distinct.map((one) => one.text).join(' and ');
      await person.uses(SHORTCUT, world.workspace.post('#general', 'carol', { text }));
      await world.settle();
      if (person.modal()?.submit !== undefined && !honoured.includes('maybe'))
        scene.dialogs.set(handle, dialog);
    },
    seen: () => {
      const isOpen = person.modal()?.submit !== undefined;
      return honoured.includes('maybe') || isOpen === live.length > 0
        ? undefined
        : `${handle} sees ${isOpen ? 'a' : 'no'} dialog`;
    },
  };
};

// ---- buttons, fresh and stale ----

const presses: Draw = (scene) => {
  const handle = someone(scene);
  const all = scene.buttons.get(handle) ?? [];
  const likely = scene.chance.isTrue() ? all.slice(-8) : all.slice(-80);
  if (likely.length === 0) return undefined;
  return pressOf(scene, handle, scene.chance.oneOf(likely));
};

function pressOf(scene: Scene, handle: Handle, button: Button): Deed | undefined {
  const { world, dialogs } = scene;
  const [, id = '', generation] = /^(tok_[0-9A-Za-z]{16})(?::(\d+)|:\w+:\d+)?$/.exec(button.value) ?? [];
  const name = scene.names.get(id);
  if (name === undefined) return undefined;
  const person = personOf(world, handle);
  const { ts, actionId, blockId, value } = button;
  const outcome = () => pressOutcome(scene, handle, name, actionId, Number(generation));
  return {
    what: `${handle} presses ${actionId} of ${name}${generation === undefined ? '' : ` at ${generation}`}`,
    isProne: true,
    about: [name],
    act: async () => {
      if (person.modal() !== undefined) person.reloads();
      dialogs.delete(handle);
      await person.forges({
        type: 'block_actions',
        action_id: actionId,
        value,
        block_id: blockId,
        from: { message: ts },
      });
      await world.settle();
      const token = scene.model.get(name);
      if (person.modal()?.submit === undefined) return;
      if (actionId === 'revoke_token') dialogs.set(handle, revokeDialog(scene, [token]));
      if (actionId === 'rotate_token') {
        const renews = person.modal()?.submit === 'Renew';
        dialogs.set(handle, { kind: 'rotate', name, generation: token.generation, renews });
      }
    },
    expects: () => outcome().must,
    allows: () => outcome().may,
  };
}

type Outcome = { readonly must: readonly Change[]; readonly may: readonly Change[] };

const NOTHING: Outcome = { must: [], may: [] };

function outcomeOf(isSo: boolean | 'maybe', change: Change): Outcome {
  if (isSo === 'maybe') return { must: [], may: [change] };
  return isSo ? { must: [change], may: [] } : NOTHING;
}

function pressOutcome(
  scene: Scene,
  handle: Handle,
  name: string,
  actionId: string,
  generation: number,
): Outcome {
  const { model } = scene;
  const token = model.get(name);
  if (token.owner !== handle || token.revokedBy !== undefined) return NOTHING;
  const isAsSeen = generation === token.generation;
  const unsure = (isSo: boolean | 'maybe') => (isSo !== false && isInLimbo(scene, name) ? 'maybe' : isSo);
  const change = (action: string) => ({ action, name, by: handle });
  switch (actionId) {
    case 'show_value':
      return outcomeOf(unsure(mayBeClaimed(scene, token)), change('value.shown'));
    case 'decline_token': {
      // The app may or may not have revoked it by itself already.
      const isSo = token.values.length === 0 && (wasNeverClaimed(model, token) === false || 'maybe');
      return outcomeOf(isSo, change('token.revoked'));
    }
    case 'end_old_value':
      return outcomeOf(isAsSeen && hasOldValue(model, token), change('old_value.ended'));
    case 'issue_new_value':
      return outcomeOf(unsure(isAsSeen && mayBeReplaced(scene, token)), change('value.replaced'));
    default:
      return NOTHING;
  }
}

/** Whether its first value is still to be had. */
function mayBeClaimed({ model }: Scene, token: Token): boolean | 'maybe' {
  const status = statusOf(model, token);
  if (status !== 'unclaimed') return status === 'maybe' && 'maybe';
  const isLate = wasNeverClaimed(model, token);
  return isLate === 'maybe' ? 'maybe' : !isLate;
}

/** Whether its newest value was never used, so that another one may take its place. */
function mayBeReplaced({ model }: Scene, token: Token): boolean | 'maybe' {
  if (token.isUsed === true || token.values.length === 0) return false;
  const status = statusOf(model, token);
  return status === 'maybe' || token.isUsed === 'maybe' ? 'maybe' : status === 'active';
}

// ---- what comes twice, or late ----

const redelivers: Draw = (scene) => {
  const { sent, chance, world } = scene;
  if (sent.length === 0) return undefined;
  const { delivery, what, hadEffect, expects } = chance.oneOf(
    chance.isTrue() ? sent.slice(-5) : sent.slice(-100),
  );
  return {
    what: `again${hadEffect ? ', done before' : ''}: ${what}`,
    isOdd: true,
    isProne: true,
    act: () => world.workspace.delivers(delivery),
    allows: () => (hadEffect ? [] : expects()),
    leaves: /^(board|status|value\.checked)/,
  };
};

// ---- without Slack ----

const OPERATOR = 'cli:ops';

const revokesByCommand: Draw = (scene) => {
  const token = someToken(scene);
  if (token === undefined) return undefined;
  const { name } = token;
  return {
    what: `an operator revokes ${name}`,
    about: [name],
    act: async () => {
      const { code, out } = await scene.world.commands('revoke', name, '--reason', 'leaked');
      if (code !== 0) throw new Error(`the command line answered ${code}: ${out}`);
    },
    expects: () =>
      model(scene, name).revokedBy === undefined ? [{ action: 'token.revoked', name, by: OPERATOR }] : [],
  };
};

function model(scene: Scene, name: string): Token {
  return scene.model.get(name);
}

const revokesAllOfOne: Draw = (scene) => {
  const owner = scene.chance.oneOf(HANDLES);
  const { sure, isSure } = liveOf(scene, owner);
  if (!isSure || sure.length === 0 || sure.length > scene.chance.between(0, 40)) return undefined;
  const changes = sure.map(({ name }) => ({ action: 'token.revoked', name, by: OPERATOR }));
  return {
    what: `an operator revokes all of ${owner}`,
    about: sure.map(({ name }) => name),
    act: async () => {
      const { id } = personOf(scene.world, owner);
      const { code, out } = await scene.world.commands('revoke-person', id, '--yes', '--reason', 'leaked');
      if (code !== 0) throw new Error(`the command line answered ${code}: ${out}`);
    },
    expects: () => changes,
  };
};

/** That the value was accepted. */
export function notesUse({ unwritten }: Scene, token: Token, value: Value): void {
  if (token.values.at(-1) !== value) return;
  token.isUsed = true;
  unwritten.add(token);
}

const presents: Draw = (scene) => {
  const found = someValue(scene);
  if (found === undefined) return undefined;
  const { token, value, text } = found;
  const honoured = isHonoured(scene.model, token, value);
  let status = 0;
  return {
    what: `somebody presents ${valueName(token, value)}`,
    about: [token.name],
    act: async () => {
      status = await scene.world.verify(text);
      if (status === 200) notesUse(scene, token, value);
    },
    seen: () => {
      const expected = honoured === true ? 200 : 401;
      return honoured === 'maybe' || status === expected
        ? undefined
        : `/verify answered ${status}, not ${expected}`;
    },
  };
};

const postsRevocation: Draw = (scene) => {
  const found = someValue(scene);
  if (found === undefined) return undefined;
  const { token, value, text } = found;
  const { name } = token;
  const outcome = () =>
    outcomeOf(isHonoured(scene.model, token, value), { action: 'token.revoked', name, by: 'holder' });
  let status = 0;
  return {
    what: `somebody posts ${valueName(token, value)} to /revoke`,
    about: [name],
    act: async () => {
      status = await scene.world.postRevoke(text);
    },
    expects: () => outcome().must,
    allows: () => outcome().may,
    seen: () => (status === 200 ? undefined : `/revoke answered ${status}`),
  };
};

// ---- time, people, machines ----

const timePasses: Draw = ({ chance, world }) => {
  const [what, ms] = chance.oneOf([
    ['minutes', chance.between(1, 60) * MINUTE_MS],
    ['hours', chance.between(1, 20) * HOUR_MS],
    ['a day', DAY_MS],
    ['days', chance.between(1, 8) * DAY_MS],
    ['back', -chance.between(1, 48) * HOUR_MS],
  ] as const);
  return {
    what: `the clock moves: ${what} (${ms} ms)`,
    act: async () => {
      await does('keeping what time it is');
      world.machine.moveBy(ms);
      await does('keeping what time it is');
    },
  };
};

const CHORES = [
  'keeping what time it is',
  'writing when tokens were used',
  'finding due notices',
  'revoking unclaimed tokens',
  ...Array.from({ length: HANDLES.length + 1 }, () => 'looking up who left'),
  'looking at the boards',
  'looking after the audit chain',
  'writing digests under the current pepper',
  'tidying the database',
] as const;

/** All that the app does by itself, once. */
export async function doChores(): Promise<void> {
  for (const chore of CHORES) await does(chore);
}

/** What may become of tokens without anybody's doing. */
export function choreOutcome({ model, gone }: Scene): Outcome {
  const must: Change[] = [];
  const may: Change[] = [];
  for (const token of model.tokens.values()) {
    const { name, owner } = token;
    const change = { action: 'token.revoked', name, by: 'system' };
    const isLate = wasNeverClaimed(model, token);
    if (isLate === true) must.push(change);
    else if (isLate === 'maybe' || (gone.has(owner as Handle) && token.revokedBy === undefined))
      may.push(change);
  }
  return { must, may };
}

const choresAreDone: Draw = (scene) => ({
  what: 'the app does its chores',
  act: async () => {
    await doChores();
    scene.unwritten.clear();
  },
  expects: () => choreOutcome(scene).must,
  allows: () => choreOutcome(scene).may,
  isProne: true,
});

const leaves: Draw = (scene) => {
  const { gone, chance, world, dialogs, model } = scene;
  if (gone.size > 0) return undefined;
  const handle = chance.oneOf(['alice', 'carol'] as const);
  const untold = chance.between(0, 3) === 0;
  return {
    what: `${handle} leaves${untold ? ', and Slack does not tell' : ''}`,
    act: async () => {
      const person = personOf(world, handle);
      if (person.modal() !== undefined) person.reloads();
      gone.add(handle);
      scene.wereGone.add(handle);
      dialogs.delete(handle);
      // Nobody can tell them any more.
      for (let at = model.duties.length - 1; at >= 0; at--)
        if (model.duties[at]?.to === handle) model.duties.splice(at, 1);
      await world.workspace.setPerson(handle, { deleted: true }, ...(untold ? (['untold'] as const) : []));
    },
  };
};

const returns: Draw = (scene) => {
  const [handle] = scene.gone;
  if (handle === undefined) return undefined;
  return {
    what: `${handle} comes back`,
    act: async () => {
      await scene.world.workspace.setPerson(handle, { deleted: false });
      scene.gone.delete(handle);
    },
  };
};

const restarts: Draw = ({ world }) => ({ what: 'the app is restarted', act: () => world.restart() });

const crashes: Draw = ({ world }) => ({
  what: 'the app crashes',
  act: async () => world.crashNow(),
});

/** With how much of all that is done each is. */
const DEEDS: readonly (readonly [number, Draw])[] = [
  [90, asksToCreate],
  [220, submits],
  [60, asksToRotate],
  [35, asksToRevoke],
  [15, asksToRevokeHeld],
  [6, asksToRevokePerson],
  [12, usesShortcut],
  [140, presses],
  [70, redelivers],
  [60, looks],
  [10, checks],
  [30, endsHeld],
  [10, closes],
  [150, presents],
  [8, postsRevocation],
  [8, revokesByCommand],
  [1, revokesAllOfOne],
  [25, timePasses],
  [25, choresAreDone],
  [4, leaves],
  [6, returns],
  [2, restarts],
  [3, crashes],
];

const TICKETS = DEEDS.reduce((sum, [weight]) => sum + weight, 0);

/** How long anything takes. */
export function pace({ chance, world }: Scene): void {
  world.machine.moveBy(chance.between(0, 5) * SECOND_MS);
}
