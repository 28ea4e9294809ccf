import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { createToken, hasBrowser, openSandbox, readValue, say, useBrowser } from './a-sandbox.ts';

const CONFIRM = {
  title: plain('Sure?'),
  text: { type: 'mrkdwn', text: '*Everybody* will see it.' },
  confirm: plain('Share'),
  deny: plain('Keep'),
};

describe.skipIf(!hasBrowser())('the page', () => {
  const { openPage } = useBrowser();

  test('forgets a value when it is reloaded, as Slack does', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link);
    await createToken(page, 'deploy-bot');
    const value = await readValue(page);

    await page.reload();
    await page.getByRole('button', { name: 'apitoken', exact: true }).click();
    await page.getByRole('tab', { name: 'Messages' }).click();
    await page.getByRole('log').getByText("can't be shown again").waitFor();

    expect(await page.getByText(value).count()).toBe(0);
  });

  test('serves two people in two windows, and each sees what is theirs', async () => {
    const { link } = await openSandbox();
    const alice = await openPage(link);
    const bob = await openPage(link, 'bob');
    await alice.bringToFront();
    await createToken(alice, 'deploy-bot');
    const value = await readValue(alice);

    await bob.bringToFront();
    await bob.getByRole('button', { name: 'apitoken', exact: true }).click();
    await bob.getByRole('tab', { name: 'Messages' }).click();
    await alice.bringToFront();
    await alice.getByRole('button', { name: '#general', exact: true }).click();
    await say(alice, 'Hello from Alice');
    await bob.bringToFront();
    await bob.getByRole('button', { name: '#general', exact: true }).click();
    await bob.getByText('Hello from Alice').waitFor();

    expect(await bob.getByRole('combobox', { name: 'You are' }).inputValue()).toBe('bob');
    expect(await bob.content()).not.toContain(value);
  });

  test('offers only the people who can act, and only the channels of the one who does', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link);

    const people = await page
      .getByRole('combobox', { name: 'You are' })
      .getByRole('option')
      .allTextContents();

    expect(people).toEqual([
      'Alice (member)',
      'Bob (on-call)',
      'Carol (manager)',
      'Dave (admin)',
      'Gus (guest)',
    ]);
    await page.getByRole('button', { name: '#oncall', exact: true }).waitFor();
    await page.getByRole('combobox', { name: 'You are' }).selectOption('gus');
    await page.getByRole('button', { name: '#oncall', exact: true }).waitFor({ state: 'hidden' });
  });

  test('shows an error under its field, keeps what was typed, and puts the focus there', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link);
    await createToken(page, 'deploy-bot');

    await say(page, '/apitoken create deploy-bot');
    const dialog = page.getByRole('dialog', { name: /^(Create API Token|Token created)$/ });
    await dialog.getByRole('textbox', { name: 'Purpose' }).fill('typed before');
    await dialog.getByRole('button', { name: 'Create Token' }).click();
    await dialog.getByRole('alert').getByText('Try deploy-bot-2.').waitFor();

    const name = dialog.getByRole('textbox', { name: 'Token Name' });
    await expect.poll(() => name.evaluate('document.activeElement.id')).toBe('field-name');
    expect(await name.getAttribute('aria-invalid')).toBe('true');
    expect(await dialog.getByRole('textbox', { name: 'Purpose' }).inputValue()).toBe('typed before');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  test('completes commands by Tab, and sends by Enter what was typed', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link);
    const composer = page.getByRole('textbox', { name: 'Message', exact: true });

    await composer.fill('/apitoken cr');
    await page.getByRole('option').getByText('/apitoken create').waitFor();
    await composer.press('Tab');
    expect(await composer.inputValue()).toBe('/apitoken create ');
    await composer.fill('/apitoken ');
    await composer.press('ArrowDown');
    await composer.press('ArrowDown');
    await composer.press('Enter');
    expect(await composer.inputValue()).toBe('/apitoken list');
    await composer.press('Enter');

    await page.getByRole('log').getByText('My API Tokens').waitFor();
  });

  test('has menus that work by keyboard', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link);
    await createToken(page, 'deploy-bot');
    await page.getByRole('button', { name: 'apitoken', exact: true }).click();

    await page.getByRole('button', { name: 'More actions for deploy-bot' }).press('ArrowDown');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'hidden' });
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Revoke API Token' }).press('Enter');
    await page.getByRole('dialog', { name: 'Revoke API Token' }).waitFor();
    await page.keyboard.press('Escape');

    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  test('opens the conversation from the link in a dialog, and marks what is unread', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link);

    await say(page, '/apitoken create deploy-bot');
    const dialog = page.getByRole('dialog', { name: /^(Create API Token|Token created)$/ });
    await dialog.getByRole('button', { name: 'Create Token' }).click();
    // Behind a dialog nothing has a role.
    const app = page.locator('button', { hasText: /^apitoken/ });
    await expect.poll(() => app.getAttribute('aria-describedby')).toBe('unread-apitoken');
    await dialog.getByRole('button', { name: 'Open direct messages' }).click();

    await page.getByRole('log').getByText('Copy it now').waitFor();
    expect(await app.getAttribute('aria-describedby')).toBeNull();
  });

  test('shows what happens when the app is late, as Slack does', async () => {
    const { link, workspace } = await openSandbox({ ackTimeoutMs: 200 });
    const page = await openPage(link);
    await say(page, '/apitoken list');
    await page.getByRole('log').getByText('My API Tokens').waitFor();
    await say(page, '/apitoken create deploy-bot');
    const dialog = page.getByRole('dialog', { name: /^(Create API Token|Token created)$/ });
    await dialog.waitFor();

    workspace.sockets.dropAll();
    workspace.sockets.refuseOpens(1000);
    await dialog.getByRole('button', { name: 'Create Token' }).click();
    await dialog.getByRole('alert').getByText('We had some trouble connecting').waitFor();
    expect(await dialog.getByRole('textbox', { name: 'Token Name' }).inputValue()).toBe('deploy-bot');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Create API Token' }).click();
    await page.getByRole('img', { name: "The app didn't answer in time" }).waitFor();
    await say(page, '/apitoken list');

    await page.getByRole('log').getByText('/apitoken failed with the error "dispatch_failed"').waitFor();
    await page.getByText('app not connected').waitFor();
    expect(workspace.takeRefusals().length).toBeGreaterThan(0);
  });

  test('shows every block that the app may use, and says of others that it cannot', async () => {
    const { link, workspace } = await openSandbox();
    const page = await openPage(link);
    const log = page.getByRole('log');

    workspace.post('#general', 'bob', { text: 'blocks', blocks: EVERY_BLOCK });

    await log.getByRole('heading', { name: 'A header' }).waitFor();
    await log.getByRole('cell', { name: 'deploy-bot' }).waitFor();
    await log.getByText('@Alice').waitFor();
    expect(await log.getByText('cannot draw').allTextContents()).toEqual(['cannot draw image']);
    expect(await log.getByRole('link', { name: 'a link' }).getAttribute('rel')).toBe('noopener noreferrer');
    expect(await log.getByRole('link', { name: 'not one' }).count()).toBe(0);
    await log.getByText('<b>typed</b> & *as it is*').waitFor();
  });

  test('asks before what has a confirmation, and tells what it cannot do', async () => {
    const { link, workspace } = await openSandbox();
    const page = await openPage(link);
    // Bob is no app: a press reaches nobody, which a person is told.
    workspace.post('#general', 'bob', { text: 'confirm', blocks: [confirmed('Share to channel')] });

    await page.getByRole('button', { name: 'Share to channel' }).click();
    const question = page.getByRole('alertdialog', { name: 'Sure?' });
    await question.getByText('Everybody will see it.').waitFor();
    await question.getByRole('button', { name: 'Keep' }).click();
    await question.waitFor({ state: 'hidden' });
    expect(await page.getByRole('status').textContent()).toBe('');
    await page.getByRole('button', { name: 'Share to channel' }).click();
    await question.getByRole('button', { name: 'Share' }).click();

    await page.getByRole('status').getByText('Alice sees no button "Share to channel"').waitFor();
  });

  test('shows traffic with values cut, and refusals in words', async () => {
    const { link, workspace } = await openSandbox();
    const page = await openPage(link);
    await createToken(page, 'deploy-bot');
    const value = await readValue(page);
    workspace.faults.add({ method: 'views.open', error: 'internal_error' });
    await page.getByRole('button', { name: '#general', exact: true }).click();
    await say(page, '/apitoken create other');
    await page.getByRole('button', { name: 'Show traffic' }).click();

    const traffic = page.getByRole('region', { name: 'Traffic' });
    await traffic.getByText('internal_error').waitFor();
    const line = traffic.getByRole('listitem').filter({ hasText: 'chat.postEphemeral' });
    await line.getByText('chat.postEphemeral').click();
    await line.getByText(`"text": "${value.slice(0, 9)}…"`).waitFor();

    expect(await traffic.getByText('acked in').count()).toBeGreaterThan(1);
    expect(await traffic.textContent()).not.toContain(value);
  });

  test.for([
    ['a command', '', async (page: Page) => say(page, '/apitoken create')],
    ['a button', 'Create API Token', async (page: Page) => createByButton(page, 'Create API Token')],
    ['a menu', 'More actions for deploy-bot', async (page: Page) => revokeByMenu(page)],
    ['a question', 'Share to channel', async (page: Page) => createByButton(page, 'Share to channel')],
  ] as const)('gives the focus back when Escape closes what %s opened', async ([, label, open]) => {
    const { link, workspace } = await openSandbox();
    const page = await openPage(link);
    await createToken(page, 'deploy-bot');
    await say(page, '/apitoken list');
    await page.getByRole('button', { name: 'More actions for deploy-bot' }).waitFor();
    workspace.post('#general', 'bob', { text: 'confirm', blocks: [confirmed('Share to channel')] });
    await page.getByRole('button', { name: 'Share to channel' }).waitFor();

    await open(page);
    const dialog = page.locator('dialog[open]');
    await dialog.waitFor();
    expect(await dialog.evaluate('document.activeElement.closest("dialog") !== null')).toBe(true);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });

    const name = 'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent';
    await expect.poll(() => page.evaluate(name)).toBe(label === '' ? 'Message' : label);
  });

  test('completes people after an @, by keyboard alone', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link, 'bob');
    const composer = page.getByRole('textbox', { name: 'Message', exact: true });
    const people = page.getByRole('listbox', { name: 'People' });

    await composer.pressSequentially('Ask @');
    await people.getByRole('option', { name: '@carol Carol (manager)' }).waitFor();
    expect(await people.getByRole('option', { name: 'Mia' }).count()).toBe(0);
    await composer.press('ArrowDown');
    const chosen = people.getByRole('option', { selected: true });
    expect(await chosen.textContent()).toBe('@bobBob (on-call)');
    expect(await composer.getAttribute('aria-activedescendant')).toBe(await chosen.getAttribute('id'));
    await composer.press('Escape');
    await people.waitFor({ state: 'hidden' });
    await composer.fill('Ask  now');
    for (let steps = 0; steps < 4; steps += 1) await composer.press('ArrowLeft');
    await composer.pressSequentially('@ca');
    await composer.press('Enter');
    expect(await composer.inputValue()).toBe('Ask @carol  now');
    expect(await composer.evaluate('document.activeElement.selectionStart')).toBe('Ask @carol '.length);
    await composer.fill('');
    await composer.pressSequentially('/apitoken revoke @al');
    await composer.press('Tab');
    expect(await composer.inputValue()).toBe('/apitoken revoke @alice ');
    await composer.press('Enter');

    await page.getByRole('log').getByText('Alice').first().waitFor();
    expect(await composer.inputValue()).toBe('');
  });

  test('lets messages be as wide as the window', async () => {
    const { link, workspace } = await openSandbox();
    const page = await openPage(link);
    await page.setViewportSize({ width: 1700, height: 900 });
    await page.getByRole('button', { name: 'Hide story' }).click();
    workspace.post('#general', 'bob', { text: 'wide', blocks: [WIDE_TABLE] });

    const cell = page.getByRole('cell', { name: 'the last one' });
    await cell.waitFor();

    const box = await cell.boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeGreaterThan(1300);
    expect(await page.evaluate(TABLE_OVERFLOW)).toBe(0);
    expect(await widthOf(page)).toBe(1700);
  });

  test('downloads the CSV of a conversation, for whoever sees it alone', async () => {
    const { link, workspace } = await openSandbox();
    const page = await openPage(link, 'carol');
    await createToken(page, 'deploy-bot');
    await say(page, '/apitoken status all');
    await page.getByRole('button', { name: 'CSV', exact: true }).click();
    await page.getByRole('button', { name: 'apitoken', exact: true }).click();
    await page.getByRole('tab', { name: 'Messages' }).click();

    const anchor = page.getByRole('link', { name: /^Download / });
    const downloading = page.waitForEvent('download');
    await anchor.click();
    const download = await downloading;
    const text = (await (await download.createReadStream()).toArray()).join('');

    expect(download.suggestedFilename()).toMatch(/^[\w.-]+\.csv$/);
    expect(text).toBe(workspace.person('carol').readsFile('@apitoken'));
    const path = (await anchor.getAttribute('href')) ?? '';
    const status = (as: string) =>
      page.evaluate(`fetch(${JSON.stringify(path.replace('carol', as))}).then(({ status }) => status)`);
    expect(await status('carol')).toBe(200);
    // The refusal is an error on the console of any page.
    const other = await page.context().request.get(new URL(path.replace('carol', 'bob'), link).href);
    expect(other.status()).toBe(404);
  });

  test('draws dates in the zone of the person that one plays, whatever that of the browser', async () => {
    const { link, workspace } = await openSandbox();
    const page = await openPage(link);
    const at = Date.UTC(2027, 0, 15, 23, 30) / 1000;
    const told = `<!date^${at}^{date_num} {time}|then>`;
    await workspace.setPerson('alice', { tz: 'Pacific/Kiritimati' });
    workspace.post('#general', 'bob', {
      text: 'when',
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: told } }],
    });

    await page.getByText('2027-01-16 1:30 PM').waitFor();
    await page.getByText('Time zone: Pacific/Kiritimati').waitFor();
    await page.getByRole('combobox', { name: 'You are' }).selectOption('bob');
    await page.getByText('2027-01-15 6:30 PM').waitFor();
    await page.getByText('Time zone: America/New_York').waitFor();
  });

  test('is usable at 390 px, with nothing wider than the window', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link);
    await page.setViewportSize({ width: 390, height: 844 });
    await createToken(page, 'deploy-bot');
    await readValue(page);

    expect(await widthOf(page)).toBe(390);
    await page.getByRole('tab', { name: 'Home' }).click();
    await page.getByRole('button', { name: 'More actions for deploy-bot' }).click();
    await page.getByRole('menuitem', { name: 'Revoke API Token' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await widthOf(page)).toBe(390);
    await page.getByRole('button', { name: 'Keep it' }).click();
  });
});

async function createByButton(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

async function revokeByMenu(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'More actions for deploy-bot' }).press('ArrowDown');
  await page.getByRole('menuitem', { name: 'Revoke API Token' }).press('Enter');
}

function widthOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth');
}

function plain(text: string): { type: 'plain_text'; text: string } {
  return { type: 'plain_text', text };
}

function confirmed(text: string): object {
  return {
    type: 'actions',
    elements: [{ type: 'button', action_id: 'share', text: plain(text), confirm: CONFIRM }],
  };
}

const OPTIONS = [
  { text: plain('One'), value: '1' },
  { text: plain('Two'), value: '2' },
];

const TABLE_OVERFLOW =
  '(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector("[aria-label=Table]"))';

const WIDE_TABLE = {
  type: 'table',
  rows: [
    Array.from({ length: 9 }, (_, column) => ({ type: 'raw_text', text: `Column ${column}` })),
    Array.from({ length: 9 }, (_, column) => ({
      type: 'raw_text',
      text: column === 8 ? 'the last one' : `${'a longer text '.repeat(2)}${column}`,
    })),
  ],
};

/** Blocks of every kind that the page can draw, and one that it cannot. */
const EVERY_BLOCK = [
  { type: 'header', text: plain('A header') },
  {
    type: 'section',
    text: {
      type: 'mrkdwn',
      text: '*bold* <@U0ALICE0001> <https://example.com|a link> <javascript:alert(1)|not one>',
    },
    fields: [{ type: 'mrkdwn', text: '*Expires*\n<!date^1800000000^{date_short_pretty} at {time}|then>' }],
    accessory: { type: 'overflow', action_id: 'menu', options: OPTIONS },
  },
  { type: 'section', text: plain('<b>typed</b> & *as it is*') },
  {
    type: 'rich_text',
    elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: 'preformatted' }] }],
  },
  { type: 'context', elements: [{ type: 'mrkdwn', text: 'small print' }] },
  { type: 'divider' },
  {
    type: 'actions',
    elements: [
      { type: 'button', action_id: 'a', text: plain('Primary'), style: 'primary' },
      { type: 'button', action_id: 'b', text: plain('Danger'), style: 'danger' },
      { type: 'static_select', action_id: 'c', placeholder: plain('Choose'), options: OPTIONS },
      { type: 'users_select', action_id: 'd', placeholder: plain('Somebody') },
      { type: 'checkboxes', action_id: 'e', options: OPTIONS },
      { type: 'radio_buttons', action_id: 'f', options: OPTIONS },
      { type: 'datepicker', action_id: 'g' },
      { type: 'multi_static_select', action_id: 'h', placeholder: plain('Several'), options: OPTIONS },
      { type: 'conversations_select', action_id: 'i', placeholder: plain('Somewhere') },
    ],
  },
  {
    type: 'table',
    rows: [[{ type: 'raw_text', text: 'Name' }], [{ type: 'raw_text', text: 'deploy-bot' }]],
  },
  { type: 'image', image_url: 'https://example.com/a.png', alt_text: 'an image' },
];
