import { Agent } from 'node:http';
import { onTestFinished } from 'vitest';
import { ask } from '../http/a-server.ts';

const CONNECTIONS = 32;

/** What a request is, and what its answer must be. */
export type Asked = {
  readonly path: string;
  readonly options?: Parameters<typeof ask>[2];
  readonly status: number;
};

/** 32 connections that ask without a pause. */
export type Asking = {
  /** How many were answered as they should. */
  readonly answered: () => number;
  /** What came in the place of that, a status or an error's code each. */
  readonly failed: readonly (string | number)[];
  /** Ends it after the requests that are under way. */
  stop(): Promise<void>;
};

/** Asks `port` again and again over 32 connections, each of them by turns one of `questions`. It is ended with the test. */
export function keepAsking(port: number, questions: readonly Asked[]): Asking {
  let answered = 0;
  let stopping = false;
  const failed: (string | number)[] = [];

  async function onOneConnection(number: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = number; !stopping; turn++) {
      const { path, options, status } = questions[turn % questions.length] as Asked;
      try {
        const reply = await ask(port, path, { ...options, agent });
        if (reply.status === status) answered += 1;
        else failed.push(reply.status);
      } catch (fault) {
        failed.push(fault instanceof Error && 'code' in fault ? String(fault.code) : String(fault));
      }
    }
    agent.destroy();
  }

  const connections = Array.from({ length: CONNECTIONS }, (_, number) => onOneConnection(number));
  const stop = async () => {
    stopping = true;
    await Promise.all(connections);
  };
  onTestFinished(stop);
  return { answered: () => answered, failed, stop };
}
