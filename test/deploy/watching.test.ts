import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { setStage } from '../fixture.ts';
import { hasProgram, placeOf } from '../programs.ts';
import { answerTo } from '../slack/flows.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PROMETHEUS = join(ROOT, 'deploy/prometheus');

type Rule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: { readonly summary: string; readonly runbook: string };
};

const RECORDED = rulesIn('recording.yml');
const ALERTS = rulesIn('alerts.yml');

type Target = { readonly expr: string };
type Panel = {
  readonly type: string;
  readonly id: number;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
};
const DASHBOARD: { readonly panels: readonly Panel[] } = JSON.parse(
  readFileSync(join(ROOT, 'deploy/grafana/apitoken.json'), 'utf8'),
);
const PANELS = DASHBOARD.panels.filter(({ type }) => type !== 'row');

function rulesIn(file: string): readonly Rule[] {
  const { groups } = parse(readFileSync(join(PROMETHEUS, file), 'utf8'));
  return groups.flatMap(({ rules }: { rules: readonly Rule[] }) => rules);
}

/** What a running app and its Slack side show at `/metrics`: names of series, and each label with the values it has. */
async function exposed(): Promise<{ names: Set<string>; labels: Map<string, Set<string>> }> {
  const stage = await setStage();
  await answerTo(stage.workspace.person('alice'), '/apitoken list');
  const text = await (await fetch(`http://127.0.0.1:${stage.app.port}/metrics`)).text();
  const names = new Set<string>(['up']);
  const labels = new Map<string, Set<string>>();
  for (const [, name = '', inBraces = ''] of text.matchAll(/^([a-z_0-9]+)(?:\{(.*)\})? \S+$/gm)) {
    names.add(name);
    for (const [, label = '', value = ''] of inBraces.matchAll(/(\w+)="([^"]*)"/g)) {
      const key = `${name} ${label}`;
      labels.set(key, (labels.get(key) ?? new Set()).add(value));
    }
  }
  return { names, labels };
}

/** Each series that an expression reads, with what it demands of labels. */
function seriesIn(expr: string): { name: string; matchers: [string, string][] }[] {
  const found = expr.matchAll(
    /\b(up|apitoken[a-z_:0-9]+|process_[a-z_]+|nodejs_[a-z_0-9]+)\b(?:\{([^}]*)\})?/g,
  );
  return [...found]
    .filter(([whole, name = '']) => !expr.includes(`"${whole}`) && name !== '')
    .map(([, name = '', inBraces = '']) => ({
      name,
      matchers: [...inBraces.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [
        label,
        value,
      ]),
    }));
}

/** The labels that an expression groups by. */
function groupedIn(expr: string): { name: string; label: string }[] {
  const [name = ''] = seriesIn(expr).map((series) => series.name);
  const labels = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
  return labels.map((label) => ({ name, label }));
}

test('rules and dashboard ask for nothing that /metrics does not have, by labels that it has', async () => {
  const { names, labels } = await exposed();
  const recorded = new Set(RECORDED.map(({ record }) => record));
  const asked = [...RECORDED, ...ALERTS, ...PANELS.flatMap(({ targets = [] }) => targets)].map(
    ({ expr }) => expr,
  );
  // Prometheus gives these to all that it scrapes.
  const ofScrape = ['job', 'instance'];

  for (const expr of asked) {
    const series = seriesIn(expr);
    expect(series, expr).not.toEqual([]);
    for (const { name, matchers } of series) {
      expect(recorded.has(name) || names.has(name), `${name} in ${expr}`).toBe(true);
      for (const [label, value] of matchers) {
        expect([...(labels.get(`${name} ${label}`) ?? [])], `${label} of ${name}`).toContain(value);
      }
    }
    for (const { name, label } of groupedIn(expr)) {
      expect(ofScrape.includes(label) || labels.has(`${name} ${label}`), `${label} of ${name}`).toBe(true);
    }
  }
  expect(asked.length).toBeGreaterThan(50);
});

test('every figure of apitoken is on the dashboard, or its alarm is', async () => {
  const { names } = await exposed();
  const asked = [...RECORDED, ...ALERTS, ...PANELS.flatMap(({ targets = [] }) => targets)].map(
    ({ expr }) => expr,
  );
  const read = new Set(asked.flatMap((expr) => seriesIn(expr).map(({ name }) => withoutPart(name))));

  const ours = [...names].filter((name) => name.startsWith('apitoken_'));
  expect([...new Set(ours.map(withoutPart))].filter((name) => !read.has(name))).toEqual([]);
});

/** A histogram is one figure. */
function withoutPart(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, '');
}

describe('an alert', () => {
  test.for(ALERTS.map((rule) => [rule.alert ?? '', rule] as const))(
    '%s says what happened and where docs/operations.md says more, and is tried',
    ([name, { annotations }]) => {
      const { summary, runbook } = annotations ?? { summary: '', runbook: '' };
      const tried = readFileSync(join(PROMETHEUS, 'alerts.test.yml'), 'utf8');

      expect(summary).toMatch(/^["{A-Z].*[.]$/);
      expect(headings()).toContain(runbook.replace('docs/operations.md#', ''));
      expect(tried).toContain(`name: "${name}: `);
      expect(tried).toContain(`name: "${name}, silent: `);
    },
  );
});

/** What GitHub makes of the headings of docs/operations.md. */
function headings(): string[] {
  const text = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('the dashboard', () => {
  test('has panels that each say what they show, and that do not lie on each other', () => {
    const ids = DASHBOARD.panels.map(({ id }) => id);
    const cells = DASHBOARD.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}:${y + Math.floor(cell / w)}`),
    );

    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(cells).size).toBe(cells.length);
    expect(PANELS.filter(({ title, description }) => !title || !description?.endsWith('.'))).toEqual([]);
  });
});

describe('promtool', () => {
  const here = test.skipIf(!hasProgram('promtool'));

  here.for([
    ['check', 'rules', '--lint-fatal', 'recording.yml', 'alerts.yml'],
    ['check', 'config', '--lint-fatal', 'prometheus.yml'],
    ['test', 'rules', 'alerts.test.yml'],
  ])('%s %s is content', (args) => {
    const said = execFileSync(placeOf('promtool'), [...args], { cwd: PROMETHEUS, encoding: 'utf8' });

    expect(said).toContain('SUCCESS');
    expect(said).not.toContain('FAILED');
  });

  here('finds no fault with the names and types at /metrics', async () => {
    const stage = await setStage();
    const text = await (await fetch(`http://127.0.0.1:${stage.app.port}/metrics`)).text();
    // What prom-client itself adds of Node is named by others, to whom everybody is used.
    const ours = text
      .split('\n\n')
      .filter((metric) => /^# HELP apitoken_/.test(metric))
      .join('\n');

    const said = execFileSync(placeOf('promtool'), ['check', 'metrics'], {
      input: `${ours}\n`,
      encoding: 'utf8',
      stdio: 'pipe',
    });

    expect(said).toBe('');
  });
});
