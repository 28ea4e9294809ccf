import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Prints what a running apitoken holds, as CycloneDX by `npm sbom`, from the lockfile. `npm sbom --omit=dev` itself leaves out each
 * package that one of development needs, too (npm 11.19), so it is given a lockfile without those of development.
 */
type Lockfile = { readonly packages: Readonly<Record<string, Locked>> };
type Locked = { readonly dev?: boolean; readonly devDependencies?: unknown };

const { devDependencies: _, ...manifest } = JSON.parse(read('package.json'));
const lock: Lockfile = JSON.parse(read('package-lock.json'));
const packages = Object.entries(lock.packages)
  .filter(([, { dev }]) => !dev)
  .map(([path, { devDependencies: _, ...locked }]) => [path, locked]);

const folder = mkdtempSync(join(tmpdir(), 'apitoken-sbom-'));
try {
  // npm takes the folder's name for that of what it lists.
  const project = join(folder, manifest.name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const withoutDevelopment = { ...lock, packages: Object.fromEntries(packages) };
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify(withoutDevelopment));
  const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'];
  process.stdout.write(execFileSync('npm', args, { cwd: project, maxBuffer: 100_000_000 }));
} finally {
  rmSync(folder, { recursive: true });
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}
