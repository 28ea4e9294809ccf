import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from './browser.ts';
import { type Sandbox, startSandbox } from './start.ts';

/** Where the pictures of the README stand. */
const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));

type Look = { scheme: 'light' | 'dark'; width: number; height: number; name: string };

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

/** With `--all DIR` every screen, light and dark, wide and narrow, instead of the pictures of the README. */
const { values } = parseArgs({ options: { all: { type: 'string' } } });
const browser = await startBrowser();
try {
  if (values.all === undefined) await takeImages(browser);
  else await takeAll(browser, values.all);
} finally {
  await browser.close();
}

async function takeImages(chromium: Browser): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const look = { scheme: 'light', width: 1000, height: 790, name: 'image' } as const;
  await withPage(chromium, look, async (page, { demoUrl }) => {
    await page.getByRole('button', { name: 'Hide story' }).click();
    await create(page, 'deploy-bot', '90 days');
    await page.getByRole('button', { name: 'apitoken', exact: true }).click();
    await page.getByRole('tab', { name: 'Messages' }).click();
    const value = page.getByRole('log').getByText(/^apit_\w{12}_\w{38}$/);
    const shown = await value.textContent();
    await page.getByText('cannot be shown again').waitFor();
    await settle(page);
    await page.screenshot({ path: join(IMAGES, 'value.png') });
    await fetch(demoUrl, { headers: { authorization: `Bearer ${shown}` } });
    await create(page, 'ci-runner', '7 days');
    await page.getByRole('tab', { name: 'Home' }).click();
    await revoke(page, 'ci-runner');
    await openUsedList(page);
    await page.setViewportSize({ width: 1000, height: 720 });
    // A choice in a list that was just drawn anew is refused, in a toast.
    await page.getByText('sees no select').waitFor({ state: 'hidden' });
    await settle(page);
    await page.screenshot({ path: join(IMAGES, 'list.png') });
  });
  await withPage(chromium, { ...look, height: 560 }, takeImagesOfRoles);
}

/** A token in use that leaked, in the dialog of on-call; then all tokens, as a manager sees them. */
async function takeImagesOfRoles(page: Page, sandbox: Sandbox): Promise<void> {
  await page.getByRole('button', { name: 'Hide story' }).click();
  await create(page, 'deploy-bot', '90 days', { purpose: 'Deploys the website' });
  await page.getByRole('button', { name: 'apitoken', exact: true }).click();
  await page.getByRole('tab', { name: 'Messages' }).click();
  const value = await page
    .getByRole('log')
    .getByText(/^apit_\w{12}_\w{38}$/)
    .textContent();
  for (let uses = 0; uses < 3; uses += 1) {
    await fetch(sandbox.demoUrl, { headers: { authorization: `Bearer ${value}` } });
  }
  await page.getByRole('button', { name: '#oncall' }).click();
  await send(page, `The deployment fails: ${value} is refused`);
  await create(page, 'nightly-report', '7 days');
  await beSomebody(page, 'dave');
  await create(page, 'backup', '1 year');
  await create(page, 'ci-runner', '30 days', { owner: 'carol' });
  await beSomebody(page, 'bob');
  await page.getByRole('log').getByText('The deployment fails').waitFor();
  await shootKill(page, 'kill.png');
  await beSomebody(page, 'carol');
  await send(page, '/apitoken status all');
  await page.setViewportSize({ width: 1080, height: 720 });
  await page.getByRole('table').waitFor();
  await settle(page);
  await page.screenshot({ path: join(IMAGES, 'status.png') });
  // What only she saw is gone, and the board stands where it can be seen.
  await page.reload();
  await page.getByRole('button', { name: 'Hide story' }).click();
  await page.setViewportSize({ width: 1000, height: 560 });
  await send(page, '/apitoken board');
  await page.getByRole('button', { name: 'Stop updating' }).waitFor();
  await settle(page);
  await page.screenshot({ path: join(IMAGES, 'board.png') });
}

/** The dialog that *Revoke token in message* opens, once it tells that the token was used; then the token is revoked. */
async function shootKill(page: Page, file: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Revoke API Token' });
  for (let tries = 0; tries < 20; tries += 1) {
    await page.getByRole('button', { name: 'Shortcuts for the message from Alice' }).click();
    await page.getByRole('menuitem', { name: 'Revoke token in message' }).click();
    await dialog.getByText('deploy-bot of').waitFor();
    if ((await dialog.getByText('never used').count()) === 0) break;
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.waitForTimeout(1000);
  }
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('Its value stands in #oncall');
  await settle(page);
  await page.screenshot({ path: join(IMAGES, file) });
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await dialog.getByText('Now delete the message').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'hidden' });
}

async function beSomebody(page: Page, handle: string): Promise<void> {
  await page.getByRole('combobox', { name: 'You are' }).selectOption(handle);
  await page.getByRole('button', { name: '#oncall', exact: true }).waitFor();
}

/** Draws the list until it tells that a token was used, which is written every few seconds. */
async function openUsedList(page: Page): Promise<void> {
  const filter = page.getByRole('combobox', { name: 'Show' });
  const panel = page.getByRole('tabpanel');
  for (let tries = 0; tries < 20; tries += 1) {
    await filter.selectOption('Active');
    await panel.getByText('1 token').waitFor();
    await filter.selectOption('All');
    await panel.getByText('2 tokens').waitFor();
    if ((await panel.getByText('never').count()) < 2) return;
    await page.waitForTimeout(1000);
  }
}

async function takeAll(chromium: Browser, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const scheme of ['light', 'dark'] as const) {
    for (const size of [WIDE, NARROW]) {
      const look = { scheme, ...size, name: `${size.width}-${scheme}` };
      await withPage(chromium, look, (page, sandbox) => tour(page, sandbox, folder, look));
    }
  }
}

async function withPage(
  chromium: Browser,
  look: Look,
  use: (page: Page, sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  const sandbox = await startSandbox({ port: 0, log: { write: () => undefined } });
  const context = await chromium.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.scheme,
    timezoneId: 'Europe/Berlin',
    deviceScaleFactor: look.width < 500 ? 2 : 1,
    reducedMotion: 'reduce',
  });
  try {
    const page = await context.newPage();
    await page.goto(sandbox.link);
    await page.getByRole('button', { name: '#general' }).waitFor();
    await use(page, sandbox);
  } finally {
    await context.close();
    await sandbox.close();
  }
}

async function tour(page: Page, sandbox: Sandbox, folder: string, look: Look): Promise<void> {
  let count = 0;
  const shoot = async (name: string): Promise<void> => {
    count += 1;
    await settle(page);
    await page.screenshot({
      path: join(folder, `${look.name}-${String(count).padStart(2, '0')}-${name}.png`),
    });
  };
  await shoot('story');
  await page.getByRole('button', { name: 'Hide story' }).click();
  await talk(page, sandbox);
  await shoot('channel');
  await page.getByRole('textbox', { name: 'Message' }).fill('/apitoken ');
  await shoot('completion');
  await send(page, '/apitoken help');
  await page.getByText('this help').waitFor();
  await shoot('help');
  await screensOfCreating(page, shoot);
  await screensOfTheList(page, shoot);
  await screensOfRevoking(page, shoot);
  await screensOfTheRest(page, sandbox, shoot);
}

type Shoot = (name: string) => Promise<void>;

async function talk(page: Page, { workspace }: Sandbox): Promise<void> {
  await send(page, 'Good morning! Who can give me a token for the website?');
  await send(page, 'It deploys every night.');
  await workspace.person('bob').types('#general', 'Make one yourself: `/apitoken create`');
  await page.getByText('Make one yourself').waitFor();
}

async function screensOfCreating(page: Page, shoot: Shoot): Promise<void> {
  await create(page, 'deploy-bot', '90 days');
  await send(page, '/apitoken create deploy-bot');
  const dialog = page.getByRole('dialog', { name: 'Create API Token' });
  await dialog.waitFor();
  await shoot('create-dialog');
  await dialog.getByRole('textbox', { name: 'Purpose' }).fill('Deploys the website');
  await dialog.getByRole('button', { name: 'Create Token' }).click();
  await dialog.getByText('is already taken').waitFor();
  await shoot('create-error');
  await dialog.getByRole('textbox', { name: 'Token Name' }).fill('nightly-backup');
  await dialog.getByRole('button', { name: 'Create Token' }).click();
  await dialog.getByText('on its way').waitFor();
  await shoot('on-its-way');
  await dialog.getByRole('button', { name: 'Open the conversation' }).click();
  await page.getByText('Your token nightly-backup is ready').waitFor();
  await shoot('value');
}

async function screensOfTheList(page: Page, shoot: Shoot): Promise<void> {
  await page.getByRole('tab', { name: 'Home' }).click();
  await page.getByRole('button', { name: 'More actions for deploy-bot' }).click();
  await shoot('home-menu');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: '#general' }).click();
  await send(page, '/apitoken');
  await page.getByText('My API Tokens').waitFor();
  await shoot('list-in-channel');
}

async function screensOfRevoking(page: Page, shoot: Shoot): Promise<void> {
  await send(page, '/apitoken revoke deploy-bot');
  const dialog = page.getByRole('dialog', { name: 'Revoke API Token' });
  await dialog.waitFor();
  await shoot('revoke-dialog');
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await dialog.getByText('is revoked').waitFor();
  await shoot('revoked');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'apitoken', exact: true }).click();
  await page.getByRole('combobox', { name: 'Show' }).selectOption('All');
  await page.getByText('revoked').first().waitFor();
  await shoot('home-all');
}

async function screensOfTheRest(page: Page, { workspace }: Sandbox, shoot: Shoot): Promise<void> {
  await page.getByRole('button', { name: '#general' }).click();
  workspace.faults.add({ method: 'views.open', error: 'internal_error' });
  await send(page, '/apitoken create other');
  await page.getByRole('button', { name: 'Show traffic' }).click();
  await page.getByRole('region', { name: 'Traffic' }).getByText('internal_error').waitFor();
  await shoot('traffic');
  await page.getByRole('button', { name: 'Hide traffic' }).click();
  await page.getByRole('button', { name: 'Show story' }).click();
  const story = page.getByRole('region', { name: 'Story' });
  await story.getByRole('button', { name: 'Do it for me' }).nth(1).click();
  await story.getByText('HTTP/1.1 200').waitFor();
  await shoot('story-curl');
}

async function send(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('textbox', { name: 'Message' }).press('Enter');
}

async function create(
  page: Page,
  name: string,
  expires: string,
  more: { purpose?: string; owner?: string } = {},
): Promise<void> {
  await send(page, `/apitoken create ${name}`);
  const dialog = page.getByRole('dialog', { name: 'Create API Token' });
  await dialog.getByRole('textbox', { name: 'Purpose' }).fill(more.purpose ?? '');
  if (more.owner !== undefined)
    await dialog.getByRole('combobox', { name: 'Owner' }).selectOption(more.owner);
  await dialog.getByRole('combobox', { name: 'Expires' }).selectOption(expires);
  await dialog.getByRole('button', { name: 'Create Token' }).click();
  await dialog.getByText(more.owner === undefined ? 'on its way' : 'only its owner').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'hidden' });
}

async function revoke(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `More actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Revoke API Token' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke API Token' });
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await dialog.getByText('is revoked').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
}

/** Waits for what was answered to be drawn. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(
    'document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))))',
  );
}
