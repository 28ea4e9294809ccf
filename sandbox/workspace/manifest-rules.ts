/**
 * What Slack demands of a manifest, as last read on 2026-11-30: keys, lengths and numbers from slackapi/manifest-schema
 * (schemas/manifest.schema.1.0.0.json; of what this app does not use, nothing is here, so that it is refused), the rest from
 * docs.slack.dev/reference/app-manifest.
 */
type Rule =
  | { kind: 'text'; min?: number; max?: number; pattern?: RegExp }
  | { kind: 'number' | 'flag' }
  | { kind: 'list'; of: Rule; min?: number; max: number; unique?: boolean }
  | { kind: 'object'; required?: readonly string[]; keys: Readonly<Record<string, Rule>> };

const URL_PATTERN = /^https?:\/\//;
const flag: Rule = { kind: 'flag' };
const number: Rule = { kind: 'number' };

const display: Rule = {
  kind: 'object',
  required: ['name'],
  keys: {
    name: { kind: 'text', min: 1, max: 35 },
    description: { kind: 'text', min: 1, max: 140 },
    background_color: { kind: 'text', pattern: /^#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?$/ },
    long_description: { kind: 'text', min: 175, max: 4000 },
  },
};

const shortcut: Rule = {
  kind: 'object',
  required: ['name', 'type', 'callback_id', 'description'],
  keys: {
    name: { kind: 'text', min: 1, max: 24 },
    type: { kind: 'text', pattern: /^(?:message|global)$/ },
    callback_id: { kind: 'text', min: 1, max: 255 },
    description: { kind: 'text', min: 1, max: 150 },
  },
};

const slashCommand: Rule = {
  kind: 'object',
  required: ['command', 'description'],
  keys: {
    command: { kind: 'text', min: 2, max: 32, pattern: /^\/\S+$/ },
    url: { kind: 'text', max: 3000, pattern: URL_PATTERN },
    description: { kind: 'text', min: 1, max: 2000 },
    usage_hint: { kind: 'text', min: 1, max: 1000 },
    should_escape: flag,
  },
};

const features: Rule = {
  kind: 'object',
  keys: {
    app_home: {
      kind: 'object',
      keys: { home_tab_enabled: flag, messages_tab_enabled: flag, messages_tab_read_only_enabled: flag },
    },
    bot_user: {
      kind: 'object',
      required: ['display_name'],
      keys: { display_name: { kind: 'text', min: 1, max: 80 }, always_online: flag },
    },
    shortcuts: { kind: 'list', of: shortcut, min: 1, max: 10 },
    slash_commands: { kind: 'list', of: slashCommand, min: 1, max: 50 },
  },
};

const scopes: Rule = { kind: 'list', of: { kind: 'text', max: 50 }, max: 255, unique: true };

const settings: Rule = {
  kind: 'object',
  keys: {
    event_subscriptions: {
      kind: 'object',
      keys: {
        request_url: { kind: 'text', max: 3500, pattern: URL_PATTERN },
        bot_events: { kind: 'list', of: { kind: 'text', max: 50 }, max: 100, unique: true },
      },
    },
    interactivity: {
      kind: 'object',
      required: ['is_enabled'],
      keys: {
        is_enabled: flag,
        request_url: { kind: 'text', max: 3500, pattern: URL_PATTERN },
        message_menu_options_url: { kind: 'text', max: 3500, pattern: URL_PATTERN },
      },
    },
    org_deploy_enabled: flag,
    socket_mode_enabled: flag,
    token_rotation_enabled: flag,
  },
};

const MANIFEST: Rule = {
  kind: 'object',
  required: ['display_information'],
  keys: {
    _metadata: { kind: 'object', keys: { major_version: number, minor_version: number } },
    display_information: display,
    features,
    oauth_config: {
      kind: 'object',
      keys: { scopes: { kind: 'object', keys: { bot: scopes, bot_optional: scopes } } },
    },
    settings,
  },
};

/** `BotScope` of @slack/web-api 8.2.0, which is made from Slack's own list. */
export const BOT_SCOPES: ReadonlySet<string> = wordsIn(`
  app_mentions:read bookmarks:read bookmarks:write calls:read calls:write channels:history channels:join
  channels:manage channels:read channels:write.invites channels:write.topic chat:write chat:write.customize
  chat:write.public commands conversations.connect:manage conversations.connect:read conversations.connect:write
  datastore:read datastore:write dnd:read emoji:read files:read files:write groups:history groups:read
  groups:write groups:write.invites groups:write.topic im:history im:read im:write incoming-webhook
  links.embed:write links:read links:write metadata.message:read mpim:history mpim:read mpim:write
  mpim:write.invites mpim:write.topic none pins:read pins:write reactions:read reactions:write reminders:read
  reminders:write remote_files:read remote_files:share remote_files:write team.billing:read team.preferences:read
  team:read tokens.basic triggers:read triggers:write usergroups:read usergroups:write users.profile:read
  users:read users:read.email users:write workflow.steps:execute
`);

/** `ManifestEvent` of the same. */
export const EVENTS: ReadonlySet<string> = wordsIn(`
  app_context_changed app_home_opened app_mention app_rate_limited app_requested app_uninstalled
  assistant_thread_context_changed assistant_thread_started call_rejected channel_archive channel_created
  channel_deleted channel_history_changed channel_id_changed channel_left channel_rename channel_shared
  channel_unarchive channel_unshared dnd_updated dnd_updated_user email_domain_changed emoji_changed
  entity_details_requested file_change file_comment_added file_comment_deleted file_comment_edited file_created
  file_deleted file_public file_shared file_unshared grid_migration_finished grid_migration_started group_archive
  group_close group_deleted group_history_changed group_left group_open group_rename group_unarchive im_close
  im_created im_history_changed im_open invite_requested link_shared member_joined_channel member_left_channel
  message message.app_home message.channels message.groups message.im message.mpim message_metadata_deleted
  message_metadata_posted message_metadata_updated pin_added pin_removed reaction_added reaction_removed
  resources_added resources_removed scope_denied scope_granted shared_channel_invite_accepted
  shared_channel_invite_approved shared_channel_invite_declined shared_channel_invite_received star_added
  star_removed subteam_created subteam_members_changed subteam_self_added subteam_self_removed subteam_updated
  team_access_granted team_access_revoked team_domain_change team_join team_rename tokens_revoked url_verification
  user_change user_huddle_changed user_profile_changed user_resource_denied user_resource_granted
  user_resource_removed user_status_changed workflow_deleted workflow_published workflow_step_deleted
  workflow_step_execute workflow_unpublished
`);

function wordsIn(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** What is wrong with a manifest, each with its path; none when Slack would take its parts. */
export function manifestProblems(root: unknown): string[] {
  return problemsOf(root, MANIFEST, 'manifest');
}

function problemsOf(value: unknown, rule: Rule, path: string): string[] {
  switch (rule.kind) {
    case 'flag':
      return typeof value === 'boolean' ? [] : [`${path}: must be true or false`];
    case 'number':
      return Number.isInteger(value) ? [] : [`${path}: must be a whole number`];
    case 'text':
      return textProblems(value, rule, path);
    case 'list':
      return listProblems(value, rule, path);
    case 'object':
      return objectProblems(value, rule, path);
  }
}

function textProblems(value: unknown, rule: Extract<Rule, { kind: 'text' }>, path: string): string[] {
  if (typeof value !== 'string') return [`${path}: must be text`];
  const { min = 0, max = Number.POSITIVE_INFINITY, pattern } = rule;
  const length = [...value].length;
  return [
    ...(length < min ? [`${path}: must be of ${min} characters at least`] : []),
    ...(length > max ? [`${path}: must be of ${max} characters at most`] : []),
    ...(pattern?.test(value) === false ? [`${path}: must match ${pattern.source}`] : []),
  ];
}

function listProblems(value: unknown, rule: Extract<Rule, { kind: 'list' }>, path: string): string[] {
  if (!Array.isArray(value)) return [`${path}: must be a list`];
  const { min = 0, max, unique = false } = rule;
  return [
    ...(value.length < min ? [`${path}: must have ${min} at least`] : []),
    ...(value.length > max ? [`${path}: must have ${max} at most`] : []),
    ...(unique && new Set(value).size < value.length ? [`${path}: must not name one twice`] : []),
    ...value.flatMap((one, index) => problemsOf(one, rule.of, `${path}[${index}]`)),
  ];
}

function objectProblems(value: unknown, rule: Extract<Rule, { kind: 'object' }>, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${path}: must be an object`];
  // A key with nothing behind it is as good as left out.
  const entries = new Map<string, unknown>(Object.entries(value).filter(([, part]) => part !== null));
  const missing = (rule.required ?? []).filter((key) => !entries.has(key));
  return [
    ...missing.map((key) => `${path}.${key}: is missing`),
    ...[...entries].flatMap(([key, part]) => {
      const known = Object.hasOwn(rule.keys, key) ? rule.keys[key] : undefined;
      return known === undefined
        ? [`${path}.${key}: is no key that is known`]
        : problemsOf(part, known, `${path}.${key}`);
    }),
  ];
}
