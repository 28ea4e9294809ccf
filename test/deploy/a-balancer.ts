import { spawn } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../fixture.ts';
import { freePort, type Gateway, listening } from '../gateways/a-gateway.ts';
import { placeOf } from '../programs.ts';

const RECIPES = resolve(import.meta.dirname, '../../deploy');

export type BalancerName = 'nginx' | 'haproxy';

/** Starts the very files of `deploy/`, but for the addresses that they name as yours. It is ended with the test. */
export async function startBalancer(
  name: BalancerName,
  ports: { readonly verifiers: readonly number[]; readonly app: number },
): Promise<Gateway> {
  const folder = temporaryFolder();
  // nginx that is started by root works as somebody else, who has to come through here.
  chmodSync(folder, 0o755);
  cpSync(join(RECIPES, name), folder, { recursive: true });
  const file = join(folder, { nginx: 'nginx.conf', haproxy: 'haproxy.cfg' }[name]);
  const port = await freePort();
  writeFileSync(file, withPorts(readFileSync(file, 'utf8'), [port, ports.app, ...ports.verifiers]));
  const child = {
    nginx: () => spawn(placeOf('nginx'), ['-p', folder, '-c', file, '-g', 'daemon off;']),
    haproxy: () => spawn(placeOf('haproxy'), ['-f', file]),
  }[name]();
  return listening(child, name, port);
}

/** A recipe with other ports in the place of 8000, 8080, 8081, … All of them must be in it, and no other one. */
function withPorts(recipe: string, ports: readonly number[]): string {
  const standard = [8000, 8080, 8081, 8082, 8083];
  const named = new Set(
    [...withoutComments(recipe).matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port)),
  );
  if (named.size !== standard.length || standard.some((port) => !named.has(port))) {
    throw new Error(`the recipe has the ports ${[...named]}`);
  }
  return recipe.replaceAll(
    /127\.0\.0\.1:(\d+)/g,
    (_, port) => `127.0.0.1:${ports[standard.indexOf(Number(port))]}`,
  );
}

function withoutComments(recipe: string): string {
  return recipe.replaceAll(/^\s*#.*$/gm, '');
}
