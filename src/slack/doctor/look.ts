import { z } from 'zod';
import { type Clock, SECOND_MS } from '../../clock.ts';
import { counted } from '../../counted.ts';
import { createLog, type Log } from '../../log.ts';
import type { WorkspaceId } from '../../tokens/token.ts';
import { createSlackClient } from '../app.ts';
import { INSTALL_AGAIN, mendingSentence } from '../blocks/mending.ts';
import type { GuardSettings } from '../guard/guard.ts';
import type { RoleSettings } from '../people/actor.ts';
import { slackErrorOf } from '../reply/slack-error.ts';
import type { Checked } from './checked.ts';
import { GUARD_SCOPES, missingScopes, SCOPES } from './scopes.ts';

const CALL_MS_MAX = 5 * SECOND_MS;

/** A clock that is off by more shifts expiries and graces; HTTP mode refuses what is five minutes old. */
const CLOCK_OFF_MS_MAX = 60 * SECOND_MS;

const TAKE_IN =
  'In manifest.yml take "# " off the lines for LEAK_GUARD, paste it under App Manifest, and install the app again.';

const REINSTALL = 'Install the app again from manifest.yml, and set the token that it shows.';

/** What is needed to ask Slack. */
export type SlackSettings = {
  readonly apiUrl: string;
  readonly botToken: () => string;
  readonly roles: RoleSettings;
  readonly clock: Clock;
};

/** What Slack says of the bot token. `workspace` undefined: Slack did not take it, or gave no answer. */
export type Introduced = {
  readonly workspace: WorkspaceId | undefined;
  readonly scopes: readonly string[];
  /** How far the clock of this machine is ahead of Slack's, to about a second; undefined where Slack told no time. */
  readonly aheadMs: number | undefined;
  readonly code: string | undefined;
};

const authTest = z.object({ ok: z.boolean(), error: z.string().nullish(), team_id: z.string().nullish() });

/** Asks Slack who we are. Not by its SDK, which keeps the head of the answer to itself. */
export async function introduce({ apiUrl, botToken, clock }: SlackSettings): Promise<Introduced> {
  const nothing = { workspace: undefined, scopes: [], aheadMs: undefined };
  const askedAt = clock();
  try {
    const response = await fetch(new URL('auth.test', apiUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${botToken()}` },
      redirect: 'error',
      signal: AbortSignal.timeout(CALL_MS_MAX),
    });
    const told = Date.parse(response.headers.get('date') ?? '');
    // Slack writes whole seconds: on average half of one is over.
    const aheadMs = Number.isNaN(told)
      ? undefined
      : Math.round((askedAt + clock()) / 2 - told - SECOND_MS / 2);
    const scopes = (response.headers.get('x-oauth-scopes') ?? '').split(',').map((scope) => scope.trim());
    if (response.status === 429) return { ...nothing, aheadMs, code: 'ratelimited' };
    if (!response.ok) return { ...nothing, aheadMs, code: `HTTP ${response.status}` };
    const { ok, error, team_id } = authTest.parse(await response.json());
    if (!ok || team_id == null) return { ...nothing, aheadMs, code: error ?? 'no team_id' };
    return { workspace: team_id as WorkspaceId, scopes: scopes.filter(Boolean), aheadMs, code: undefined };
  } catch {
    return { ...nothing, code: 'no_answer' };
  }
}

/** What Slack says of the token, its scopes and the groups of the settings, and the clock against Slack's. */
export async function lookAtSlack(
  settings: SlackSettings & { readonly guard: GuardSettings },
  bound: WorkspaceId | undefined,
): Promise<Checked[]> {
  const introduced = await introduce(settings);
  const { workspace, scopes } = introduced;
  if (workspace === undefined) return [clockLine(introduced), refusedLine(introduced.code ?? 'unknown')];
  return [
    clockLine(introduced),
    workspaceLine(workspace, bound),
    ...scopeLines(scopes, settings),
    ...guardLines(scopes, settings),
    {
      about: 'tabs',
      is: 'not asked',
      says: 'They only show in a conversation: "doctor --live U…" tries them.',
    },
    ...(await groupLines(settings)),
  ];
}

function refusedLine(code: string): Checked {
  const about = 'Slack token';
  if (code === 'no_answer' || code.startsWith('HTTP') || code === 'ratelimited') {
    const says = `Slack gave no answer to auth.test (${code}). Nothing more was asked.`;
    return { about, is: 'wrong', says, todo: "Look at the network, SLACK_API_URL and Slack's status." };
  }
  const mending = mendingSentence(code);
  const todo = mending === undefined || mending === INSTALL_AGAIN ? REINSTALL : mending;
  return { about, is: 'wrong', says: `Slack refuses SLACK_BOT_TOKEN (${code}).`, todo };
}

function clockLine({ aheadMs, code }: Introduced): Checked {
  const about = 'clock';
  if (aheadMs === undefined) {
    const why = code === 'no_answer' ? 'Slack gave no answer' : 'Slack told no time';
    return { about, is: 'not asked', says: `${why}, so nobody knows how far off it is.` };
  }
  const seconds = Math.round(Math.abs(aheadMs) / SECOND_MS);
  const off = `${counted(seconds, 'second')} ${aheadMs > 0 ? 'ahead of' : 'behind'} Slack's`;
  if (Math.abs(aheadMs) <= CLOCK_OFF_MS_MAX) {
    return { about, is: 'ok', says: seconds <= 1 ? "It is within 1 second of Slack's." : `It is ${off}.` };
  }
  const todo = 'Set the clock (NTP): expiries come at the wrong time, and HTTP mode refuses deliveries.';
  return { about, is: 'wrong', says: `It is ${off}.`, todo };
}

function workspaceLine(workspace: WorkspaceId, bound: WorkspaceId | undefined): Checked {
  const about = 'Slack token';
  if (bound === undefined || bound === workspace) {
    return { about, is: 'ok', says: `Slack accepts it, for the workspace ${workspace}.` };
  }
  const says = `The database belongs to the workspace ${bound}, SLACK_BOT_TOKEN to ${workspace}.`;
  return {
    about,
    is: 'wrong',
    says,
    todo: 'Set the token of the first one, or DATABASE_URL to another file.',
  };
}

/** What the leak guard lacks; nothing where it is off. */
function guardLines(
  granted: readonly string[],
  { guard, roles }: { readonly guard: GuardSettings; readonly roles: RoleSettings },
): Checked[] {
  const about = 'leak guard';
  if (guard.policy === 'off') return [];
  const missing = GUARD_SCOPES.filter(({ scope }) => !granted.includes(scope));
  const areNamed = [roles.oncall, roles.admins, roles.managers].some(
    ({ people, groups }) => people.length + groups.length > 0,
  );
  const lines = missing.map(({ scope, isNeeded, otherwise }): Checked => {
    const says = `LEAK_GUARD is ${guard.policy}, but the token lacks ${scope}: ${otherwise}.`;
    return { about, is: isNeeded ? 'wrong' : 'note', says, todo: TAKE_IN };
  });
  if (missing.length === 0) {
    lines.push({ about, is: 'ok', says: `LEAK_GUARD is ${guard.policy}, and the token has its scopes.` });
  }
  lines.push({
    about,
    is: 'not asked',
    says: 'Slack does not tell whether it sends message.channels and message.groups: "doctor --live U…" tries it.',
  });
  if (guard.channel !== undefined) return lines;
  const says = areNamed
    ? 'LEAK_CHANNEL is not set: on-call is told in direct messages.'
    : 'LEAK_CHANNEL is not set, and ONCALL, ADMINS and MANAGERS name nobody: only owners are told.';
  return [...lines, { about, is: areNamed ? 'note' : 'wrong', says, todo: 'Set LEAK_CHANNEL.' }];
}

function scopeLines(
  granted: readonly string[],
  { roles, guard }: { readonly roles: RoleSettings; readonly guard: GuardSettings },
): Checked[] {
  const about = 'Slack scopes';
  const missing = missingScopes(granted);
  if (missing.length === 0) {
    const used = guard.policy === 'off' ? SCOPES : [...SCOPES, ...GUARD_SCOPES];
    const beyond = granted.filter((scope) => !used.some((one) => one.scope === scope));
    const more = beyond.length === 0 ? '' : ` It also has ${beyond.join(', ')}, which apitoken doesn't use.`;
    return [{ about, is: 'ok', says: `The token has all ${SCOPES.length} of manifest.yml.${more}` }];
  }
  const areGroupsNamed = groupsIn(roles).length > 0;
  return missing.map(({ scope, optional, otherwise }): Checked => {
    const isLeftOut = optional && !(scope === 'usergroups:read' && areGroupsNamed);
    const says = `The token lacks ${scope}${optional ? ' (optional)' : ''}: ${otherwise}.`;
    return { about, is: isLeftOut ? 'note' : 'wrong', says, todo: REINSTALL };
  });
}

async function groupLines(settings: SlackSettings): Promise<Checked[]> {
  const about = 'user groups';
  const groups = groupsIn(settings.roles);
  if (groups.length === 0) return [{ about, is: 'ok', says: 'The settings name none.' }];
  const client = clientFor(settings);
  const lines: Checked[] = [];
  for (const group of groups) {
    try {
      const { users = [] } = await client.usergroups.users.list({ usergroup: group });
      const is = users.length === 0 ? 'note' : 'ok';
      lines.push({ about, is, says: `${group} has ${counted(users.length, 'member')}.` });
    } catch (error) {
      const says = `${group} can't be read (${slackErrorOf(error).code}): it gives nobody a role.`;
      lines.push({
        about,
        is: 'wrong',
        says,
        todo: 'Name people by their ids in MANAGERS, ONCALL and ADMINS.',
      });
    }
  }
  return lines;
}

/** The user groups of the settings, each once. */
export function groupsIn({ managers, oncall, admins }: RoleSettings): string[] {
  return [...new Set([managers, oncall, admins].flatMap(({ groups }) => groups))];
}

/** A client that tries nothing twice and logs nothing. */
export function clientFor({ apiUrl, botToken, clock }: Omit<SlackSettings, 'roles'>) {
  return createSlackClient({ apiUrl, botToken, clock, log: quietLog() }, CALL_MS_MAX);
}

/** A log of nothing: what goes wrong is what the doctor tells. */
export function quietLog(): Log {
  return createLog({ level: 'silent', stream: { write: () => undefined } });
}
