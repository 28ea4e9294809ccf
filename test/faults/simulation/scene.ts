import type { Delivery } from '../../../sandbox/workspace/sockets.ts';
import type { Chance } from '../programme.ts';
import { type Change, createModel, type Instant, type Model, type Token, type Value } from './model.ts';
import type { Handle, World } from './world.ts';

/** A dialog that somebody has open, and what they asked for by it. */
export type Dialog =
  | { readonly kind: 'create'; readonly name: string }
  | {
      readonly kind: 'rotate';
      readonly name: string;
      readonly generation: number;
      readonly renews: boolean;
    }
  | {
      readonly kind: 'revoke';
      readonly names: readonly string[];
      /** What they were like when it was opened. */
      readonly versions: readonly number[];
      /** Whether the person presented a value of each, and when. */
      readonly heldAt: Instant | undefined;
      readonly held: readonly Value[];
      /** Whose they all are, where it is a person's sheet. */
      readonly person: Handle | undefined;
    };

/** A button that was drawn for somebody once; it may have been drawn over since. */
export type Button = {
  readonly ts: string;
  readonly actionId: string;
  readonly blockId: string;
  readonly value: string;
};

/** What was delivered, and what may come of it when it is delivered again. */
export type Sent = {
  readonly delivery: Delivery;
  readonly what: string;
  readonly hadEffect: boolean;
  expects(): readonly Change[];
};

/** A value that somebody may have seen although it was never acknowledged. */
export type Limbo = { readonly name: string; readonly text: string | undefined; readonly until: Instant };

/** All that is going on in one world. */
export type Scene = {
  readonly world: World;
  readonly model: Model;
  readonly chance: Chance;
  readonly dialogs: Map<Handle, Dialog>;
  readonly buttons: Map<Handle, Button[]>;
  readonly sent: Sent[];
  readonly limbo: Limbo[];
  /** Who left, and who ever did: what they were not told then they are never told. */
  readonly gone: Set<Handle>;
  readonly wereGone: Set<Handle>;
  /** Tokens whose use is not written down for certain. */
  readonly unwritten: Set<Token>;
  /** Messages with values that were looked at. */
  readonly seen: Set<string>;
  readonly ids: Map<string, string>;
  readonly names: Map<string, string>;
  isTroubled: boolean;
  created: number;
};

/** Nothing has happened yet. */
export function createScene(world: World, chance: Chance): Scene {
  const gone = new Set<Handle>();
  return {
    world,
    model: createModel(world.machine.appTime, gone),
    chance,
    dialogs: new Map(),
    buttons: new Map(),
    sent: [],
    limbo: [],
    gone,
    wereGone: new Set(),
    unwritten: new Set(),
    seen: new Set(),
    ids: new Map(),
    names: new Map(),
    isTroubled: false,
    created: 0,
  };
}
