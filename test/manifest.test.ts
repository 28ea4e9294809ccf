import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readManifest } from '../sandbox/workspace/manifest.ts';
import { temporaryFolder } from './fixture.ts';

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
  ["the message shortcut's name", manifest.features.shortcuts[1].name, 1, 24],
  ["the message shortcut's description", manifest.features.shortcuts[1].description, 1, 150],
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

describe('changed for HTTP mode as its comments say', () => {
  const changed = TEXT.replaceAll(/# HTTP: (?=\w+: )/g, '').replace('true # HTTP: false', 'false');
  const url = 'https://apitoken.example.com/slack/events';

  test('it is one that Slack takes, with every delivery at one url', () => {
    const { settings, features } = parse(changed);

    expect(() => readManifest(fileOf(changed))).not.toThrow();
    expect(settings.socket_mode_enabled).toBe(false);
    expect(settings.event_subscriptions.request_url).toBe(url);
    expect(settings.interactivity).toEqual({
      is_enabled: true,
      request_url: url,
      message_menu_options_url: url,
    });
    expect(features.slash_commands).toMatchObject([{ command: '/apitoken', url }]);
  });

  test('each of the four urls is needed', () => {
    const lines = changed.split('\n');
    const withUrl = lines.flatMap((line, index) => (line.includes(url) ? [index] : []));

    expect(withUrl).toHaveLength(4);
    for (const index of withUrl) {
      const file = fileOf(lines.toSpliced(index, 1).join('\n'));
      expect(() => readManifest(file), lines[index]).toThrow('without Socket Mode');
    }
  });

  function fileOf(text: string): string {
    const file = join(temporaryFolder(), 'manifest.yml');
    writeFileSync(file, text);
    return file;
  }
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
