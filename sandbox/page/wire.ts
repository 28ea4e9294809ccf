import type { Act, ActResult, DemoAnswer, Scene, Surroundings } from './protocol.ts';
import { change } from './store.ts';

let events: EventSource | undefined;

/** Draws what this person sees, from now on; ends what was drawn for the person before. */
export function connect(as: string): void {
  events?.close();
  events = new EventSource(`/live?as=${encodeURIComponent(as)}`);
  events.addEventListener('surroundings', ({ data }: MessageEvent<string>) => {
    const surroundings: Surroundings = JSON.parse(data);
    change({ surroundings, isOnline: true });
  });
  events.addEventListener('scene', ({ data }: MessageEvent<string>) => {
    const scene: Scene = JSON.parse(data);
    change({ scene, isOnline: true });
  });
  events.addEventListener('fresh', () => {
    sessionStorage.clear();
    // As the same person, where everybody starts.
    history.replaceState(null, '', `/?as=${encodeURIComponent(as)}`);
    location.reload();
  });
  events.addEventListener('error', () => change({ isOnline: false }));
}

/** Ends the stream: when the page goes away, so that the browser's few connections stay free. */
export function disconnect(): void {
  events?.close();
  events = undefined;
}

/** Does it as this person. */
export async function perform(as: string, act: Act): Promise<ActResult> {
  const answered: ActResult | { problem: string } = await post('/do', { as, act });
  return answered;
}

/** Sends a request to the demo API with this value. */
export async function curl(value: string): Promise<DemoAnswer | { problem: string }> {
  return post('/curl', { value });
}

/** Deletes everything in the sandbox. Every open page then loads itself anew. */
export async function startOver(): Promise<object | { problem: string }> {
  return post('/start-over', {});
}

/** Where a file of this person's messages can be downloaded. */
export function fileUrl(as: string, id: string): string {
  return `/files/${id}?as=${encodeURIComponent(as)}`;
}

/** What there is to know of one line of the traffic. */
export async function readTraffic(number: number): Promise<string> {
  const response = await fetch(`/traffic/${number}`);
  return response.text();
}

async function post<T>(path: string, content: unknown): Promise<T | { problem: string }> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(content),
    });
    if (!response.ok) return { problem: (await response.text()).trim() };
    return await response.json();
  } catch {
    return { problem: 'The sandbox does not answer. Check that npm run sandbox is still running.' };
  }
}
