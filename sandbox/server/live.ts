import type { ServerResponse } from 'node:http';
import type { Scene, Surroundings } from '../page/protocol.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { TrafficLog } from './traffic-log.ts';

/** Changes within this time are drawn together. */
const GATHER_MS = 15;
const KEEP_ALIVE_MS = 20_000;

/** What is served of a workspace. */
export type Scenery = { workspace: Workspace; trafficLog: TrafficLog; surroundings: Surroundings };

/**
 * Sends what this person may see, whole, now and after each change, as server-sent events; until the page goes away, or until
 * what is returned is called: there is another workspace then, for which the page loads itself anew.
 */
export function sendLive(response: ServerResponse, handle: string, scenery: Scenery): () => void {
  const { workspace, trafficLog, surroundings } = scenery;
  let timer: NodeJS.Timeout | undefined;

  function send(event: string, content: unknown): void {
    response.write(`event: ${event}\ndata: ${JSON.stringify(content)}\n\n`);
  }

  function sendScene(): void {
    timer = undefined;
    const scene: Scene = {
      snapshot: workspace.snapshot(handle),
      sockets: workspace.sockets.count(),
      traffic: trafficLog.lines(),
    };
    send('scene', scene);
  }

  response.writeHead(200, { 'content-type': 'text/event-stream' });
  send('surroundings', surroundings);
  sendScene();
  const unwatch = workspace.watch(() => {
    timer ??= setTimeout(sendScene, GATHER_MS);
  });
  const keepAlive = setInterval(() => response.write(':\n\n'), KEEP_ALIVE_MS);
  response.on('close', () => {
    unwatch();
    clearInterval(keepAlive);
    clearTimeout(timer);
  });
  return () => {
    send('fresh', {});
    response.end();
  };
}
