import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { createToken, hasBrowser, openSandbox, readValue, say, useBrowser } from './a-sandbox.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const TABLE = {
  type: 'table',
  column_settings: [{}, { align: 'right' }],
  rows: [
    [cell('Name'), cell('Uses')],
    [cell('deploy-bot'), cell('41')],
  ],
};

describe.skipIf(!hasBrowser())('axe finds nothing to mend', () => {
  const { openPage } = useBrowser();

  test.for([
    ['light', 1280],
    ['light', 390],
    ['dark', 1280],
    ['dark', 390],
  ] as const)('in any screen, %s, %d px wide', async ([colorScheme, width]) => {
    const { link, workspace } = await openSandbox();
    const page = await openPage(link);
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const found: Record<string, string[]> = {};

    await say(page, 'Good morning');
    await page.getByRole('textbox', { name: 'Message' }).fill('/apitoken ');
    found.channel = await violations(page);
    await page.getByRole('textbox', { name: 'Message' }).fill('@');
    await page.getByRole('listbox', { name: 'People' }).waitFor();
    found.people = await violations(page);
    await page.getByRole('button', { name: 'Start over' }).click();
    await page.getByRole('alertdialog').waitFor();
    found.startOver = await violations(page);
    await page.keyboard.press('Escape');
    await createToken(page, 'deploy-bot');
    await say(page, '/apitoken list');
    await page.getByRole('button', { name: 'More actions for deploy-bot' }).click();
    found.list = await violations(page);
    await page.keyboard.press('Escape');
    await say(page, '/apitoken create deploy-bot');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Create Token' }).click();
    await dialog.getByRole('alert').waitFor();
    found.createError = await violations(page);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await say(page, '/apitoken revoke deploy-bot');
    await dialog.getByRole('button', { name: 'Keep it' }).waitFor();
    found.revoke = await violations(page);
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    workspace.post('#general', 'bob', { text: 'A table', blocks: [TABLE] });
    await page.getByRole('table').waitFor();
    await page.getByRole('button', { name: 'Show traffic' }).click();
    found.table = await violations(page);
    await readValue(page);
    found.value = await violations(page);
    await page.getByRole('tab', { name: 'Home' }).click();
    await page.getByRole('button', { name: 'More actions for deploy-bot' }).waitFor();
    found.home = await violations(page);
    await page.getByRole('combobox', { name: 'You are' }).selectOption('bob');
    await page.getByRole('button', { name: '#oncall', exact: true }).click();
    await say(page, '/apitoken revoke deploy-bot');
    await dialog.getByText('Uses in 24 h').waitFor();
    found.kill = await violations(page);
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('leaked');
    await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
    await dialog.getByText('Refused since').waitFor();
    found.killCard = await violations(page);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('combobox', { name: 'You are' }).selectOption('carol');
    await say(page, '/apitoken status all');
    await page.getByRole('table').waitFor();
    found.status = await violations(page);
    await page.getByRole('button', { name: 'CSV', exact: true }).click();
    await page.getByRole('button', { name: 'apitoken', exact: true }).click();
    await page.getByRole('tab', { name: 'Messages' }).click();
    await page.getByRole('link', { name: 'Download' }).waitFor();
    found.file = await violations(page);
    await page.getByRole('button', { name: '#oncall', exact: true }).click();
    await say(page, '/apitoken board');
    await page.getByRole('button', { name: 'Stop updating' }).waitFor();
    found.board = await violations(page);

    expect(found).toEqual({
      channel: [],
      people: [],
      startOver: [],
      file: [],
      list: [],
      createError: [],
      revoke: [],
      table: [],
      value: [],
      home: [],
      kill: [],
      killCard: [],
      status: [],
      board: [],
    });
  });
});

function cell(text: string): { type: 'raw_text'; text: string } {
  return { type: 'raw_text', text };
}

/** What axe finds, a line each, with the first element that it is about. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 150) + ' ' + nodes[0].failureSummary))`);
}
