import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseConfig, parseVerifierConfig } from '../../src/config.ts';
import { settingNames } from '../config-names.ts';
import { temporaryFolder } from '../fixture.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'deploy/kubernetes/apitoken.yaml'), 'utf8');

type Labels = Readonly<Record<string, string>>;
type Container = {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly mountPath: string }[];
  readonly readinessProbe: {
    readonly httpGet: { path: string };
    periodSeconds: number;
    failureThreshold: number;
  };
  readonly livenessProbe: { readonly httpGet: { path: string } };
  readonly startupProbe: { readonly httpGet: { path: string } };
};
type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own, which the API's schemas check.
  readonly spec: any;
};

// As kubectl reads it: YAML 1.1, where 0440 is an octal number.
const MANIFESTS: readonly Manifest[] = parseAllDocuments(TEXT, { version: '1.1' }).map((document) =>
  document.toJS(),
);
/** What the API checks each kind by. */
const MODELS: Readonly<Record<string, new (manifest: never) => { validate(): void }>> = {
  'apps/v1 Deployment': Deployment,
  'v1 Service': Service,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget,
};

const DEPLOYMENTS = ofKind('Deployment');

function ofKind(kind: string): readonly Manifest[] {
  return MANIFESTS.filter((manifest) => manifest.kind === kind);
}

function labelsOf({ spec }: Manifest): Labels {
  return spec.template.metadata.labels;
}

function isSelected(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([label, value]) => labels[label] === value);
}

describe('the manifests', () => {
  test.for(MANIFESTS.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const))(
    '%s is what the schemas of the API describe',
    ([, manifest]) => {
      const { apiVersion, kind } = manifest;
      const Model = MODELS[`${apiVersion} ${kind}`];
      if (Model === undefined) throw new Error(`no schema of ${apiVersion} ${kind} is imported here`);

      new Model(manifest as never).validate();

      expect(() =>
        new Model({ ...manifest, spec: { selector: 7, replicas: '2' } } as never).validate(),
      ).toThrow();
    },
  );

  test('name nothing that the API does not know, which it would pass over without a word', () => {
    const folder = temporaryFolder();
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const checked = (manifest: Manifest, index: number) =>
      `import type { I${manifest.kind} as Kind${index} } from 'kubernetes-models/${manifest.apiVersion}';\n` +
      `export const manifest${index}: Kind${index} = ${JSON.stringify(manifest)};\n`;
    const compiles = (manifests: readonly Manifest[]) => {
      writeFileSync(join(folder, 'manifests.ts'), manifests.map(checked).join(''));
      return execFileSync(
        process.execPath,
        [
          join(ROOT, 'node_modules/typescript/bin/tsc'),
          '--noEmit',
          '--strict',
          '--skipLibCheck',
          '--module',
          'nodenext',
          'manifests.ts',
        ],
        { cwd: folder, encoding: 'utf8', stdio: 'pipe' },
      );
    };

    expect(compiles(MANIFESTS)).toBe('');
    const [first, ...others] = MANIFESTS as [Manifest, ...Manifest[]];
    expect(() => compiles([{ ...first, spec: { ...first.spec, replica: 2 } }, ...others])).toThrow();
  });

  test.for(DEPLOYMENTS.map((manifest) => [manifest.metadata.name, manifest] as const))(
    '%s starts with settings that the code takes, asks paths that there are, and is nobody of power',
    ([name, { spec }]) => {
      const pod = spec.template.spec;
      const [container] = pod.containers as [Container];
      const env = Object.fromEntries(container.env.map((each) => [each.name, each.value]));
      const secrets = { TOKEN_PEPPER: 'p'.repeat(32), DATABASE_URL: 'postgres://db/apitoken' };
      const ofSlack = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' };
      const isVerifier = name.endsWith('verifier');

      expect(Object.keys(env).filter((each) => !settingNames().includes(each))).toEqual([]);
      const { stopping } = isVerifier
        ? parseVerifierConfig({ ...secrets, ...env })
        : parseConfig({ ...secrets, ...ofSlack, ...env });
      const { readinessProbe, livenessProbe, startupProbe } = container;
      expect([readinessProbe, livenessProbe, startupProbe].map(({ httpGet }) => httpGet.path)).toEqual([
        ...['/readyz', '/healthz', '/healthz'],
      ]);
      const noticedMs = readinessProbe.periodSeconds * readinessProbe.failureThreshold * 1000;
      expect(stopping.delayMs).toBeGreaterThan(noticedMs);
      expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(stopping.delayMs + stopping.drainMs);
      expect(container.args).toEqual([isVerifier ? 'src/verifier.ts' : 'src/main.ts']);
      expect(existsSync(join(ROOT, container.args[0] ?? ''))).toBe(true);
      const dockerfile = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8');
      expect(dockerfile).toContain(`\nEXPOSE ${container.ports[0]?.containerPort}\n`);
      expect(dockerfile).toContain(
        `\nUSER ${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}\n`,
      );
      expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/app/.env']);
      expect(pod.volumes[0].secret).toEqual({ secretName: name, defaultMode: 0o440 });
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(pod.automountServiceAccountToken).toBe(false);
    },
  );

  test('each deployment has a service, a budget that lets a node be emptied, and selects nobody else', () => {
    expect(DEPLOYMENTS.map(({ spec }) => spec.replicas)).toEqual([2, 3]);
    for (const deployment of DEPLOYMENTS) {
      const { name } = deployment.metadata;
      const others = DEPLOYMENTS.filter((other) => other !== deployment);
      const service = ofKind('Service').find(({ metadata }) => metadata.name === name);
      const budget = ofKind('PodDisruptionBudget').find(({ metadata }) => metadata.name === name);
      for (const selector of [
        deployment.spec.selector.matchLabels,
        service?.spec.selector,
        budget?.spec.selector.matchLabels,
      ]) {
        expect(isSelected(selector, labelsOf(deployment)), name).toBe(true);
        expect(others.some((other) => isSelected(selector, labelsOf(other)))).toBe(false);
      }
      expect(budget?.spec.minAvailable).toBeLessThan(deployment.spec.replicas);
      expect(deployment.spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
    }
    expect(new Set(MANIFESTS.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['apitoken']));
  });

  test('hold no secret and name no registry', () => {
    expect(TEXT).not.toMatch(/xoxb-|xapp-|TOKEN_PEPPER|kind: Secret/);
    for (const { spec } of DEPLOYMENTS) expect(spec.template.spec.containers[0].image).toBe('apitoken');
  });
});
