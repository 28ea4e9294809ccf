import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { AckOutcome, Delivery } from '../../sandbox/workspace/sockets.ts';
import type { TrafficEntry } from '../../sandbox/workspace/state.ts';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import { CONTRACT, type Kind } from './contract-kinds.ts';
import { soon } from './flows.ts';
import { changedAt, type Variant, variantsOf } from './variants.ts';

const FLAWS_MAX = 3;
const WAYS = [
  ['sockets', 'sockets'],
  ['HTTP', 'http'],
] as const;
const CASES = WAYS.flatMap(([way, deliverBy]) =>
  CONTRACT.map((kind) => [kind.name, way, kind, deliverBy] as const),
);

test.for(CASES)(
  '%s, over %s: with each key left out or null it is acknowledged, and whoever sent it is served or told',
  async ([, , kind, deliverBy]) => {
    const stage = await setStage({ deliverBy, workspace: await openWorkspace() });
    const make = await kind.prepare(stage);
    const broken: string[] = [];

    broken.push(...(await flawsOf(kind, make(), undefined, stage)));
    for (const variant of variantsOf(make().payload)) {
      // Each that is not told is waited for; a few say what is wrong.
      if (broken.length >= FLAWS_MAX) break;
      const full = make();
      broken.push(
        ...(await flawsOf(kind, { ...full, payload: changedAt(full.payload, variant) }, variant, stage)),
      );
    }

    expect(broken).toEqual([]);
    stage.workspace.takeRefusals();
  },
);

/** What is wrong with how the app takes it; nothing, if all is well. */
async function flawsOf(
  kind: Kind,
  delivery: Delivery,
  variant: Variant | undefined,
  stage: Stage,
): Promise<string[]> {
  const { workspace } = stage;
  const name = variant === undefined ? 'in full' : `${variant.path} ${variant.as}`;
  const isNeeded = isAmong(kind.needed, variant);
  const isUnknowable = isAmong(kind.unknowable, variant);
  const open = workspace.person('alice').modal()?.id;
  const [seen, logged] = [workspace.traffic.length, stage.log().length];

  const outcome = await workspace.delivers(delivery);
  if (!outcome.acked) return [`${name}: not acknowledged, ${outcome.why}`];
  const wanted = isNeeded ? '' : kind.says;
  const traffic = () => workspace.traffic.slice(seen);
  const isTold = isUnknowable || wanted === undefined || (await isSaid(wanted, outcome, traffic));

  // What goes wrong with it is logged before it is done, and not always before the next one comes.
  await soon(() => expect(stage.app.inWork()).toBe(0));
  await closeDialogs(workspace.person('alice'), open);
  const errors = /"level":"(error|fatal)".*/.exec(stage.log().slice(logged))?.[0];
  return [
    ...(isTold ? [] : [`${name}: the person is not ${isNeeded ? 'told' : 'served'}`]),
    ...(isNeeded || isUnknowable || errors === undefined ? [] : [`${name}: ${errors}`]),
  ];
}

/** Closes what was opened on top of the dialog that was open before. */
async function closeDialogs(person: Person, before: string | undefined): Promise<void> {
  while (person.modal() !== undefined && person.modal()?.id !== before) await person.closes();
}

/** Whether the acknowledgement, or what the app calls after it, says it. */
function isSaid(
  text: string,
  { body }: AckOutcome & { acked: true },
  traffic: () => readonly TrafficEntry[],
): Promise<boolean> {
  const said = () => [...(body === undefined ? [] : [body]), ...traffic().flatMap(saidIn)];
  return soon(() => {
    if (!said().some((one) => JSON.stringify(one).includes(text))) throw new Error('not yet');
    return true;
  }).catch(() => false);
}

const TELLING = /^(views\.(open|push|update|publish)|chat\.postEphemeral)$/;

/** What a person sees of a call of the app. */
function saidIn(entry: TrafficEntry): unknown[] {
  if (entry.kind === 'delivery' || entry.status !== 200) return [];
  if (entry.kind === 'call' && !TELLING.test(entry.method)) return [];
  return JSON.stringify(entry.answer)?.includes('"ok":false') ? [] : [entry.args];
}

function isAmong(keys: readonly (string | RegExp)[], variant: Variant | undefined): boolean {
  if (variant === undefined) return false;
  const { path } = variant;
  return keys.some((key) => (typeof key === 'string' ? key === path : key.test(path)));
}
