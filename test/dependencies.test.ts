import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const DIRECT_MAX = 16;

type Manifest = {
  readonly license: string;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
};

type Locked = {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
};

const manifest: Manifest = JSON.parse(read('package.json'));
const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(read('package-lock.json'));
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');
/** Name, reason, what replacing it takes, licence, who keeps it. */
const table = read('docs/dependencies.md')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );

test('each package that a running app loads has its line in the table: what for, what it costs to replace, whose', () => {
  const names = Object.keys(manifest.dependencies);

  expect(table.map(([name]) => name)).toEqual(names.map((name) => `\`${name}\``));
  expect(names.length).toBeLessThanOrEqual(DIRECT_MAX);
  expect(table.filter((cells) => cells.length !== 5 || cells.some((cell) => cell === ''))).toEqual([]);
});

test('the table names the licence that each package comes with', () => {
  const licences = Object.keys(manifest.dependencies).map((name) => {
    const { license }: Manifest = JSON.parse(read(`node_modules/${name}/package.json`));
    return license;
  });

  expect(table.map((cells) => cells[3])).toEqual(licences);
});

test('every version is exact, and the lockfile has the same', () => {
  const named = { ...manifest.dependencies, ...manifest.devDependencies };
  // Binaries of PostgreSQL come under no other versions than these.
  const ranges = Object.entries(named).filter(([, version]) => !/^\d+\.\d+\.\d+(-beta\.\d+)?$/.test(version));

  expect(ranges).toEqual([]);
  for (const [name, version] of Object.entries(named)) {
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
  expect(manifest.engines).toEqual({ node: '>=24' });
});

test('what the app imports is a production package or Node itself; of others it takes types alone', () => {
  const loads =
    /^(?:import|export) (?!type )(?:[^;']* from )?'([^'.][^']*)'|(?:require|import)\('([^'.][^']*)'\)/gm;
  const used = new Set(
    sources().flatMap((text) => {
      const withoutTypes = text.replaceAll(/typeof import\('[^']*'\)/g, '');
      return [...withoutTypes.matchAll(loads)].map(([, imported, required]) =>
        packageOf(imported ?? required ?? ''),
      );
    }),
  );

  expect([...used].filter((name) => !isBuiltin(name)).sort()).toEqual(
    Object.keys(manifest.dependencies).sort(),
  );
});

test('the lockfile holds every package to its SHA-512, and none comes by git, by URL or from a folder', () => {
  const unheld = installed.filter(
    ([, { integrity = '' }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity),
  );
  const elsewhere = installed.filter(
    ([path, { version = '', resolved, link }]) =>
      !path.startsWith('node_modules/') || !/^\d+\.\d+\.\d+/.test(version) || resolved !== undefined || link,
  );

  expect(installed.length).toBeGreaterThan(200);
  expect(unheld).toEqual([]);
  // Nor is there a host in it: each machine takes packages from its own registry, and their contents are held by the above.
  expect(elsewhere).toEqual([]);
});

test('no package of a running app runs a script at its installation, and of the others one does', () => {
  const withScripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript);
  const names = [...new Set(withScripts.map(([path]) => nameAt(path)))];

  expect(withScripts.filter(([, { dev }]) => !dev)).toEqual([]);
  expect(names.filter((name) => !(name in manifest.allowScripts))).toEqual([]);
  expect(Object.keys(manifest.allowScripts).filter((name) => manifest.allowScripts[name])).toEqual(['node']);
  for (const name of Object.keys(manifest.allowScripts)) {
    expect(lock.packages[`node_modules/${name}`], name).toBeDefined();
  }
});

test('npm run sbom lists each package that a running app may load, with hash and licence, and no other', () => {
  const output = execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: ROOT, encoding: 'utf8' });

  const { bomFormat, components }: { bomFormat: string; components: readonly Component[] } =
    JSON.parse(output);
  const used = installed
    .filter(([, { dev }]) => !dev)
    .map(([path, { version }]) => `${nameAt(path)}@${version}`);
  expect(bomFormat).toBe('CycloneDX');
  expect(components.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(
    [...new Set(used)].sort(),
  );
  for (const { name, hashes, licenses } of components) {
    expect(hashes, name).toMatchObject([{ alg: 'SHA-512' }]);
    expect(licenses, name).toHaveLength(1);
  }
});

type Component = {
  readonly name: string;
  readonly version: string;
  readonly hashes: readonly { readonly alg: string }[];
  readonly licenses: readonly unknown[];
};

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Which package is installed there. */
function nameAt(path: string): string {
  return path.replace(/^.*node_modules\//, '');
}

function sources(): string[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(join('src', file)));
}

/** `drizzle-orm/sqlite-core` is of `drizzle-orm`. */
function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
