/**
 * A thing that was looked at. `note`: worth knowing, and nothing is wrong. `not asked`: nobody knows. `todo` is there where
 * something is to be done.
 */
export type Checked = {
  readonly about: string;
  readonly is: 'ok' | 'note' | 'wrong' | 'not asked';
  readonly says: string;
  readonly todo?: string;
};

/**
 * Something that the app relies on and that only a real workspace can show: what was seen, and what breaks where it is
 * otherwise.
 */
export type Tried = {
  readonly reliedOn: string;
  readonly is: 'ok' | 'differs' | 'not tried';
  readonly seen: string;
  readonly otherwise: string;
};
