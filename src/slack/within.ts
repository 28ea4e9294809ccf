import { pause } from './pause.ts';

/** What `answer` comes to, or undefined when that takes longer than `ms`: it goes on then, and is no longer waited for. */
export async function within<T>(answer: Promise<T>, ms: number): Promise<T | undefined> {
  const waiting = new AbortController();
  try {
    return await Promise.race([answer, pause(ms, waiting.signal).then(() => undefined)]);
  } finally {
    waiting.abort();
  }
}
