import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/start.ts';
import { createsToken } from '../../slack/flows.ts';
import { hasBrowser, openSandbox, say, useBrowser } from './a-sandbox.ts';

const HEIGHT = 800;
const TOKENS = 12;

describe.skipIf(!hasBrowser())('the list of tokens', () => {
  const { openPage } = useBrowser();

  async function alicesTokens({ workspace }: Sandbox): Promise<void> {
    const alice = workspace.person('alice');
    for (let number = 1; number <= TOKENS; number++) await createsToken(alice, `deploy-bot-${number}`);
  }

  /** Menus that lie wholly within `frame` and the window, without anything being scrolled. */
  async function rowsWithin(page: Page, frame: Locator): Promise<number> {
    const bounds = await frame.boundingBox();
    const menus = await page.getByRole('button', { name: /^More actions for deploy-bot-/ }).all();
    const boxes = await Promise.all(menus.map((menu) => menu.boundingBox()));
    const top = bounds?.y ?? 0;
    const bottom = Math.min(HEIGHT, top + (bounds?.height ?? 0));
    return boxes.filter((box) => box !== null && box.y >= top && box.y + box.height <= bottom).length;
  }

  test('shows ten tokens at once in the Home tab, searches there on Enter, and clears the search', async () => {
    const sandbox = await openSandbox();
    await alicesTokens(sandbox);
    const page = await openPage(sandbox.link);
    await page.getByRole('button', { name: 'apitoken', exact: true }).click();
    await page.getByRole('tab', { name: 'Home' }).click();
    await page.getByRole('button', { name: 'More actions for deploy-bot-1', exact: true }).waitFor();

    expect(await rowsWithin(page, page.getByRole('tabpanel'))).toBeGreaterThanOrEqual(10);
    const field = page.getByRole('textbox', { name: 'Search' });
    await field.fill('BOT-12');
    await field.press('Enter');
    await page.getByText('1 token matches “BOT-12”').waitFor();
    expect(await field.inputValue()).toBe('BOT-12');
    await page.getByRole('button', { name: 'Clear search' }).click();
    await page.getByText('12 tokens', { exact: true }).waitFor();
    expect(await field.inputValue()).toBe('');
  });

  test('shows ten tokens at once in a channel, with the newest on top', async () => {
    const sandbox = await openSandbox();
    await alicesTokens(sandbox);
    const page = await openPage(sandbox.link);
    await say(page, '/apitoken list');
    const log = page.getByRole('log');
    await log.getByRole('button', { name: 'More actions for deploy-bot-12', exact: true }).last().waitFor();

    expect(await rowsWithin(page, log)).toBeGreaterThanOrEqual(10);
  });
});
