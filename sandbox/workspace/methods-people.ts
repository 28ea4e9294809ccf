import type { Method, MethodAnswer } from './method.ts';
import { userOutput } from './payloads.ts';
import {
  type Channel,
  directMessage,
  type Group,
  type Json,
  type PersonRecord,
  SLACKBOT_ID,
  type State,
} from './state.ts';

function authTest(state: State): MethodAnswer {
  return {
    ok: true,
    url: `https://${state.seed.teamDomain}.slack.com/`,
    team: state.seed.teamName,
    user: state.manifest.botName,
    team_id: state.seed.teamId,
    user_id: state.seed.botUserId,
    bot_id: state.seed.botId,
    is_enterprise_install: false,
  };
}

function openConversation(state: State, args: Json): MethodAnswer {
  if (args.users === undefined) {
    const channel = state.channels.get(String(args.channel));
    if (channel === undefined) {
      return {
        ok: false,
        error: args.channel === undefined ? 'users_list_not_supplied' : 'channel_not_found',
      };
    }
    return { ok: true, no_op: true, already_open: true, channel: { id: channel.id } };
  }
  const ids = String(args.users).split(',');
  if (ids.length > 1) return { ok: false, error: 'method_not_supported_for_channel_type' };
  const person = state.people.get(ids[0] ?? '');
  if (person === undefined) return { ok: false, error: 'user_not_found' };
  const error = whyNoConversation(person);
  if (error !== undefined) return { ok: false, error };
  return { ok: true, channel: { id: directMessage(state, person.id).id } };
}

function whyNoConversation({ id, deleted, is_bot, is_stranger }: PersonRecord): string | undefined {
  if (deleted) return 'user_disabled';
  if (is_bot || id === SLACKBOT_ID) return 'cannot_dm_bot';
  return is_stranger ? 'user_not_visible' : undefined;
}

function conversationInfo(state: State, args: Json): MethodAnswer {
  const channel = state.channels.get(String(args.channel));
  if (channel === undefined) return { ok: false, error: 'channel_not_found' };
  return { ok: true, channel: channelOutput(channel) };
}

function channelOutput(channel: Channel): Json {
  const isIm = channel.im !== undefined;
  return {
    id: channel.id,
    ...(isIm ? { user: channel.im } : { name: channel.name, is_member: channel.appIsMember }),
    is_channel: !isIm,
    is_private: channel.isPrivate,
    is_im: isIm,
    is_archived: false,
    is_ext_shared: channel.shared,
  };
}

function userInfo(state: State, args: Json): MethodAnswer {
  const person = state.people.get(String(args.user));
  return person === undefined
    ? { ok: false, error: 'user_not_found' }
    : { ok: true, user: userOutput(state, person) };
}

function groupOutput(state: State, group: Group, withUsers: boolean): Json {
  return {
    id: group.id,
    team_id: state.seed.teamId,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    description: '',
    handle: group.handle,
    is_external: false,
    date_create: group.updatedAt,
    date_update: group.updatedAt,
    date_delete: group.disabled ? group.updatedAt : 0,
    auto_type: null,
    created_by: state.people.keys().next().value,
    user_count: group.members.length,
    ...(withUsers ? { users: group.members } : {}),
  };
}

/** A group as `subteam_updated` tells of it. */
export function subteamOutput(state: State, group: Group): Json {
  return { ...groupOutput(state, group, true), auto_provision: false, prefs: { channels: [], groups: [] } };
}

function listGroups(state: State, args: Json): MethodAnswer {
  if (state.freePlan) return { ok: false, error: 'plan_upgrade_required' };
  const groups = [...state.groups.values()].filter(
    (group) => !group.disabled || isTrue(args.include_disabled),
  );
  return {
    ok: true,
    usergroups: groups.map((group) => groupOutput(state, group, isTrue(args.include_users))),
  };
}

function listGroupUsers(state: State, args: Json): MethodAnswer {
  if (state.freePlan) return { ok: false, error: 'plan_upgrade_required' };
  const group = state.groups.get(String(args.usergroup));
  if (group === undefined || (group.disabled && !isTrue(args.include_disabled))) {
    return { ok: false, error: 'no_such_subteam' };
  }
  return { ok: true, users: group.members };
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === '1';
}

function botInfo(state: State, args: Json): MethodAnswer {
  if (args.bot !== undefined && args.bot !== state.seed.botId) return { ok: false, error: 'bot_not_found' };
  return {
    ok: true,
    bot: {
      id: state.seed.botId,
      deleted: false,
      name: state.manifest.botName,
      app_id: state.seed.appId,
      user_id: state.seed.botUserId,
    },
  };
}

/** Who is there and where: `auth.*`, `apps.*`, `conversations.*`, `users.*`, `usergroups.*`, `bots.*`, `team.*`. */
export const PEOPLE_METHODS: Readonly<Record<string, Method>> = {
  'auth.test': { args: [], errors: [], run: ({ state }) => authTest(state) },
  'apps.connections.open': {
    token: 'app',
    args: [],
    errors: [],
    run: ({ socketUrl }) => ({ ok: true, url: socketUrl() }),
  },
  'conversations.open': {
    scopes: ['im:write', 'mpim:write', 'channels:manage', 'groups:write'],
    args: ['users', 'channel', 'return_im', 'prevent_creation'],
    errors: [
      'channel_not_found',
      'users_list_not_supplied',
      'method_not_supported_for_channel_type',
      'user_not_found',
      'user_not_visible',
      'user_disabled',
      'cannot_dm_bot',
    ],
    run: ({ state, args }) => openConversation(state, args),
  },
  'conversations.info': {
    scopes: ['channels:read', 'groups:read', 'im:read', 'mpim:read'],
    required: ['channel'],
    args: ['channel', 'include_locale', 'include_num_members'],
    errors: ['channel_not_found'],
    run: ({ state, args }) => conversationInfo(state, args),
  },
  'users.info': {
    scopes: ['users:read'],
    required: ['user'],
    args: ['user', 'include_locale'],
    errors: ['user_not_found'],
    run: ({ state, args }) => userInfo(state, args),
  },
  'usergroups.list': {
    scopes: ['usergroups:read'],
    args: ['include_count', 'include_disabled', 'include_users', 'team_id'],
    errors: ['plan_upgrade_required'],
    run: ({ state, args }) => listGroups(state, args),
  },
  'usergroups.users.list': {
    scopes: ['usergroups:read'],
    required: ['usergroup'],
    args: ['usergroup', 'include_disabled', 'team_id'],
    errors: ['plan_upgrade_required', 'no_such_subteam'],
    run: ({ state, args }) => listGroupUsers(state, args),
  },
  'bots.info': {
    scopes: ['users:read'],
    args: ['bot', 'team_id'],
    errors: ['bot_not_found'],
    run: ({ state, args }) => botInfo(state, args),
  },
  'team.info': {
    scopes: ['team:read'],
    args: ['team', 'domain'],
    errors: ['team_not_found'],
    run: ({ state }) => ({
      ok: true,
      team: { id: state.seed.teamId, name: state.seed.teamName, domain: state.seed.teamDomain },
    }),
  },
};
