import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findBrowser, startBrowser } from '../../sandbox/browser.ts';
import { aService, type Service } from './a-service.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const QUESTION = 'Found an API token? Paste it here and it stops working.';
const DONE = 'Done. If it was one of ours, it no longer works.';

const hasBrowser = findBrowser() !== undefined;
if (!hasBrowser)
  process.stderr.write('Skipped: there is no Chromium here. apt-get install chromium brings one.\n');

describe.skipIf(!hasBrowser)('the page of /revoke in a browser', { timeout: 90_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  }, 60_000);
  afterAll(() => browser.close());

  /** The page, and all that it asked for beside itself or was told off for. */
  async function opens(
    options: { javaScriptEnabled?: boolean; colorScheme?: 'light' | 'dark'; width?: number } = {},
  ): Promise<{ page: Page; service: Service; requests: string[]; faults: string[] }> {
    const { javaScriptEnabled = true, colorScheme = 'light', width = 1280 } = options;
    const service = await aService();
    const viewport = { width, height: 800 };
    const context = await browser.newContext({ javaScriptEnabled, colorScheme, viewport });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const [requests, faults]: [string[], string[]] = [[], []];
    page.on('request', (request) =>
      requests.push(`${request.method()} ${new URL(request.url()).pathname}${new URL(request.url()).search}`),
    );
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => void (message.type() === 'error' && faults.push(message.text())));
    await page.goto(`http://127.0.0.1:${service.port}/revoke`);
    return { page, service, requests, faults };
  }

  test.for([true, false])('takes a value and says it is done; script: %s', async (javaScriptEnabled) => {
    const { page, service, requests, faults } = await opens({ javaScriptEnabled });
    const { value } = await service.house.holds();
    expect(await service.verifies(value.reveal())).toBe(200);

    await page.getByRole('heading', { name: QUESTION }).waitFor();
    await page.getByRole('textbox', { name: 'API token' }).fill(`  ${value.reveal()}\n`);
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('heading', { name: DONE }).waitFor();

    expect(await service.verifies(value.reveal())).toBe(401);
    expect(page.url()).toBe(`http://127.0.0.1:${service.port}/revoke`);
    await page.reload();
    await page.getByRole('heading', { name: DONE }).waitFor();
    await page.goBack();
    const field = page.getByRole('textbox', { name: 'API token' });
    expect(await field.inputValue()).toBe('');
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('link', { name: 'Revoke another one' }).click();
    expect(await field.inputValue()).toBe('');
    expect(page.url()).toBe(`http://127.0.0.1:${service.port}/revoke`);
    expect(new Set(requests)).toEqual(new Set(['GET /revoke', 'POST /revoke']));
    expect(faults).toEqual([]);
  });

  test('can be used by the keyboard alone, and takes a value that stands wrapped in a text', async () => {
    const { page, service } = await opens();
    const { value } = await service.house.holds();
    const text = value.reveal();

    await page.keyboard.insertText(
      `curl -H 'Authorization: Bearer ${text.slice(0, 30)}\n    ${text.slice(30)}'`,
    );
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: DONE }).waitFor();

    expect(await service.verifies(text)).toBe(401);
  });

  test('says the same of nothing at all', async () => {
    const { page } = await opens();

    await page.getByRole('button', { name: 'Revoke' }).click();

    await page.getByRole('heading', { name: DONE }).waitFor();
  });

  test('takes no more than is looked at, and a text of so much in any letters', async () => {
    const { page, service } = await opens();
    const { value } = await service.house.holds();
    const field = page.getByRole('textbox', { name: 'API token' });
    const most = `${'あ'.repeat(1800 - 57)} ${value.reveal()}`;

    await field.focus();
    await page.keyboard.insertText(`${most}x`);
    expect(await field.inputValue()).toBe(most);
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('heading', { name: DONE }).waitFor();

    expect(await service.verifies(value.reveal())).toBe(401);
  });

  test('says when to try again', async () => {
    const { page, service } = await opens();
    for (let i = 0; i < 30; i++) await service.posts('/revoke', 'token=x');

    await page.getByRole('button', { name: 'Revoke' }).click();

    await page
      .getByRole('heading', {
        name: 'Too many tries from your address. Nothing was revoked. Try again in 60 seconds.',
      })
      .waitFor();
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('heading', { name: QUESTION }).waitFor();
  });

  test('cannot be framed by another page', async () => {
    const { page, service } = await opens();
    const frame = `data:text/html,<iframe src="http://127.0.0.1:${service.port}/revoke"></iframe>`;

    await page.goto(frame);

    expect(await page.frameLocator('iframe').getByRole('button').count()).toBe(0);
  });

  test.for([
    ['light', 1280],
    ['light', 390],
    ['dark', 1280],
    ['dark', 390],
  ] as const)('fits and has nothing that axe would mend: %s, %d px', async ([colorScheme, width]) => {
    const { page } = await opens({ colorScheme, width });

    for (const screen of ['ask', 'done']) {
      if (screen === 'done') await page.getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('heading', { name: screen === 'ask' ? QUESTION : DONE }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      const found = await page.evaluate(`${AXE};axe.run()`);
      const { violations } = found as { violations: { id: string }[] };
      expect(
        violations.map(({ id }) => id),
        screen,
      ).toEqual([]);
    }
  });
});
