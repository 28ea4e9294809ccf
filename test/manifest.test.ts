import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const TEXT = readFileSync(resolve(import.meta.dirname, '../manifest.yml'), 'utf8');
const manifest = parse(TEXT);
const [command] = manifest.features.slash_commands;

/** Slack's limits, from docs.slack.dev/reference/app-manifest. */
test.for([
  ['the name', manifest.display_information.name, 1, 35],
  ['the description', manifest.display_information.description, 1, 140],
  ['the long description', manifest.display_information.long_description, 175, 4000],
  ["the bot's display name", manifest.features.bot_user.display_name, 1, 80],
  ["the command's description", command.description, 1, 2000],
  ["the shortcut's name", manifest.features.shortcuts[0].name, 1, 24],
  ["the shortcut's description", manifest.features.shortcuts[0].description, 1, 150],
  ["the command's usage hint", command.usage_hint, 1, 1000],
] as const)("%s is within Slack's limits", ([, text, min, max]) => {
  expect(text.length).toBeGreaterThanOrEqual(min);
  expect(text.length).toBeLessThanOrEqual(max);
});

test('there is one command, and people in it arrive as ids', () => {
  expect(manifest.features.slash_commands).toHaveLength(1);
  expect(command).toMatchObject({ command: '/apitoken', should_escape: true });
});

test('the Home and Messages tabs are on: values are shown in the latter', () => {
  expect(manifest.features.app_home).toEqual({
    home_tab_enabled: true,
    messages_tab_enabled: true,
    messages_tab_read_only_enabled: false,
  });
});

test('Socket Mode and interactivity are on', () => {
  expect(manifest.settings).toMatchObject({ socket_mode_enabled: true, interactivity: { is_enabled: true } });
});

test('the scopes are those that are needed and no more, each with a word on what needs it', () => {
  const scopes: string[] = manifest.oauth_config.scopes.bot;

  expect(scopes.toSorted()).toEqual([
    'chat:write',
    'commands',
    'files:write',
    'im:write',
    'usergroups:read',
    'users:read',
  ]);
  for (const scope of scopes) expect(TEXT).toMatch(new RegExp(`- ${scope} # \\w`));
});

test('the events are those that a listener answers', () => {
  const listeners = readFileSync(
    resolve(import.meta.dirname, '../src/slack/listeners/events/events.ts'),
    'utf8',
  );
  const answered = [...listeners.matchAll(/app\.event\('(\w+)'/g)].map(([, name]) => name);

  expect(manifest.settings.event_subscriptions.bot_events.toSorted()).toEqual(answered.toSorted());
});

test('the usage hint names no command that is not there', () => {
  const parser = readFileSync(resolve(import.meta.dirname, '../src/slack/parse-command.ts'), 'utf8');

  for (const part of command.usage_hint.split(' | ')) expect(parser).toContain(`${part.split(' ')[0]}: '`);
});
