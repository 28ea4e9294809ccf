import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import type { Sandbox } from '../start.ts';
import { beSomebody, create, openWholeList, revoke, send, settle, withPage } from './visitor.ts';

/** Where the pictures of the README stand. */
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** Takes the pictures of the README. */
export async function takeImages(chromium: Browser): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const look = { scheme: 'light', width: 1000, height: 790, name: 'image' } as const;
  await withPage(chromium, look, async (page, { demoUrl }) => {
    await page.getByRole('button', { name: 'Hide story' }).click();
    await create(page, 'deploy-bot', '90 days');
    await page.getByRole('button', { name: 'apitoken', exact: true }).click();
    await page.getByRole('tab', { name: 'Messages' }).click();
    const value = page.getByRole('log').getByText(/^apit_\w{12}_\w{38}$/);
    const shown = await value.textContent();
    await page.getByText("can't be shown again").waitFor();
    await settle(page);
    await page.screenshot({ path: join(IMAGES, 'value.png') });
    await useValue(page, demoUrl, shown);
    await create(page, 'ci-runner', '7 days');
    await page.getByRole('tab', { name: 'Home' }).click();
    await revoke(page, 'ci-runner');
    await page.setViewportSize({ width: 1000, height: 720 });
    await openWholeList(page);
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
  await useValue(page, sandbox.demoUrl, value);
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

/** The dialog that *Revoke token in message* opens; then the token is revoked. */
async function shootKill(page: Page, file: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Revoke API Token' });
  await page.getByRole('button', { name: 'Shortcuts for the message from Alice' }).click();
  await page.getByRole('menuitem', { name: 'Revoke token in message' }).click();
  await dialog.getByText('Uses in 24 h: 3').waitFor();
  await settle(page);
  await page.screenshot({ path: join(IMAGES, file) });
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await dialog.getByText('Now delete the message').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'hidden' });
}

/** Uses the value three times, and has that written by *Refresh* under the receipt, which is on the page. */
async function useValue(page: Page, demoUrl: string, value: string | null): Promise<void> {
  for (let uses = 0; uses < 3; uses += 1) {
    await fetch(demoUrl, { headers: { authorization: `Bearer ${value}` } });
  }
  await page.getByRole('button', { name: 'Refresh', exact: true }).click();
  await page.getByRole('log').getByText('never').waitFor({ state: 'hidden' });
}
