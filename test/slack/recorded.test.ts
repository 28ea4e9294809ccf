import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { Delivery } from '../../sandbox/workspace/sockets.ts';
import type { Json, TrafficEntry } from '../../sandbox/workspace/state.ts';
import { CREATE_SHORTCUT_ID, MESSAGE_SHORTCUT_ID } from '../../src/slack/blocks/ids.ts';
import { type Stage, setStage } from '../fixture.ts';
import { callsOf, modalOf, soon } from './flows.ts';

/*
 * Payloads that Slack once sent to other apps. They are no part of this project, and stand beside it where somebody keeps
 * them: {"payloads": [{"from": "where it was found", "payload": {…}}]}.
 */
const FILE = join('shared', 'slack-payloads.json');
const ABOVE_MAX = 4;

const recorded = z.object({ payloads: z.array(z.object({ from: z.string(), payload: z.looseObject({}) })) });
const path = findAbove(join(import.meta.dirname, '..', '..'));
if (path === undefined) {
  process.stderr.write(`Skipped: there is no ${FILE} beside this project, so no recorded payload is sent.\n`);
}
const PAYLOADS = path === undefined ? [] : recorded.parse(JSON.parse(readFileSync(path, 'utf8'))).payloads;

/** Whom Slack says it comes from: nobody of this workspace, as they stand, or Alice. */
const SENDERS = ['a stranger', 'alice'] as const;
const WAYS = ['sockets', 'http'] as const;
const CASES = SENDERS.flatMap((sender) => WAYS.map((way) => [sender, way] as const));

test.skipIf(path === undefined).for(CASES)(
  'every recorded payload, from %s and over %s, is acknowledged, and its sender told, without an error',
  async ([sender, deliverBy]) => {
    const stage = await setStage({ deliverBy });
    const alice = stage.workspace.person('alice');
    const broken: string[] = [];

    for (const [index, { from, payload }] of PAYLOADS.entries()) {
      const flaw = await flawOf(deliveryOf(payload, sender, stage), stage);
      if (flaw !== undefined) broken.push(`${index}, ${from}: ${flaw}`);
      while (alice.modal() !== undefined) await alice.closes();
    }

    expect(PAYLOADS.length).toBeGreaterThan(0);
    expect(broken).toEqual([]);
    expect(stage.log()).not.toMatch(/"level":"(error|fatal)"/);
    stage.workspace.takeRefusals();
  },
);

test.skipIf(path === undefined).for([
  ['shortcut', CREATE_SHORTCUT_ID, 'Create API Token'],
  ['message_action', MESSAGE_SHORTCUT_ID, 'No token value in this message.'],
] as const)('every recorded %s opens a dialog when it is one of ours', async ([type, callback_id, says]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const ofThatKind = PAYLOADS.filter(({ payload }) => payload.type === type);

  for (const { payload } of ofThatKind) {
    const { payload: ours, ...rest } = deliveryOf(payload, 'alice', stage);
    expect(await stage.workspace.delivers({ ...rest, payload: { ...ours, callback_id } })).toMatchObject({
      acked: true,
    });
    const { title, text } = await modalOf(alice);
    expect(`${title} ${text}`).toContain(says);
    await alice.closes();
  }

  expect(ofThatKind.length).toBeGreaterThan(0);
  expect(callsOf(stage.workspace, 'views.open')).toHaveLength(ofThatKind.length);
});

function findAbove(root: string): string | undefined {
  let folder = dirname(root);
  for (let above = 0; above < ABOVE_MAX; above++) {
    const found = join(folder, FILE);
    if (existsSync(found)) return found;
    folder = dirname(folder);
  }
  return undefined;
}

/** As it was recorded; only what this workspace must be able to answer is its own: triggers, addresses and, as Alice, ids. */
function deliveryOf(recordedPayload: Json, sender: (typeof SENDERS)[number], { workspace }: Stage): Delivery {
  const payload = structuredClone(recordedPayload);
  const fresh = freshPlaces(workspace.person('alice'));
  if ('response_url' in payload) payload.response_url = fresh.response_url;
  if ('trigger_id' in payload) payload.trigger_id = fresh.trigger_id;
  if (sender === 'alice' && isPart(payload.user)) payload.user.id = workspace.ids.people.alice;
  if (sender === 'alice' && isPart(payload.user) && 'team_id' in payload.user) {
    payload.user.team_id = workspace.teamId;
  }
  const isEvent = payload.type === 'event_callback' || payload.type === 'url_verification';
  return { type: isEvent ? 'events_api' : 'interactive', payload };
}

function freshPlaces(person: Person): Json {
  return person.drafts({ type: 'slash_command', text: '', channel: '#general' }).payload;
}

/** What is wrong with how the app takes it. */
async function flawOf(delivery: Delivery, { workspace }: Stage): Promise<string | undefined> {
  const seen = workspace.traffic.length;
  const outcome = await workspace.delivers(delivery);
  if (!outcome.acked) return `not acknowledged, ${outcome.why}`;
  if (outcome.body !== undefined || !isAwaited(delivery.payload)) return undefined;
  return soon(() => {
    if (!workspace.traffic.slice(seen).some(isTelling)) throw new Error('nobody was told');
    return undefined;
  }).catch((error: Error) => error.message);
}

/** Whether somebody waits who can be answered. A stranger without a place to be answered in cannot be. */
function isAwaited({ type, user, ...payload }: Json): boolean {
  if (type !== 'block_actions' && type !== 'shortcut' && type !== 'message_action') return false;
  const isOurs = isPart(user) && user.id === 'U0ALICE0001';
  return isOurs || 'response_url' in payload || 'trigger_id' in payload;
}

function isTelling(entry: TrafficEntry): boolean {
  if (entry.kind === 'delivery' || entry.status !== 200) return false;
  const isOk = isPart(entry.answer) ? entry.answer.ok === true : entry.kind === 'response-url';
  return isOk && /^http|^views\.open$|^chat\.postEphemeral$/.test(entry.method);
}

function isPart(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
