import type { Browser, Page } from 'playwright-core';
import { type Sandbox, startSandbox } from '../start.ts';

/** What a page looks like that is taken a picture of. */
export type Look = { scheme: 'light' | 'dark'; width: number; height: number; name: string };

/** Opens the page of a sandbox of its own, and closes both afterwards. */
export async function withPage(
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

/** Types into the composer, and sends it. */
export async function send(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('textbox', { name: 'Message' }).press('Enter');
}

/** Creates a token by command and dialog, and closes the dialog. */
export async function create(
  page: Page,
  name: string,
  expires: string,
  more: { purpose?: string; owner?: string } = {},
): Promise<void> {
  await send(page, `/apitoken create ${name}`);
  const dialog = page.getByRole('dialog', { name: /^(Create API Token|Token created)$/ });
  await dialog.getByRole('textbox', { name: 'Purpose' }).fill(more.purpose ?? '');
  if (more.owner !== undefined)
    await dialog.getByRole('combobox', { name: 'Owner' }).selectOption(more.owner);
  await dialog.getByRole('combobox', { name: 'Expires' }).selectOption(expires);
  await dialog.getByRole('button', { name: 'Create Token' }).click();
  await dialog
    .getByText(more.owner === undefined ? 'in your direct messages' : 'can reveal its value')
    .waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'hidden' });
}

/** Revokes a token from its menu in the list, and closes the dialog. */
export async function revoke(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `More actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Revoke API Token' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revoke API Token' });
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await dialog.getByText('is revoked').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
}

/** Chooses *All*. A choice in a list that was drawn anew at that moment is refused, in a toast: it is made again. */
export async function openWholeList(page: Page): Promise<void> {
  const revoked = page
    .getByRole('tabpanel')
    .getByText(/\brevoked\b/)
    .first();
  for (let tries = 0; tries < 10 && (await revoked.count()) === 0; tries += 1) {
    await page.getByRole('combobox', { name: 'Show' }).selectOption('All');
    await page.waitForTimeout(500);
  }
  await revoked.waitFor();
  await page.getByText('sees no select').waitFor({ state: 'hidden' });
}

/** Becomes somebody else. */
export async function beSomebody(page: Page, handle: string): Promise<void> {
  await page.getByRole('combobox', { name: 'You are' }).selectOption(handle);
  await page.getByRole('button', { name: '#oncall', exact: true }).waitFor();
}

/** Waits for what was answered to be drawn. */
export async function settle(page: Page): Promise<void> {
  await page.evaluate(
    'document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))))',
  );
}
