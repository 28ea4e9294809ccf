/** A person of the seeded workspace; the flags are those of `users.info`. */
export type SeedPerson = {
  handle: string;
  id: string;
  name: string;
  admin?: boolean;
  guest?: boolean;
  deactivated?: boolean;
  bot?: boolean;
  /** IANA; Berlin when left out. */
  zone?: string;
  /** Another workspace's id: a stranger who is met in a shared channel (Slack Connect). */
  strangerFrom?: string;
};

/** Who and what is there when a workspace starts. */
export type Seed = {
  teamId: string;
  teamName: string;
  teamDomain: string;
  /** The organisation that the workspace belongs to where an app is installed in all of it. */
  enterpriseId: string;
  enterpriseName: string;
  appId: string;
  botUserId: string;
  botId: string;
  people: readonly SeedPerson[];
  channels: readonly {
    name: string;
    id: string;
    members: readonly string[];
    appIsMember: boolean;
    /** Shared with another company over Slack Connect. */
    shared?: boolean;
    /** Apps are not told its name. */
    isPrivate?: boolean;
  }[];
  groups: readonly { handle: string; id: string; name: string; members: readonly string[] }[];
};

/** The sandbox's own workspace: one person for each role, and one for each kind that must be refused. */
export const SEED: Seed = {
  teamId: 'T0SANDBOX01',
  teamName: 'Sandbox',
  teamDomain: 'sandbox',
  enterpriseId: 'E0SANDBOX01',
  enterpriseName: 'Sandbox Org',
  appId: 'A0APITOKEN1',
  botUserId: 'U0APITOKEN1',
  botId: 'B0APITOKEN1',
  people: [
    { handle: 'alice', id: 'U0ALICE0001', name: 'Alice' },
    { handle: 'bob', id: 'U0BOB000001', name: 'Bob' },
    { handle: 'carol', id: 'U0CAROL0001', name: 'Carol' },
    { handle: 'dave', id: 'U0DAVE00001', name: 'Dave', admin: true },
    { handle: 'gus', id: 'U0GUS000001', name: 'Gus', guest: true },
    { handle: 'mia', id: 'U0MIA000001', name: 'Mia', deactivated: true },
    { handle: 'sam', id: 'U0SAM000001', name: 'Sam', strangerFrom: 'T0STRANGER1' },
    { handle: 'buildbot', id: 'U0BUILDBOT1', name: 'Build Bot', bot: true },
  ],
  channels: [
    {
      name: 'general',
      id: 'C0GENERAL01',
      members: ['alice', 'bob', 'carol', 'dave', 'gus', 'sam', 'buildbot'],
      appIsMember: true,
      shared: true,
    },
    {
      name: 'oncall',
      id: 'C0ONCALL001',
      members: ['alice', 'bob', 'carol', 'dave'],
      appIsMember: true,
    },
    { name: 'no-app', id: 'C0NOAPP0001', members: ['alice', 'bob', 'carol', 'dave'], appIsMember: false },
  ],
  groups: [{ handle: 'oncall', id: 'S0ONCALL001', name: 'On-call', members: ['bob'] }],
};
