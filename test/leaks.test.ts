import { expect, test } from 'vitest';
import type { Json } from '../sandbox/workspace/state.ts';
import { escaped } from '../src/slack/blocks/text.ts';
import { besides, runs } from './cli/a-command.ts';
import type { Stage } from './fixture.ts';
import { aGithub, bodyOf, type Github, tells } from './http/a-github.ts';
import { setGuard } from './slack/a-guard.ts';
import {
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  putTokens,
  rowsOf,
  settled,
  soon,
  verdictsOf,
} from './slack/flows.ts';
import { chosen, errorsIn, expectNoTrace, input, tracesOf, type Written } from './slack/leaks.ts';

const HOLDS_VALUE = 'This looks like a token value. It was not saved. If it leaked, revoke it.';

/** The forms in which a value may stand that every way in knows, by what was done to it. */
const FORMS: readonly (readonly [form: string, (value: string) => string])[] = [
  ['as it is', (value) => value],
  ['wrapped over lines', (value) => value.replace(/.{20}(?=.)/g, '$&\n')],
  ['wrapped and indented', (value) => value.replace(/.{20}(?=.)/g, '$&\n        ')],
  ['with \\_', (value) => value.replaceAll('_', '\\_')],
  ['with %5F', (value) => value.replaceAll('_', '%5F')],
  ['with &#95;', (value) => value.replaceAll('_', '&#95;')],
  ['with \\u005f', (value) => value.replaceAll('_', '\\u005f')],
  ...[0, 1, 2].flatMap((offset) =>
    (['base64', 'base64url'] as const).map(
      (coding) =>
        [
          `in ${coding}, ${offset} bytes further, the padding cut`,
          (value: string) =>
            Buffer.from('?>'.slice(0, offset) + value)
              .toString(coding)
              .replace(/=+$/, ''),
        ] as const,
    ),
  ),
  ['in Basic credentials', (value) => `Basic ${Buffer.from(`ci:${value}`).toString('base64')}`],
];

type Leaked = Written & { readonly name: string; readonly value: string };

type Scene = Awaited<ReturnType<typeof setScene>>;

/** A running app that everything may come to, with a token of Alice's for each form. */
async function setScene() {
  const github = await aGithub();
  const { stage, alice, carol } = await setGuard('revoke', { env: github.env });
  const wanted = FORMS.map((_, number) => ({ person: alice, name: `bot-${number}`, held: {} }));
  const made = await putTokens(stage, wanted);
  const leaked = made.map(({ name, value }, number): Leaked => {
    const [what, write] = FORMS[number] ?? ['as it is', (text: string) => text];
    const text = write(value);
    return { what, text, name, value, traces: tracesOf(text, value) };
  });
  const { value } = await holdsToken(stage, alice, 'near-bot');
  const near = value.slice(0, -1) + (value.endsWith('0') ? '1' : '0');
  return { stage, alice, carol, github, leaked, near: { value, text: near } };
}

/** In words that are to stand nowhere afterwards. */
function amongWords(text: string, number: number | string): string {
  return `a quagga${number} and ${text} a zebra${number}`;
}

/** Nothing of what was looked at is left, nor of what stood around it. */
function expectNothingKept({ stage, leaked }: Scene): void {
  expectNoTrace(leaked, stage);
  expect(stage.databaseBytes()).not.toMatch(/quagga|zebra/);
  expect(stage.log()).not.toMatch(/quagga|zebra/);
}

/** Sees each form come by one way, which ends the tokens: a value that is nearly one ends nothing. */
const ENDING: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  'a command': async ({ alice, leaked }) => {
    for (const { text, name } of leaked) {
      await opens(alice, `/apitoken revoke ${text}`);
      await modalSaying(alice, name);
      await alice.submits();
      await modalSaying(alice, `${name} is revoked.`);
      await alice.closes();
    }
  },
  'the message shortcut': async ({ stage, alice, leaked }) => {
    for (const [number, { text, name }] of leaked.entries()) {
      // Where the leak guard is not.
      const ts = stage.workspace.post('#no-app', 'carol', { text: escaped(amongWords(text, number)) });
      await alice.uses('Revoke token in message', ts);
      await modalSaying(alice, name);
      await alice.submits();
      await modalSaying(alice, `${name} is revoked.`);
      await alice.closes();
    }
  },
  'the leak guard': async ({ stage, carol, leaked, near }) => {
    await carol.types('#general', amongWords(near.text, 'near'));
    for (const [number, { text, what, value }] of leaked.entries()) {
      await carol.types('#general', amongWords(text, number));
      await soon(async () => expect(await verdictsOf(stage, value), what).toEqual([401]));
    }
  },
  'find --revoke': async ({ stage, leaked, near }) => {
    const lines = leaked.map(({ text }, number) => amongWords(text, number));
    const ran = await runs(['find', '-', '--revoke', '--reason', 'in a log', '--json'], {
      env: besides(stage),
      folder: stage.folder,
      stdin: [amongWords(near.text, 'near'), ...lines].join('\n--\n'),
    });
    const names = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).name);
    expect(names).toEqual(leaked.map(({ name }) => name));
  },
  "GitHub's token": async ({ stage, github, leaked, near }) => {
    const url = 'https://github.com/octocat/Hello-World/blob/main/quagga/zebra.txt';
    const labels = await labelsOf(
      stage,
      github,
      [...leaked, near].map(({ text }) => ({ token: text, url })),
    );
    expect(labels).toEqual([...leaked.map(() => 'true_positive'), 'false_positive']);
  },
  'the page of /revoke': async ({ stage, leaked, near }) => {
    for (const [number, { text }] of [...leaked, near].entries()) {
      const answer = await fetch(`http://127.0.0.1:${stage.app.port}/revoke`, {
        method: 'POST',
        headers: { accept: 'text/html' },
        body: new URLSearchParams({ token: amongWords(text, number) }),
      });
      expect(await answer.text()).toContain('Done. If it was one of ours, it no longer works.');
    }
  },
};

async function labelsOf(stage: Stage, github: Github, found: readonly { token: string; url: string }[]) {
  const body = bodyOf(...found);
  const answer = await tells(stage.app.port, body, github.signs(body));
  return ((await answer.json()) as { label: string }[]).map(({ label }) => label);
}

test.for(Object.entries(ENDING))(
  'a value in each form that comes by %s is dead, and nothing of it is kept',
  { timeout: 120_000 },
  async ([, comesBy]) => {
    const scene = await setScene();
    const { stage, leaked, near } = scene;
    const values = leaked.map(({ value }) => value);
    expect(await verdictsOf(stage, ...values, near.value)).toEqual([...values, near.value].map(() => 200));

    await comesBy(scene);

    for (const { what, value } of leaked) expect(await verdictsOf(stage, value), what).toEqual([401]);
    expect(await verdictsOf(stage, near.value)).toEqual([200]);
    await settled(stage);
    expectNothingKept(scene);
  },
);

/** Sees each form typed into a field that keeps what it holds: refused there. */
const REFUSING: Readonly<Record<string, (scene: Scene, text: string, dialogId: string) => [string, Json]>> = {
  name: (_scene, text) => ['name', { ...creation, state: { ...fieldsWith({ name: text }) } }],
  purpose: (_scene, text) => ['purpose', { ...creation, state: { ...fieldsWith({ purpose: text }) } }],
  reason: (_scene, text, id) => ['reason', { id, state: input('reason', text) }],
};

const creation = { callback_id: 'create_dialog', private_metadata: '' };

function fieldsWith({ name = 'new-bot', purpose = 'deploys' }: { name?: string; purpose?: string }) {
  return { ...input('name', name), ...input('purpose', purpose), ...chosen('lifetime', '30') };
}

test.for(Object.entries(REFUSING))(
  'a value in each form is no %s, and nothing of it is kept',
  { timeout: 120_000 },
  async ([, submission]) => {
    const scene = await setScene();
    const { stage, alice, leaked } = scene;
    const { id } = await opens(alice, '/apitoken revoke bot-0');
    const before = rowsOf(stage, 'select * from tokens');

    for (const [number, { what, text }] of leaked.entries()) {
      const [field, submitted] = submission(scene, amongWords(text, number), id);
      const outcome = await alice.forges({ type: 'view_submission', ...submitted });
      expect(errorsIn(outcome), what).toEqual({ [field]: HOLDS_VALUE });
    }

    expect(rowsOf(stage, 'select * from tokens')).toEqual(before);
    await settled(stage);
    expectNothingKept(scene);
  },
);

/** Pieces of one line that are formatted apart, as Slack delivers them: the text holds their marks. */
function inPieces(value: string, number: number): { text: string; blocks: Json[] } {
  const [head, middle, tail] = [value.slice(0, 15), value.slice(15, 35), value.slice(35)];
  const piece = (text: string, style?: Json) => ({ type: 'text', text, ...(style && { style }) });
  return {
    text: amongWords(`${head}*${middle}*_${tail}_`, number),
    blocks: [
      {
        type: 'rich_text',
        elements: [
          {
            type: 'rich_text_section',
            elements: [
              piece(`a quagga${number} and `),
              piece(head),
              piece(middle, { bold: true }),
              piece(tail, { italic: true }),
              piece(` a zebra${number}`),
            ],
          },
        ],
      },
    ],
  };
}

test.for([
  ['the message shortcut', '#no-app'],
  ['the leak guard', '#general'],
] as const)(
  'a value split over rich-text elements that comes by %s is dead, and nothing of it is kept',
  async ([, place]) => {
    const scene = await setScene();
    const { stage, alice, leaked } = scene;
    const [first] = leaked;
    if (first === undefined) throw new Error('there is no form');

    const ts = stage.workspace.post(place, 'carol', inPieces(first.value, 0));
    if (place === '#no-app') {
      await alice.uses('Revoke token in message', ts);
      await modalOf(alice);
      await alice.submits();
      await modalSaying(alice, 'is revoked.');
    }

    await soon(async () => expect(await verdictsOf(stage, first.value)).toEqual([401]));
    await settled(stage);
    expectNothingKept(scene);
  },
);
