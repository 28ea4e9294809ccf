import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { answerIn, callsOf, receiptOf, rowsOf, settled, verdictsOf } from '../slack/flows.ts';
import {
  areKnown,
  breaks,
  type Case,
  calms,
  eachDoes,
  expectWellKept,
  pressed,
  revokes,
  type Scene,
  saying,
  setScene,
  showsValue,
  valuesSentTo,
} from './fixtures/each-fault.ts';
import { faultsOf, SILENCE } from './fixtures/slack-faults.ts';

const UNKNOWN = "Slack didn't confirm that it showed the value, so that value doesn't work.";
/** What a person is told of a value that Slack clearly refused: our words, never that it is there. */
const REFUSED =
  /^(Slack couldn't show the value\.|Slack is busy\.|Slack can't find your direct messages|.*Ask (an|one of its) admins?\b|.*Ask an admin|Slack is moving this workspace\.|This channel is archived\.|Slack doesn't let)/;

const failing = (method: string) => [...faultsOf(method), SILENCE];

test.for([['chat.postEphemeral'], ['conversations.open']] as const)(
  'whatever becomes of %s, a value that may not have been shown is dead, its owner reads so, and gets another',
  async ([method]) => {
    const scene = await setScene(failing(method), { shown: false });
    const { stage, clock, cases } = scene;
    // Conversations are remembered, and asked for anew after a restart.
    await stage.restart();
    await areKnown(scene);
    for (const one of cases) {
      breaks(scene, method, one, (args) => [args.user, args.users].includes(one.person.id));
    }

    await eachDoes(scene, (one) => showsValue(scene, one));

    for (const one of cases) await expectNotShown(scene, one);
    await settled(stage);
    for (const one of cases) expectReceiptSays(one);
    await clock.moveBy(MINUTE_MS);
    await areKnown(scene);
    const before = new Map(cases.map((one) => [one, valuesSentTo(scene, one)]));
    await eachDoes(scene, (one) => showsValue(scene, one));
    for (const one of cases) {
      const [value = '', ...others] = valuesSentTo(scene, one).slice(before.get(one)?.length);
      expect([others, await verdictsOf(stage, value)], one.what).toEqual([[], [200]]);
      expect(await verdictsOf(stage, ...(before.get(one) ?? [])), one.what).not.toContain(200);
      expect(actionsAbout(scene, one), one.what).toEqual(['token.created', 'value.withdrawn', 'value.shown']);
    }
    expectWellKept(scene);
  },
);

async function expectNotShown(scene: Scene, one: Case): Promise<void> {
  const { stage } = scene;
  const { person, tokenId, what, effect } = one;
  const sent = valuesSentTo(scene, one);
  expect(sent.length, what).toBeLessThanOrEqual(1);
  expect(await verdictsOf(stage, ...sent), what).toEqual(sent.map(() => 401));
  expect(rowsOf(stage, 'select * from secrets where token_id = ?', tokenId), what).toEqual([]);
  expect(actionsAbout(scene, one), what).toEqual(['token.created', 'value.withdrawn']);
  const told = person.sees('#general').map(({ text }) => text);
  expect(told, what).toEqual([effect === 'refused' ? expect.stringMatching(REFUSED) : UNKNOWN]);
}

function expectReceiptSays({ person, name, what }: Case): void {
  const receipt = receiptOf(person, name);
  const [told = ''] = person.sees('#general').map(({ text }) => text);
  expect(receipt.text, what).toContain('unclaimed');
  expect(receipt.text, what).toContain(told);
  expect(receipt.buttons, what).toContain('Show value');
}

function actionsAbout({ stage }: Scene, { tokenId }: Case): unknown[] {
  const rows = rowsOf(stage, 'select action from audit_events where token_id = ? order by sequence', tokenId);
  return rows.map(({ action }) => action);
}

test('an ephemeral message that Slack took and never showed counts as shown, and its owner gets another value in its place', async () => {
  const lost = { what: 'taken and never shown', fault: { lose: true }, effect: 'done' } as const;
  const scene = await setScene([lost], { shown: false });
  const { stage, cases } = scene;
  const [one] = cases;
  if (one === undefined) throw new Error('there is nobody');
  breaks(scene, 'chat.postEphemeral', one, (args) => args.user === one.person.id);

  await eachDoes(scene, () => showsValue(scene, one));
  await settled(stage);
  expect(receiptOf(one.person, one.name).text).toContain('active');
  const shown = await answerIn(one.person, '@apitoken', () => one.person.clicks('Issue new value'));
  await settled(stage);

  expect(shown.text).toContain(`New value for ${one.name}.`);
  expect(await verdictsOf(stage, ...valuesSentTo(scene, one))).toEqual([401, 200]);
  expectWellKept(scene);
});

test('whatever becomes of a rotation’s showing, the old value works as before unless the new one is honoured', async () => {
  const method = 'chat.postEphemeral';
  const scene = await setScene(failing(method));
  const { stage, cases } = scene;
  // A conversation that is remembered would be asked for anew, and the value shown there.
  await stage.restart();
  await areKnown(scene);
  for (const one of cases) breaks(scene, method, one, (args) => args.user === one.person.id);

  await eachDoes(scene, ({ person, tokenId }) =>
    pressed(person, 'issue_new_value', `${tokenId}:0`, { message: scene.ephemeral }, 'receipt:0'),
  );
  await settled(stage);

  for (const one of cases) {
    const sent = valuesSentTo(scene, one);
    expect(await verdictsOf(stage, one.value, ...sent), one.what).toEqual([200, ...sent.map(() => 401)]);
    const told = one.person.sees('#general').map(({ text }) => text);
    expect(told, one.what).toEqual([expect.stringContaining('Your current value still works.')]);
    expect(receiptOf(one.person, one.name).text, one.what).toContain('Your current value still works.');
  }
  expectWellKept(scene);
});

test('whatever becomes of views.open, nothing is done, the person is told so once, and the dialog opens the next time', async () => {
  const method = 'views.open';
  const scene = await setScene(failing(method));
  const { stage, cases } = scene;
  const nameOf = ({ name }: Case) => `new-${name}`;
  for (const one of cases) breaks(scene, method, one, saying(nameOf(one)));

  await eachDoes(scene, (one) => one.person.types('#general', `/apitoken create ${nameOf(one)}`));

  for (const one of cases) {
    const { person, what, effect } = one;
    const told = person.sees('#general').map(({ text }) => text);
    // A trigger that was used has opened its dialog: there is nothing to tell.
    const sentence = /^Something went wrong before this was done\. .* Reference [0-9A-Za-z]{8}$/;
    expect(told, what).toEqual(what === 'exchanged_trigger_id' ? [] : [expect.stringMatching(sentence)]);
    expect(person.modal()?.title, what).toBe(effect === 'done' ? 'Create API Token' : undefined);
    if (effect === 'done') await person.closes();
  }
  expect(rowsOf(stage, 'select name from tokens')).toHaveLength(cases.length);
  await eachDoes(scene, (one) => one.person.types('#general', `/apitoken create ${nameOf(one)}`));
  for (const { person, what } of cases) expect(person.modal()?.title, what).toBe('Create API Token');
  expectWellKept(scene);
});

test('whatever becomes of views.update, the dialog claims nothing, and the receipt tells what is so', async () => {
  const method = 'views.update';
  const scene = await setScene(failing(method));
  const { stage, cases } = scene;
  const nameOf = ({ name }: Case) => `new-${name}`;
  for (const one of cases) {
    breaks(scene, method, one, saying(nameOf(one)));
    const refused = { fault: { error: 'restricted_action' } };
    breaks(scene, 'chat.postEphemeral', refused, (args) => args.user === one.person.id);
  }

  await eachDoes(scene, async (one) => {
    await one.person.types('#general', `/apitoken create ${nameOf(one)}`);
    await stageHasModal(one);
    await one.person.submits();
  });
  await settled(stage);

  for (const one of cases) {
    const { person, what } = one;
    const receipt = receiptOf(person, nameOf(one));
    expect([receipt.buttons, receipt.text], what).toEqual([
      ['Show value', 'Revoke'],
      expect.stringContaining("A setting of this workspace blocks apitoken's messages."),
    ]);
    expect(person.modal()?.text ?? '', what).toMatch(DIALOG);
    expect(await verdictsOf(stage, ...valuesSentTo(scene, one)), what).toEqual([401]);
  }
  expectWellKept(scene);
});

/** It says that there is a token, that it has no value, or that something went wrong; never that there is a value. */
const DIALOG =
  /The token is in your direct messages|value couldn't be shown|^Something went wrong, but this may already be done|^.*\nSomething went wrong, but this may already be done/;

async function stageHasModal({ person }: Case): Promise<void> {
  await expect.poll(() => person.modal()?.submit).toBe('Create Token');
}

test('whatever becomes of views.publish, the Home tab is drawn when it is opened again, and what changed meanwhile is drawn by itself', async () => {
  const method = 'views.publish';
  const scene = await setScene(failing(method));
  const { cases, workspace } = scene;
  for (const one of cases) breaks(scene, method, one, (args) => args.user_id === one.person.id);
  await eachDoes(scene, ({ person }) => person.opensHome());
  await eachDoes(scene, ({ person }) => person.opensHome());
  for (const { person, name, what } of cases) expect(person.home()?.text, what).toContain(name);
  for (const one of cases) breaks(scene, method, one, (args) => args.user_id === one.person.id);

  const dave = workspace.person('dave');
  await eachDoes(scene, ({ tokenId }) => revokes(dave, tokenId));
  await calms(scene);

  for (const { person, name, what } of cases) expect(person.home()?.text, what).not.toContain(name);
  expectWellKept(scene);
});

test('whatever becomes of users.info, nobody gets or loses a right by it, and the next question is answered', async () => {
  const method = 'users.info';
  const scene = await setScene(failing(method));
  const { stage, cases, clock } = scene;
  await clock.moveBy(2 * MINUTE_MS);
  for (const one of cases) breaks(scene, method, one, (args) => args.user === one.person.id);

  await eachDoes(scene, ({ person }) => person.types('#general', '/apitoken list'));

  for (const one of cases) {
    const told = one.person.sees('#general').map(({ text }) => text);
    expect(told, one.what).toEqual([
      /user_not_(found|visible)/.test(one.what)
        ? expect.stringContaining('apitoken is only for full members')
        : expect.stringContaining("Slack didn't confirm in time what you may do"),
    ]);
    expect(told.join(), one.what).not.toContain(one.name);
  }
  await clock.moveBy(2 * MINUTE_MS);
  await areKnown(scene);
  await eachDoes(scene, ({ person }) => person.types('#general', '/apitoken list'));
  for (const { person, name, what, value } of cases) {
    expect(person.reads('#general'), what).toContain(name);
    expect(await verdictsOf(stage, value), what).toEqual([200]);
  }
  expect(callsOf(scene.workspace, method).length).toBeGreaterThan(cases.length);
  expectWellKept(scene);
});
