import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Sandbox } from '../start.ts';
import { beSomebody, create, type Look, openWholeList, send, settle, withPage } from './visitor.ts';

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

/** Takes a picture of every screen, light and dark, wide and narrow. */
export async function takeAll(chromium: Browser, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const scheme of ['light', 'dark'] as const) {
    for (const size of [WIDE, NARROW]) {
      const look = { scheme, ...size, name: `${size.width}-${scheme}` };
      await withPage(chromium, look, (page, sandbox) => tour(page, sandbox, folder, look));
    }
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
  await screensOfRoles(page, sandbox, shoot);
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
  const dialog = page.getByRole('dialog', { name: /^(Create API Token|Token created)$/ });
  await dialog.waitFor();
  await shoot('create-dialog');
  await dialog.getByRole('textbox', { name: 'Purpose' }).fill('Deploys the website');
  await dialog.getByRole('button', { name: 'Create Token' }).click();
  await dialog.getByText('is already taken').waitFor();
  await shoot('create-error');
  await dialog.getByRole('textbox', { name: 'Token Name' }).fill('nightly-backup');
  await dialog.getByRole('button', { name: 'Create Token' }).click();
  await dialog.getByText('in your direct messages').waitFor();
  await shoot('on-its-way');
  await dialog.getByRole('button', { name: 'Open direct messages' }).click();
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
  await openWholeList(page);
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

async function screensOfRoles(page: Page, { workspace }: Sandbox, shoot: Shoot): Promise<void> {
  await page.getByRole('button', { name: 'Hide story' }).click();
  await workspace.person('bob').types('#oncall', 'Who uses nightly-backup?');
  await beSomebody(page, 'bob');
  await page.getByRole('button', { name: '#oncall', exact: true }).click();
  await send(page, '/apitoken revoke nightly-backup');
  const dialog = page.getByRole('dialog', { name: 'Revoke API Token' });
  await dialog.getByText('Uses in 24 h').waitFor();
  await shoot('kill');
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('Nobody knows');
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await dialog.getByText('Refused since').waitFor();
  await shoot('kill-card');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await beSomebody(page, 'carol');
  await send(page, '/apitoken status all');
  await page.getByRole('table').waitFor();
  await shoot('status');
  await page.reload();
  await page.getByRole('button', { name: 'Hide story' }).click();
  await send(page, '/apitoken board');
  await page.getByRole('button', { name: 'Stop updating' }).waitFor();
  await shoot('board');
}
