import { describe, expect, test } from 'vitest';
import { createToken, hasBrowser, openSandbox, readValue, say, useBrowser } from './a-sandbox.ts';

describe.skipIf(!hasBrowser())('the story, by roles and labels alone', () => {
  const { openPage } = useBrowser();

  test('a visitor creates, uses, finds and revokes a token, and on-call kills a leaked one', async () => {
    const { link, demoUrl } = await openSandbox();
    const page = await openPage(link);
    const knock = (value: string): Promise<Response> =>
      fetch(demoUrl, { headers: { authorization: `Bearer ${value}` } });

    await say(page, '/apitoken create deploy-bot');
    const create = page.getByRole('dialog', { name: 'Create API Token' });
    expect(await create.getByRole('textbox', { name: 'Token Name' }).inputValue()).toBe('deploy-bot');
    await create.getByRole('textbox', { name: 'Purpose' }).fill('Deploys the website');
    await create.getByRole('combobox', { name: 'Expires' }).selectOption('30 days');
    await create.getByRole('button', { name: 'Create Token' }).click();
    await create.getByRole('button', { name: 'Open the conversation' }).click();
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
    const leaked = await readValue(page);
    await page.getByRole('button', { name: '#general', exact: true }).click();
    await say(page, `Does this work for you? ${leaked}`);
    await page.getByRole('combobox', { name: 'You are' }).selectOption('bob');
    await page.getByRole('log').getByText(leaked).waitFor();
    await page.getByRole('button', { name: '#oncall', exact: true }).click();
    await say(page, `/apitoken revoke ${leaked}`);
    await revoke.getByRole('textbox', { name: 'Reason' }).fill('Leaked in #general');
    await revoke.getByRole('button', { name: 'Revoke', exact: true }).click();
    await revoke.getByText('ci-runner is revoked').waitFor();

    expect((await knock(leaked)).status).toBe(401);
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
    expect(await steps.count()).toBe(7);

    for (const step of await steps.all()) {
      const button = step.getByRole('button', { name: 'Do it for me' });
      await button.click();
      await step.getByText('(done)').waitFor();
      await button.and(page.locator(':enabled')).waitFor();
    }

    await steps.last().getByText('HTTP/1.1 401').waitFor();
    expect(await page.getByText('cannot draw').count()).toBe(0);
    expect(await page.getByRole('status').textContent()).toBe('');
  });

  test('starts at any step by doing those before it', async () => {
    const { link } = await openSandbox();
    const page = await openPage(link);

    const steps = page.getByRole('region', { name: 'Story' }).getByRole('listitem');
    await steps.nth(1).getByRole('button', { name: 'Do it for me' }).click();

    await steps.nth(1).getByText('HTTP/1.1 200 OK').waitFor();
  });
});
