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
  await screensOfRotating(page, shoot);
  await screensOfLooking(page, shoot);
  await screensOfRevoking(page, shoot);
  await screensOfTheRest(page, sandbox, shoot);
  await screensOfRoles(page, sandbox, shoot);
  await screensOfSeveral(page, sandbox, shoot);
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

async function screensOfRotating(page: Page, shoot: Shoot): Promise<void> {
  await send(page, '/apitoken rotate nightly-backup');
  const dialog = page.getByRole('dialog', { name: 'Rotate API Token' });
  await dialog.waitFor();
  await shoot('rotate-dialog');
  await dialog.getByRole('button', { name: 'Rotate', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).waitFor();
  await shoot('rotated');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'apitoken', exact: true }).click();
  await page.getByRole('tab', { name: 'Messages' }).click();
  await page.getByText('New value for nightly-backup').first().waitFor();
  await shoot('new-value');
  await page.getByRole('button', { name: '#general' }).click();
}

/** What only looks, and what is not understood: each is answered under the command. */
async function screensOfLooking(page: Page, shoot: Shoot): Promise<void> {
  for (const rest of [
    'info nightly-backup',
    'history nightly-backup',
    'find backup',
    'find nothing',
    'info nobody',
    'check apit_AAAAAAAAAAAA',
    'crate my-bot',
    'status',
    'create late 900d',
  ]) {
    const before = await page.getByText('Only visible to you').count();
    await send(page, `/apitoken ${rest}`);
    const dialog = page.getByRole('dialog');
    await dialog.or(page.getByText('Only visible to you').nth(before)).first().waitFor();
    await shoot(rest.replaceAll(' ', '-'));
    if (!(await dialog.isVisible())) continue;
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
  }
}

/** Values of several tokens in one message, as on-call sees them; then the Home tab of on-call. */
async function screensOfSeveral(page: Page, { workspace }: Sandbox, shoot: Shoot): Promise<void> {
  await beSomebody(page, 'bob');
  const values: (string | null)[] = [];
  for (const name of ['web-bot', 'mail-bot']) {
    await page.getByRole('button', { name: '#oncall', exact: true }).click();
    await create(page, name, '90 days', { purpose: `Runs the ${name}` });
    await page.getByRole('button', { name: 'apitoken', exact: true }).click();
    await page.getByRole('tab', { name: 'Messages' }).click();
    const shown = page.getByRole('log').getByText(/^apit_\w{12}_\w{38}$/);
    await shown.nth(values.length).waitFor();
    values.push(await shown.nth(values.length).textContent());
  }
  await page.getByRole('button', { name: '#oncall', exact: true }).click();
  await workspace.person('dave').types('#oncall', `It logs ${values.join(' and ')}`);
  await page.getByRole('button', { name: 'Shortcuts for the message from Dave' }).click();
  await page.getByRole('menuitem', { name: 'Revoke token in message' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox').first().waitFor();
  await shoot('several-in-message');
  await dialog.getByRole('button', { name: /^Revoke 2 tokens/ }).click();
  await dialog.getByRole('button', { name: 'Close' }).waitFor();
  await shoot('several-revoked');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'apitoken', exact: true }).click();
  await page.getByRole('tab', { name: 'Home' }).click();
  await shoot('home-of-on-call');
  await page.getByRole('button', { name: 'Revoke a leaked token' }).click();
  await dialog.waitFor();
  await shoot('leaked-token');
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
