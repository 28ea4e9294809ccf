import type { Log } from './log.ts';

/** Runs `job` every `ms`, never twice at once. A fault is logged and the job tried again next time. */
export function every(
  ms: number,
  what: string,
  job: () => Promise<void>,
  log: Log,
): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= job()
      .catch((fault: unknown) => log.error({ err: fault }, `${what} failed; trying again`))
      .finally(() => {
        running = undefined;
      });
  }, ms);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
