import { SEED } from '../../sandbox/seed.ts';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { Json } from '../../sandbox/workspace/state.ts';
import type { VisibleMessage } from '../../sandbox/workspace/visible.ts';
import type { Workspace, WorkspaceOptions } from '../../sandbox/workspace/workspace.ts';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import { settled } from './flows.ts';

/** A private channel that the app is in, beside those that are there anyway. */
const SECRET = {
  name: 'secret',
  id: 'C0SECRET001',
  members: ['alice', 'bob', 'carol'],
  appIsMember: true,
  isPrivate: true,
};

/** Who and what is there, with a private channel. */
export const GUARDED_SEED = { ...SEED, channels: [...SEED.channels, SECRET] };

/** What is there, with the guard on and its lines of the manifest taken in: on-call is told in #oncall. */
export async function setGuard(
  policy: 'off' | 'warn' | 'revoke',
  options: {
    env?: Record<string, string>;
    workspace?: WorkspaceOptions;
    deliverBy?: 'sockets' | 'http';
    clock?: NonNullable<Parameters<typeof setStage>[0]>['clock'];
  } = {},
): Promise<{ stage: Stage; workspace: Workspace; alice: Person; bob: Person; carol: Person }> {
  const { env = {}, clock, deliverBy = 'sockets' } = options;
  const workspace = await openWorkspace({
    seed: GUARDED_SEED,
    withCommented: true,
    ...(clock === undefined ? {} : { clock }),
    ...options.workspace,
  });
  const stage = await setStage({
    workspace,
    deliverBy,
    ...(clock === undefined ? {} : { clock }),
    env: { LEAK_GUARD: policy, LEAK_CHANNEL: 'C0ONCALL001', ONCALL: 'U0BOB000001', ...env },
  });
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((handle) => workspace.person(handle));
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('somebody is missing');
  return { stage, workspace, alice, bob, carol };
}

/** The cards about messages that somebody sees in a place. */
export function leakCards(person: Person, place = '#oncall'): VisibleMessage[] {
  return person.sees(place).filter(({ ephemeral, text }) => !ephemeral && /leaked in /.test(text));
}

/** What the person alone was told of their message there. */
export function posterTold(person: Person, place = '#general'): VisibleMessage[] {
  return person
    .sees(place)
    .filter(({ ephemeral, text }) => ephemeral && text.startsWith('Your message holds'));
}

/** Says something in #general that only events tell of, with whatever else they claim; resolves once all is said. */
export async function hears(stage: Stage, person: Person, claims: Json, text = 'look'): Promise<void> {
  const place = { channel: 'C0GENERAL01', channel_type: 'channel' };
  await person.forges({ type: 'message', text, claims: { ...place, ...claims } });
  await settled(stage);
}
