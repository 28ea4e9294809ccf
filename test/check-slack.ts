/**
 * `npm run check:slack`: asks Slack's public `blocks.validate` about everything the app can draw, at its worst-case lengths, and
 * about some things that are just too long, and compares with what `sandbox/workspace` says. Needs a network and no account; never
 * part of CI. Source of the method: docs.slack.dev/reference/methods/blocks.validate. Blocks of messages are sent as `message`:
 * sent as `blocks` alone, the rules of messages may not be applied to them.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { checkMessageBlocks, checkView } from '../sandbox/workspace/blocks.ts';
import { messagesAbout, TYPED, tableMessagesAbout, viewsAbout } from './slack/worst-cases.ts';

const TIMEOUT_MS = 10_000;

const verdict = z.object({ ok: z.boolean(), error: z.string().optional(), errors: z.unknown().optional() });

type Case = { what: string; kind: 'message' | 'view'; content: unknown };

const { values } = parseArgs({
  options: { url: { type: 'string', default: 'https://slack.com/api/blocks.validate' } },
});
process.exitCode = await compareAll(values.url);

/** 0 when both agree on everything, 1 when they do not, 2 when Slack could not be asked. */
async function compareAll(url: string): Promise<number> {
  const cases = [...fittingCases(), ...oversizedCases()];
  let differences = 0;
  for (const one of cases) {
    const slack = await askSlack(url, one);
    if (typeof slack === 'string') {
      say(`Slack could not be asked (${slack}). This check needs a network: nothing was compared.`);
      return 2;
    }
    const ours = one.kind === 'view' ? checkView(one.content) : checkMessageBlocks(one.content);
    if (slack.ok === (ours.length === 0)) continue;
    differences += 1;
    say(`${one.what}: the sandbox says ${JSON.stringify(ours)}, Slack says ${JSON.stringify(slack.errors)}`);
  }
  say(`${cases.length} compared, ${differences} different.`);
  return differences === 0 ? 0 : 1;
}

/** Plain letters, and signs that take two units of UTF-16: lengths must count the same. */
function fittingCases(): Case[] {
  return TYPED.slice(0, 2).flatMap(([, unit]) => [
    ...[...messagesAbout(unit), ...tableMessagesAbout(unit)].map(
      ([what, { blocks }]): Case => ({ what, kind: 'message', content: blocks }),
    ),
    ...viewsAbout(unit).map(([what, content]): Case => ({ what, kind: 'view', content })),
  ]);
}

/** One character or one block more than the sandbox takes. */
function oversizedCases(): Case[] {
  const section = (length: number): object => ({ type: 'section', text: plain(length) });
  const button = (length: number): object => ({ type: 'button', action_id: 'a', text: plain(length) });
  const actions = (element: object): object => ({ type: 'actions', elements: [element] });
  const option = (length: number): object => ({ text: plain(length), value: 'v' });
  const wrong: [string, unknown[]][] = [
    ['a section of 3,001 characters', [section(3001)]],
    ['51 blocks', Array.from({ length: 51 }, () => section(1))],
    ['a header of 151 characters', [{ type: 'header', text: plain(151) }]],
    ['a button of 76 characters', [actions(button(76))]],
    ['a menu of 6 options', [actions(menuOf(6, option(3)))]],
    ['a menu whose option has 76 characters', [actions(menuOf(1, option(76)))]],
    ['an unknown block', [{ type: 'hologram' }]],
    ['an unknown property', [{ ...section(1), shadow: true }]],
  ];
  return wrong.map(([what, content]) => ({ what, kind: 'message', content }));
}

function menuOf(count: number, option: object): object {
  return { type: 'overflow', action_id: 'm', options: Array.from({ length: count }, () => option) };
}

function plain(length: number): object {
  return { type: 'plain_text', text: 'm'.repeat(length) };
}

/** Slack's verdict, or why there is none. */
async function askSlack(
  url: string,
  { kind, content }: Case,
): Promise<{ ok: boolean; errors: unknown } | string> {
  try {
    const asked = kind === 'message' ? { blocks: content } : content;
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ [kind]: JSON.stringify(asked) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return `HTTP ${response.status}`;
    const { ok, error, errors } = verdict.parse(await response.json());
    // Any other code says that the question was wrong, not the blocks.
    const isVerdict = ok || /^invalid_(blocks|arguments|view|attachments)$/.test(error ?? '');
    return isVerdict ? { ok, errors: errors ?? error } : `it answers ${error}`;
  } catch (error) {
    const { cause = error } = error instanceof Error ? error : {};
    return cause instanceof Error ? cause.message : String(cause);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
