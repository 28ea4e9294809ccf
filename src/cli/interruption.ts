/** Exit codes of what a signal ended, as shells have them: https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html */
const CODES = { SIGINT: 130, SIGTERM: 143 };

/** How long a command that was interrupted may take to come to a point where it can stop. */
const STOPPING_MS_MAX = 1000;

/** Of a Ctrl-C under npm two come: the terminal's, and the one that npm hands on. */
const SAME_SIGNAL_MS = 250;

/** A command stops here because somebody wants it to. */
export class Interrupted extends Error {
  override name = 'Interrupted';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What Ctrl-C and SIGTERM are to a command: it stops before it changes anything, or does all of it. */
export type Interruption = {
  /** A signal has come. */
  on(signal: keyof typeof CODES): void;
  /** Throws `Interrupted` once a signal has come: for points at which a command can stop, with its own cleaning up. */
  check(): void;
  /** `work` is done to its end; a signal waits for that. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** What was changed so far, where a command changes one thing after the other. */
  tell(sentence: string): void;
};

/** The interruption of one command. `leave` ends the process where the command cannot stop by itself. */
export function createInterruption(leave: (interrupted: Interrupted) => void): Interruption {
  let told = 'Nothing was changed.';
  let since: number | undefined;
  let exitCode = 0;
  let held = 0;
  const interrupted = () => new Interrupted(`Interrupted. ${told}`, exitCode);
  const leaveUnlessHeld = () => {
    if (held === 0) leave(interrupted());
  };

  return {
    on: (signal) => {
      const now = performance.now();
      if (since !== undefined) {
        if (now - since >= SAME_SIGNAL_MS) leaveUnlessHeld();
        return;
      }
      since = now;
      exitCode = CODES[signal];
      setTimeout(leaveUnlessHeld, STOPPING_MS_MAX).unref();
    },
    check: () => {
      if (since !== undefined) throw interrupted();
    },
    hold: async (work) => {
      held += 1;
      try {
        return await work();
      } finally {
        held -= 1;
      }
    },
    tell: (sentence) => {
      told = sentence;
    },
  };
}
