/**
 * The scopes of `manifest.yml`, and what breaks without each. A test holds them equal. `optional`: whoever installs the app may
 * leave it out (`bot_optional`).
 */
export const SCOPES: readonly {
  readonly scope: string;
  readonly optional: boolean;
  readonly otherwise: string;
}[] = [
  { scope: 'commands', optional: false, otherwise: 'nobody can type /apitoken' },
  { scope: 'chat:write', optional: false, otherwise: 'no value can be shown, and nobody is told anything' },
  { scope: 'im:write', optional: false, otherwise: 'no value can be shown in direct messages' },
  { scope: 'im:history', optional: true, otherwise: 'nobody is answered who writes to apitoken' },
  { scope: 'users:read', optional: false, otherwise: 'nobody may do anything: it is not known who they are' },
  {
    scope: 'usergroups:read',
    optional: true,
    otherwise: 'no user group gives a role: name people by their ids',
  },
  { scope: 'files:write', optional: true, otherwise: 'there is no CSV of /apitoken status' },
];

/** Those that stand in `manifest.yml` as comments, for LEAK_GUARD: what is missing without each. */
export const GUARD_SCOPES: readonly {
  readonly scope: string;
  readonly isNeeded: boolean;
  readonly otherwise: string;
}[] = [
  { scope: 'channels:history', isNeeded: true, otherwise: 'no value in a public channel is found' },
  { scope: 'groups:history', isNeeded: true, otherwise: 'no value in a private channel is found' },
  { scope: 'channels:read', isNeeded: false, otherwise: "reasons don't name the channel" },
];

/** Which of them `granted` lacks. */
export function missingScopes(granted: readonly string[]): typeof SCOPES {
  return SCOPES.filter(({ scope }) => !granted.includes(scope));
}
