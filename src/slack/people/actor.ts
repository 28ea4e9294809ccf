import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { type Clock, MINUTE_MS, SECOND_MS } from '../../clock.ts';
import type { Log } from '../../log.ts';
import {
  type AccessPolicy,
  type Action,
  type Actor,
  may,
  type Role,
  rolesFor,
  type Standing,
} from '../../tokens/policy.ts';
import type { PersonId, Token, WorkspaceId } from '../../tokens/token.ts';
import { isZone } from '../../zone.ts';
import { within } from '../reply/pause.ts';
import { isUnknownGroup, isUnknownPerson, slackErrorOf } from '../reply/slack-error.ts';
import type { KnownVisit } from '../visit.ts';
import { createMemory } from './memory.ts';

const PERSON_AGE_MS_MAX = 60 * SECOND_MS;

const GROUP_AGE_MS_MAX = 5 * MINUTE_MS;

/** A submission must be answered within 3 s, of which finding out who it is may have taken one. */
const ANEW_MS_MAX = 1 * SECOND_MS;

/** People on call who are told something one by one. */
const ON_CALL_MAX = 20;

/** People or groups remembered at once. */
const FACTS_MAX = 10_000;

/** Who has a role: people and user groups, by id. */
export type RoleMembers = { readonly people: readonly string[]; readonly groups: readonly string[] };

export type RoleSettings = {
  readonly managers: RoleMembers;
  readonly oncall: RoleMembers;
  /** When empty: Slack's own admins and owners of the workspace. */
  readonly admins: RoleMembers;
};

/** Finds out who somebody is and which roles they have. */
export type Actors = {
  /**
   * The person as an actor, from facts at most 60 s (person) and 5 min (groups) old. Somebody whom Slack does not know is a
   * stranger. Undefined when Slack did not answer within the client's time limit: then nobody may do anything.
   */
  find(personId: string, teamId: string | undefined): Promise<Actor | undefined>;
  /**
   * The same by what Slack answers now, within 1 s: about the person and, where one of `roles` is to decide and hangs on it,
   * about each group that they are remembered to have it from. Undefined when Slack did not answer all that it hangs on. A
   * group that they are not remembered to be in is not asked about: it gives nobody a role sooner, and whoever may do nothing
   * cannot use up the 20 calls a minute that Slack takes (Tier 2).
   */
  findAnew(personId: string, teamId: string | undefined, roles: readonly Role[]): Promise<Actor | undefined>;
  /** What is known of somebody else, from facts at most 60 s old; undefined when Slack did not answer in time. */
  findProfile(personId: PersonId): Promise<Profile | undefined>;
  /**
   * What Slack says the person is, by a fact at most 60 s old or, `fresh`, by what it answers now. Throws as `WebClient` does
   * when it did not answer.
   */
  standing(personId: string, freshness?: 'fresh'): Promise<Standing>;
  /**
   * Who is on call, as far as the settings name somebody, from facts at most 5 minutes old: else the admins, else the managers.
   * 20 at most.
   */
  onCall(): Promise<readonly PersonId[]>;
  /** Drops what is known, because Slack tells that it changed. */
  forgetPerson(personId: string): Promise<void>;
  forgetGroups(): Promise<void>;
  /** The same, where nobody knows what changed. */
  forgetEverything(): void;
};

/** How others see a person. */
export type Profile = {
  readonly standing: Standing;
  /** As Slack names it (IANA); undefined where Slack tells none, as of somebody deactivated. */
  readonly zone: string | undefined;
  /** What people call them, the usual one first; none when Slack tells none. */
  readonly names: readonly string[];
};

type Person = Profile & {
  readonly teams: ReadonlySet<string>;
  readonly isSlackAdmin: boolean;
};

/** The groups that somebody is in; `unclear`: Slack did not answer about one that it was asked about anew. */
type Memberships = { readonly in: ReadonlySet<string>; readonly unclear: boolean };

const text = z.string().nullish();

const flag = z.boolean().nullish();

/**
 * Anything but the person may be missing or null: Slackbot and bots have `tz: null`, somebody deactivated has neither zone nor
 * roles, names may be empty, and in an Enterprise organisation `team_id` may be the organisation's own id.
 * https://docs.slack.dev/reference/objects/user-object
 */
const userInfo = z.object({
  user: z.object({
    team_id: text,
    name: text,
    real_name: text,
    profile: z.object({ display_name: text, real_name: text }).nullish(),
    tz: text,
    deleted: flag,
    is_bot: flag,
    is_restricted: flag,
    is_ultra_restricted: flag,
    is_stranger: flag,
    is_admin: flag,
    is_owner: flag,
    is_primary_owner: flag,
    enterprise_user: z.object({ enterprise_id: text, teams: z.array(z.string()).nullish() }).nullish(),
  }),
});

const groupMembers = z.object({ users: z.array(z.string()).nullish() });

type ActorDeps = {
  /** It should give up within about a second: people wait for the answer, and a delivery has three. */
  readonly client: WebClient;
  readonly workspace: WorkspaceId;
  readonly roles: RoleSettings;
  readonly clock: Clock;
  readonly log: Log;
};

/** Finds out who somebody is by asking Slack, and remembers it for as long as it counts as known. */
export function createActors(deps: ActorDeps): Actors {
  const { client, workspace, roles, clock, log } = deps;
  const people = createMemory({
    clock,
    ageMsMax: PERSON_AGE_MS_MAX,
    sizeMax: FACTS_MAX,
    ask: async (id) => personFrom(id, userInfo.parse(await client.users.info({ user: id })).user, workspace),
  });
  const groups = createGroups(deps);

  return {
    find: (personId, teamId) => {
      const facts = [people.find(personId), groups.of(personId, new Set())] as const;
      return actorFrom({ personId, teamId, wanted: [] }, facts, deps);
    },
    findAnew: (personId, teamId, wanted) => {
      const asked = groupsToAsk(personId, wanted, roles);
      const facts = [people.findAnew(personId), groups.of(personId, asked)] as const;
      return within(actorFrom({ personId, teamId, wanted }, facts, deps), ANEW_MS_MAX);
    },
    findProfile: async (personId) => {
      try {
        const { standing, zone, names } = await people.find(personId);
        return { standing, zone, names };
      } catch (error) {
        log.warn({ person: personId, code: slackErrorOf(error).code }, 'Slack did not say who a person is');
        return undefined;
      }
    },
    standing: async (personId, freshness) => {
      const person = freshness === 'fresh' ? people.findAnew(personId) : people.find(personId);
      return (await person).standing;
    },
    onCall: async () => {
      for (const holders of [roles.oncall, roles.admins, roles.managers]) {
        const found = await groups.peopleIn(holders);
        if (found.length > 0) return found.slice(0, ON_CALL_MAX) as PersonId[];
      }
      return [];
    },
    forgetPerson: async (personId) => people.forget(personId),
    forgetGroups: async () => groups.forgetAll(),
    forgetEverything: () => {
      people.forgetAll();
      groups.forgetAll();
    },
  };
}

/** Who is in the groups of the settings. */
function createGroups(deps: ActorDeps) {
  const { roles, clock, log } = deps;
  const groups = createMemory({
    clock,
    ageMsMax: GROUP_AGE_MS_MAX,
    sizeMax: FACTS_MAX,
    ask: (id) => membersOf(id, deps),
  });
  const groupIds = new Set([roles.managers, roles.oncall, roles.admins].flatMap((members) => members.groups));

  /** A failure that passes is not remembered: on-call must not be shut out for minutes by one late answer. */
  function nobody(error: unknown): ReadonlySet<string> {
    log.warn({ code: slackErrorOf(error).code }, 'Slack did not say who is in a user group');
    return new Set();
  }

  async function of(personId: string, askedAnew: ReadonlySet<string>): Promise<Memberships> {
    let unclear = false;
    const asked = (id: string) =>
      groups.findAnew(id).catch((error: unknown) => {
        unclear = true;
        return nobody(error);
      });
    const isIn = async (id: string) =>
      (await groups.find(id).catch(nobody)).has(personId) &&
      (!askedAnew.has(id) || (await asked(id)).has(personId));
    const found = await Promise.all([...groupIds].map(async (id) => ((await isIn(id)) ? [id] : [])));
    return { in: new Set(found.flat()), unclear };
  }

  /** The people of a role, each once; those of a group that Slack does not tell are left out. */
  async function peopleIn({ people, groups: ids }: RoleMembers): Promise<string[]> {
    const members = await Promise.all(ids.map((id) => groups.find(id).catch(nobody)));
    return [...new Set([...people, ...members.flatMap((some) => [...some])])];
  }

  return { of, peopleIn, forgetAll: () => groups.forgetAll() };
}

/** The actor by these facts, where one of `wanted` is to decide; undefined when Slack did not answer what it hangs on. */
async function actorFrom(
  about: { readonly personId: string; readonly teamId: string | undefined; readonly wanted: readonly Role[] },
  facts: readonly [Promise<Person>, Promise<Memberships>],
  { workspace, roles, log }: ActorDeps,
): Promise<Actor | undefined> {
  const { personId, teamId, wanted } = about;
  const base = { id: personId as PersonId, workspace };
  const stranger = { ...base, standing: 'stranger', zone: 'UTC', roles: new Set<Role>() } as const;
  const isForeign = teamId !== undefined && teamId !== workspace;
  try {
    const [person, memberships] = await Promise.all(facts);
    if (isForeign && !person.teams.has(teamId)) return stranger;
    const { standing, zone = 'UTC' } = person;
    const held = rolesOf(personId, person, memberships.in, roles);
    const isClear = !memberships.unclear || wanted.some((role) => held.has(role));
    return isClear ? { ...base, standing, zone, roles: held } : undefined;
  } catch (error) {
    const slackError = slackErrorOf(error);
    if (isForeign || isUnknownPerson(slackError)) return stranger;
    log.warn({ person: personId, code: slackError.code }, 'Slack did not say who a person is');
    return undefined;
  }
}

/** The groups on which it hangs whether the person has one of the roles: none where their own id gives them one. */
function groupsToAsk(personId: string, wanted: readonly Role[], roles: RoleSettings): ReadonlySet<string> {
  const members = { manager: roles.managers, on_call: roles.oncall, admin: roles.admins };
  const giving = wanted.map((role) => members[role]);
  const isNamed = giving.some(({ people }) => people.includes(personId));
  return new Set(isNamed ? [] : giving.flatMap(({ groups }) => groups));
}

/**
 * Who is in the group. One that Slack does not know, as on plans without groups, has nobody in it. Throws what may pass or be
 * mended: then it is asked about again the next time.
 */
async function membersOf(groupId: string, { client, log }: ActorDeps): Promise<ReadonlySet<string>> {
  try {
    const response = await client.usergroups.users.list({ usergroup: groupId });
    return new Set(groupMembers.parse(response).users ?? []);
  } catch (error) {
    const slackError = slackErrorOf(error);
    if (!isUnknownGroup(slackError)) throw error;
    const { code } = slackError;
    log.warn({ group: groupId, code }, 'a user group cannot be read, so nobody counts as a member');
    return new Set();
  }
}

function rolesOf(
  personId: string,
  person: Person,
  memberships: ReadonlySet<string>,
  roles: RoleSettings,
): ReadonlySet<Role> {
  const has = (members: RoleMembers) =>
    members.people.includes(personId) || members.groups.some((id) => memberships.has(id));
  const adminsAreNamed = roles.admins.people.length + roles.admins.groups.length > 0;
  const held = new Set<Role>();
  if (has(roles.managers)) held.add('manager');
  if (has(roles.oncall)) held.add('on_call');
  if (adminsAreNamed ? has(roles.admins) : person.isSlackAdmin) held.add('admin');
  return held;
}

function personFrom(
  personId: string,
  user: z.infer<typeof userInfo>['user'],
  workspace: WorkspaceId,
): Person {
  return {
    standing: standingOf(personId, user, workspace),
    teams: teamsOf(user, workspace),
    zone: user.tz != null && isZone(user.tz) ? user.tz : undefined,
    names: namesOf(user),
    isSlackAdmin: [user.is_admin, user.is_owner, user.is_primary_owner].includes(true),
  };
}

/** Every workspace that the person belongs to, and their organisation, which is the workspace of an app that is installed in all of it. */
function teamsOf(
  { team_id, enterprise_user }: z.infer<typeof userInfo>['user'],
  workspace: WorkspaceId,
): ReadonlySet<string> {
  const { enterprise_id, teams } = enterprise_user ?? {};
  return new Set([team_id ?? workspace, ...(teams ?? []), ...(enterprise_id == null ? [] : [enterprise_id])]);
}

function namesOf({ name, real_name, profile }: z.infer<typeof userInfo>['user']): string[] {
  const names = [profile?.display_name, profile?.real_name, real_name, name];
  return [...new Set(names.flatMap((one) => (one == null || one.trim() === '' ? [] : [one.trim()])))];
}

function standingOf(
  personId: string,
  user: z.infer<typeof userInfo>['user'],
  workspace: WorkspaceId,
): Standing {
  if (user.is_bot === true || personId === 'USLACKBOT') return 'bot';
  if (user.deleted === true) return 'deactivated';
  if (user.is_stranger === true || !teamsOf(user, workspace).has(workspace)) return 'stranger';
  return user.is_restricted === true || user.is_ultra_restricted === true ? 'guest' : 'member';
}

/**
 * Who is doing something that changes what is somebody else's, or takes the knowledge of it out of their own sight: by what
 * Slack answers now, since their role may just have ended. With one's own tokens alone, and where as things are remembered
 * they may not do it anyway, that is who visits. Undefined when Slack did not answer: then nothing is done.
 */
export async function confirmedActor(
  visit: Pick<KnownVisit, 'actor' | 'personId' | 'teamId'>,
  action: Action,
  tokens: Iterable<Pick<Token, 'owner' | 'workspace'>> | 'everybodys',
  deps: { readonly actors: Pick<Actors, 'findAnew'>; readonly policy: AccessPolicy },
): Promise<Actor | undefined> {
  const { actor } = visit;
  const asked = tokens === 'everybodys' ? [undefined] : [...tokens];
  const areOwn = asked.every((token) => token?.owner === actor.id);
  if (areOwn || !asked.every((token) => may(actor, action, token, deps.policy))) return actor;
  return deps.actors.findAnew(visit.personId, visit.teamId, rolesFor(action));
}
