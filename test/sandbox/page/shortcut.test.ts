import { describe, expect, test } from 'vitest';
import { createToken, hasBrowser, openSandbox, readValue, say, useBrowser } from './a-sandbox.ts';

describe.skipIf(!hasBrowser())('the page', () => {
  const { openPage } = useBrowser();

  test('offers the app’s shortcuts on each message, and the value in it is revoked in two clicks', async () => {
    const { link } = await openSandbox();
    const alice = await openPage(link);
    await createToken(alice, 'deploy-bot');
    const value = await readValue(alice);
    await alice.getByRole('button', { name: '#oncall', exact: true }).click();
    await say(alice, `it fails with ${value}`);

    const bob = await openPage(link, 'bob');
    await bob.bringToFront();
    await bob.getByRole('button', { name: '#oncall', exact: true }).click();
    await bob.getByRole('button', { name: 'Shortcuts for the message from Alice' }).click();
    await bob.getByRole('menuitem', { name: 'Revoke token in message' }).click();
    const dialog = bob.getByRole('dialog');
    await dialog.getByText('deploy-bot?').first().waitFor();
    await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
    await dialog.getByText('Now delete the message').waitFor();

    expect(await dialog.textContent()).not.toContain(value);
    await dialog.getByText('deploy-bot is revoked.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
  });
});
