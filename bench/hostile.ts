import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../sandbox/workspace/person.ts';
import type { Workspace } from '../sandbox/workspace/workspace.ts';
import type { Pace } from './contest.ts';
import { once } from './goal.ts';
import { present, writeValues } from './load.ts';
import type { Findings } from './report.ts';
import { rangeOf } from './rounds.ts';
import { liveValues, withWrongCheck } from './values.ts';
import { failOnFault } from './verify.ts';
import { MEMBERS, type Workbench } from './workbench.ts';

const TOKENS = 1000;
const TO_USUAL_MAX = 5;
/** How soon a member presses again. */
const PAUSE_MS = 1000;
const ANSWER_MS_MAX = 20_000;
const SHORTCUT = 'Revoke token in message';
/** Slack cuts a message's text there; what it delivers has the text once more in its blocks. */
const TEXT_LENGTH = 40_000;
/** As many as fit into the megabyte that a delivery may have. */
const PARTS = 40_000;
const NEAR_VALUES = 700;
/** Of different classes, so that whoever normalises them sorts. */
const MARKS = ['\u0301', '\u0323', '\u0327', '\u031b', '\u0345'];

type Message = Parameters<Workspace['post']>[2];

/** The worst that Slack can deliver to whoever searches a message. */
const MESSAGES: Readonly<Record<string, (values: readonly string[]) => Message>> = {
  'marks in no order': () => {
    const text = Array.from({ length: TEXT_LENGTH }, (_, index) => MARKS[(index * 7) % MARKS.length]).join(
      '',
    );
    return { text, blocks: [lineOf([text])], attachments: [{ text, fallback: text }] };
  },
  'near values': (values) => {
    const near = values.slice(0, NEAR_VALUES).map(withWrongCheck).join(' ').slice(0, TEXT_LENGTH);
    return { text: near, blocks: [lineOf([near])] };
  },
  'many parts': () => ({
    text: 'x',
    attachments: Array.from({ length: PARTS }, (_, part) => ({ text: `part ${part}` })),
  }),
};

/**
 * `/verify` while 20 members press *Revoke token in message* all at once, and a second later again, on the worst messages there
 * are: its median against the usual one, in rounds by turns.
 */
export async function measureHostile(bench: Workbench, pace: Pace): Promise<Findings> {
  const service = await bench.startService(await bench.databaseOf(TOKENS));
  await bench.workspace.waitForSockets(1);
  const values = liveValues(TOKENS, TOKENS);
  const { port } = service;
  const asked = {
    port,
    file: writeValues(bench, 'good', values),
    seconds: pace.seconds,
    expects: 'all allowed',
  } as const;
  await present(bench, { ...asked, seconds: pace.warmUpSeconds });

  const goals = [];
  const facts: Record<string, unknown> = {};
  for (const [what, make] of Object.entries(MESSAGES)) {
    const ts = bench.workspace.post('#general', 'alice', make(values));
    const ratios: number[] = [];
    let presses = 0;
    for (let round = 0; round < pace.rounds; round++) {
      const usual = await present(bench, asked);
      const pressing = pressOverAndOver(bench.workspace, ts);
      const beside = await present(bench, asked).finally(pressing.end);
      presses += await pressing.ended;
      ratios.push(beside.p50Ms / usual.p50Ms);
    }
    facts[`presses on ${what}`] = presses;
    goals.push({
      what: `median of /verify beside presses on ${what} / usual`,
      atMost: TO_USUAL_MAX,
      actual: rangeOf(ratios),
    });
    goals.push({
      what: `rounds of presses on ${what} that were answered`,
      atLeast: 1,
      actual: once(presses / MEMBERS.length),
    });
  }
  failOnFault(service);
  await service.stop();
  return { rows: [], facts, goals };
}

/** All members press at once, and again a second after the last has an answer; `ended` is how many presses were answered. */
function pressOverAndOver(workspace: Workspace, ts: string) {
  const ending = new AbortController();
  const people = MEMBERS.map(({ handle }) => workspace.person(handle));

  async function pressAll() {
    let presses = 0;
    while (!ending.signal.aborted) {
      await Promise.all(people.map((person) => press(person, ts)));
      presses += people.length;
      await sleep(PAUSE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    return presses;
  }

  return { ended: pressAll(), end: () => ending.abort() };
}

async function press(person: Person, ts: string): Promise<void> {
  await person.uses(SHORTCUT, ts);
  const pressedAt = performance.now();
  while (person.modal() === undefined) {
    if (performance.now() - pressedAt > ANSWER_MS_MAX)
      throw new Error('a press was not answered within 20 s');
    await nextTurn();
  }
  await person.closes();
}

function lineOf(texts: readonly string[]) {
  const elements = texts.map((text) => ({ type: 'text', text }));
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] };
}
