import type { StateValues } from '../workspace/state.ts';

/** Where some blocks stand: a place with a message's timestamp, `home`, or `modal` with its view. */
export type Where = {
  in: string;
  ts?: string;
  viewId?: string;
  values: StateValues;
  /** By the label of the field. */
  errors?: Readonly<Record<string, string>>;
};
