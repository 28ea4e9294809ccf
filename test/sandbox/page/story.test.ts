import { describe, expect, test } from 'vitest';
import { createToken, hasBrowser, openSandbox, readValue, say, useBrowser } from './a-sandbox.ts';

describe.skipIf(!hasBrowser())('the story, by roles and labels alone', () => {
  const { openPage } = useBrowser();

  test('a visitor creates, uses, finds and revokes a token, on-call kills a leaked one, and a manager looks', async () => {
    const { link, demoUrl } = await openSandbox();
    const page = await openPage(link);
    const knock = (value: string): Promise<Response> =>
      fetch(demoUrl, { headers: { authorization: `Bearer ${value}` } });

    await say(page, '/apitoken create deploy-bot');
    const create = page.getByRole('dialog', { name: /^(Create API Token|Token created)$/ });
    expect(await create.getByRole('textbox', { name: 'Token Name' }).inputValue()).toBe('deploy-bot');
    await create.getByRole('textbox', { name: 'Purpose' }).fill('Deploys the website');
    await create.getByRole('combobox', { name: 'Expires' }).selectOption('30 days');
    await create.getByRole('button', { name: 'Create Token' }).click();
    await create.getByRole('button', { name: 'Open direct messages' }).click();
    const value = await readValue(page);
    expect((await knock(value)).status).toBe(200);

    const story = page.getByRole('region', { name: 'Story' });
    await story.getByRole('textbox', { name: 'Value' }).fill(value);
    await story.getByRole('button', { name: 'Run curl' }).first().click();
    await story.getByText('HTTP/1.1 200 OK').waitFor();

    await page.getByRole('tab', { name: 'Home' }).click();
    await page.getByRole('button', { name: 'More actions for deploy-bot' }).click();
    await page.getByRole('menuitem', { name: 'Revoke API Token' }).click();
    const revoke = page.getByRole('dialog', { name: 'Revoke API Token' });
    await revoke.getByRole('button', { name: 'Revoke', exact: true }).click();
    await revoke.getByText('deploy-bot is revoked').waitFor();
    expect((await knock(value)).status).toBe(401);
    await revoke.getByRole('button', { name: 'Close' }).click();

    await createToken2(page);
    const leaked = await readValue(page, 'ci-runner');
    await page.getByRole('button', { name: '#general', exact: true }).click();
    await say(page, `Does this work for you? ${leaked}`);
    await page.getByRole('combobox', { name: 'You are' }).selectOption('bob');
    await page.getByRole('log').getByText(leaked).waitFor();
    await page.getByRole('button', { name: 'Shortcuts for the message from Alice' }).click();
    await page.getByRole('menuitem', { name: 'Revoke token in message' }).click();
    await revoke.getByText('ci-runner?').first().waitFor();
    await revoke.getByRole('button', { name: 'Revoke', exact: true }).click();
    await revoke.getByText('ci-runner is revoked').waitFor();
    await revoke.getByText('Now delete the message').waitFor();
    expect((await knock(leaked)).status).toBe(401);
    await revoke.getByRole('button', { name: 'Share to channel' }).waitFor();
    await revoke.getByRole('button', { name: 'Close' }).click();

    await page.getByRole('combobox', { name: 'You are' }).selectOption('carol');
    await page.getByRole('button', { name: '#oncall', exact: true }).click();
    await say(page, '/apitoken status all');
    const table = page.getByRole('table');
    await table.getByRole('row', { name: 'ci-runner' }).getByText('revoked').waitFor();
    await table.getByRole('row', { name: 'deploy-bot' }).getByText('revoked').waitFor();
    await say(page, '/apitoken board');
    const board = page.getByRole('article').filter({ hasText: 'Posted by @Carol' });
    await board.getByText('Revoked 2').waitFor();
    await board.getByRole('button', { name: 'Stop updating' }).waitFor();
    await story.getByRole('heading', { name: 'A manager looks at everything (done)' }).waitFor();

    expect(await page.getByText('cannot draw').count()).toBe(0);

    async function createToken2(on: typeof page): Promise<void> {
      await on.getByRole('button', { name: '#general', exact: true }).click();
      await createToken(on, 'ci-runner');
    }
  });

  test('does itself when it is asked to, step by step', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link);
    const steps = page.getByRole('region', { name: 'Story' }).getByRole('listitem');
    expect(await steps.count()).toBe(9);

    for (const step of await steps.all()) {
      const button = step.getByRole('button', { name: 'Do it for me' });
      await button.click();
      await step.getByText('(done)').waitFor();
      await button.and(page.locator(':enabled')).waitFor();
      expect(await page.getByText('cannot draw').count()).toBe(0);
    }

    await steps.nth(6).getByText('HTTP/1.1 401').waitFor();
    await steps.nth(8).getByText('HTTP/1.1 401').waitFor();
    const log = page.getByRole('log');
    const card = log.getByRole('article').filter({ hasText: 'invoice-sync of @Alice leaked in #general.' });
    await card.getByText("It's revoked. Anything using it has stopped working.").waitFor();
    await log.getByRole('button', { name: 'Stop updating' }).waitFor();
    await page.getByRole('combobox', { name: 'You are' }).selectOption('carol');
    await log.getByRole('row', { name: 'nightly-report' }).waitFor();
    expect(await page.getByRole('status').textContent()).toBe('');
  });

  test.for([
    ['Use it', 'HTTP/1.1 200 OK'],
    ['On-call kills a leaked token', 'HTTP/1.1 401 Unauthorized'],
  ] as const)('starts at any step, as “%s”, by doing those before it', async ([title, outcome]) => {
    const { link } = await openSandbox();
    const page = await openPage(link);

    const step = page.getByRole('region', { name: 'Story' }).getByRole('listitem').filter({ hasText: title });
    await step.getByRole('button', { name: 'Do it for me' }).click();

    await step.getByText(outcome).waitFor({ timeout: 60_000 });
  });

  test('starts over with nothing, in every window, once that is confirmed', async () => {
    const sandbox = await openSandbox();
    const page = await openPage(sandbox.link);
    const other = await openPage(sandbox.link, 'bob');
    const before = sandbox.workspace;
    await page.bringToFront();
    await createToken(page, 'deploy-bot');
    const value = await readValue(page);
    const story = page.getByRole('region', { name: 'Story' });
    await story.getByRole('heading', { name: 'Create a token (done)' }).waitFor();
    const knock = (): Promise<Response> =>
      fetch(sandbox.demoUrl, { headers: { authorization: `Bearer ${value}` } });

    await story.getByRole('button', { name: 'Start over' }).click();
    const question = page.getByRole('alertdialog', { name: 'Start over?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    expect((await knock()).status).toBe(200);
    await story.getByRole('button', { name: 'Start over' }).click();
    await question.getByRole('button', { name: 'Start over' }).click();

    await story.getByRole('heading', { name: 'Create a token', exact: true }).waitFor();
    expect((await knock()).status).toBe(401);
    expect(sandbox.workspace).not.toBe(before);
    await other.getByText('app connected').waitFor();
    await createToken(page, 'deploy-bot');
    expect(await readValue(page)).not.toBe(value);
  });

  test('the guard warns of a value by itself, and on-call kills it from the card', async () => {
    const { link, demoUrl } = await openSandbox();
    const page = await openPage(link);
    await createToken(page, 'deploy-bot');
    const value = await readValue(page);
    await page.getByRole('button', { name: '#general', exact: true }).click();
    await say(page, `Does this work for you? ${value}`);
    await page.getByRole('log').getByText('Your message holds a token value that works.').waitFor();

    await page.getByRole('combobox', { name: 'You are' }).selectOption('bob');
    await page.getByRole('button', { name: '#oncall', exact: true }).click();
    const card = page.getByRole('article').filter({ hasText: 'deploy-bot of @Alice leaked in #general.' });
    await card.getByRole('button', { name: 'Revoke', exact: true }).click();
    const revoke = page.getByRole('dialog', { name: 'Revoke API Token' });
    expect(await revoke.getByRole('textbox', { name: 'Reason' }).inputValue()).toBe('Leaked in #general');
    await revoke.getByRole('button', { name: 'Revoke', exact: true }).click();
    await revoke.getByText('deploy-bot is revoked').waitFor();
    const story = page.getByRole('region', { name: 'Story' });
    await story.getByRole('heading', { name: 'The guard finds a leak by itself (done)' }).waitFor();
    await revoke.getByRole('button', { name: 'Close' }).click();

    await card.getByText("It's revoked.").waitFor();
    const answer = await fetch(demoUrl, { headers: { authorization: `Bearer ${value}` } });
    expect(answer.status).toBe(401);
    expect(await page.getByText('cannot draw').count()).toBe(0);
  });

  test('ticks off what is done by hand, in whatever order', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link, 'carol');
    await page.getByRole('button', { name: '#oncall', exact: true }).click();
    await say(page, '/apitoken board');

    const story = page.getByRole('region', { name: 'Story' });
    await story.getByRole('heading', { name: 'A manager looks at everything (done)' }).waitFor();
  });
});
