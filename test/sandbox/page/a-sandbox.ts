import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { findBrowser, startBrowser } from '../../../sandbox/browser.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/start.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A sandbox of the test's own, closed after it; the test fails when it refused anything that the test did not take. */
export async function openSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, log: { write: () => undefined }, ...options });
  cleanUps.push(async () => {
    await sandbox.close();
    expect(sandbox.workspace.refusals, 'what the workspace refused').toEqual([]);
  });
  return sandbox;
}

/** Whether the tests that need a browser can run here. Says why not, once a file, when they cannot. */
export function hasBrowser(): boolean {
  const has = findBrowser() !== undefined;
  if (!has)
    process.stderr.write('Skipped: there is no Chromium here. apt-get install chromium brings one.\n');
  return has;
}

/** A browser for all tests of a file, which may take longer than others: the machine is shared with a whole browser. */
export function useBrowser(): { openPage(link: string, as?: string): Promise<Page> } {
  vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });
  let browser: Browser;
  let context: BrowserContext | undefined;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());
  return {
    async openPage(link, as) {
      // The windows of one test share their cookies, as those of one visitor do.
      if (context === undefined) {
        const opened = await browser.newContext({
          viewport: { width: 1280, height: 800 },
          reducedMotion: 'reduce',
        });
        opened.setDefaultTimeout(60_000);
        context = opened;
        cleanUps.push(async () => {
          context = undefined;
          await opened.close();
        });
      }
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => void (message.type() === 'error' && faults.push(message.text())));
      cleanUps.push(async () => expect(faults, 'what went wrong in the page').toEqual([]));
      await page.goto(as === undefined ? link : `${link}&as=${as}`);
      await page.getByRole('button', { name: '#general', exact: true }).waitFor();
      return page;
    },
  };
}

/** Types into the composer and sends it, once no dialog lies over it: a closed one goes when the workspace says so. */
export async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  const composer = page.getByRole('textbox', { name: 'Message', exact: true });
  await composer.fill(text);
  await composer.press('Enter');
}

/** Creates a token by command and dialog, and closes the dialog. */
export async function createToken(page: Page, name: string): Promise<void> {
  await say(page, `/apitoken create ${name}`);
  const dialog = page.getByRole('dialog', { name: /^(Create API Token|Token created)$/ });
  await dialog.getByRole('button', { name: 'Create Token' }).click();
  await dialog.getByText('The token is in your direct messages with apitoken.').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'hidden' });
}

/** The newest value that the app's conversation shows to the person of this page; with `name` that of this token, once it is there. */
export async function readValue(page: Page, name?: string): Promise<string> {
  await page.getByRole('button', { name: 'apitoken', exact: true }).click();
  await page.getByRole('tab', { name: 'Messages' }).click();
  if (name !== undefined) await page.getByRole('log').getByText(`Your token ${name} is ready.`).waitFor();
  const shown = page.getByRole('log').getByText(/^apit_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/);
  return (await shown.last().textContent()) ?? '';
}
