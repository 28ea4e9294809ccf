import { DAY_MS } from '../clock.ts';
import { counted } from '../counted.ts';
import { UNCLAIMED_MS_MAX } from './token.ts';

/** An expected no to an owner who wants to be shown a value, a first or another one. */
export type ShowingRefusal =
  | { readonly code: 'already_shown'; readonly name: string }
  /** Nobody took it in time: it has no value and gets none. */
  | { readonly code: 'never_claimed'; readonly name: string }
  /** The same person is being shown another value. */
  | { readonly code: 'showing_another'; readonly name: string }
  /** More values are being made, for everybody together, than may wait. */
  | { readonly code: 'too_many_waiting' }
  /** Further values, in place of those that were not seen, beside the tokens that the person created. */
  | { readonly code: 'too_many_values_today'; readonly creationsPerDayMax: number }
  /** Somebody else, or another press, rotated or renewed it first. */
  | { readonly code: 'changed_meanwhile'; readonly name: string }
  | { readonly code: 'not_claimed'; readonly name: string }
  | { readonly code: 'already_used'; readonly name: string };

const CODES: Readonly<Record<ShowingRefusal['code'], true>> = {
  already_shown: true,
  never_claimed: true,
  showing_another: true,
  too_many_waiting: true,
  too_many_values_today: true,
  changed_meanwhile: true,
  not_claimed: true,
  already_used: true,
};

/** Whether the refusal is one of these. */
export function isShowingRefusal(refusal: { readonly code: string }): refusal is ShowingRefusal {
  return Object.hasOwn(CODES, refusal.code);
}

/** What the person reads, as `sentenceFor` says it. */
export function showingSentence(refusal: ShowingRefusal): string {
  switch (refusal.code) {
    case 'already_shown':
      return `The value of ${refusal.name} was already shown, or is being shown just now, and only once. If it is lost, Rotate makes a new one.`;
    case 'never_claimed':
      return `${refusal.name} was not taken within ${counted(UNCLAIMED_MS_MAX / DAY_MS, 'day')} of its creation, so no value of it is shown any more. Create a new token.`;
    case 'showing_another':
      return `You are being shown another value just now, so none was made for ${refusal.name}. Press again in a moment.`;
    case 'too_many_waiting':
      return 'Too many values are being made just now, so none was made and nothing was changed. Try again in a minute.';
    case 'too_many_values_today':
      return `${counted(refusal.creationsPerDayMax, 'new token')} or further values a day are the most for one person here, so none was made and nothing was changed. Try again tomorrow.`;
    case 'changed_meanwhile':
      return `${refusal.name} was changed by another press or person meanwhile, so nothing was done now. Its receipt shows how it stands.`;
    case 'not_claimed':
      return `${refusal.name} has no value yet, so there is nothing to rotate. Show value makes its first one.`;
    case 'already_used':
      return `The value of ${refusal.name} has been used, so it works. Rotate makes a new one and lets the old one live on for a while.`;
  }
}
