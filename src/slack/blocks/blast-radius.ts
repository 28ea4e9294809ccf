import type { KnownBlock } from '@slack/types';
import type { UsedToken } from '../../tokens/token.ts';
import { timeIn } from '../../zone.ts';
import type { Profile } from '../actor.ts';
import { escaped, mention, smallPrint } from './text.ts';
import { noteBlocks } from './token-facts.ts';

/** What will break when a token ends, beside what the dialog says to everybody. */
export type BlastRadius = {
  readonly usesInDay: number;
  /** Of somebody else; undefined where it is the reader, or Slack did not tell. */
  readonly owner: Profile | undefined;
};

/** For whoever may see the token: what it is for, how much it is used and from where, and whether its owner is awake. */
export function blastRadiusBlocks(token: UsedToken, radius: BlastRadius, now: number): KnownBlock[] {
  const addresses = token.addresses.map((address) => `\`${escaped(address)}\``).join(', ');
  const facts = [
    `Uses in 24 h: ${radius.usesInDay}`,
    ...(addresses === '' ? [] : [`Last addresses: ${addresses}`]),
  ];
  return [
    ...noteBlocks('Purpose', token.purpose),
    smallPrint(facts.join(' · ')),
    ...ownerLines(token, radius.owner, now).map(smallPrint),
  ];
}

function ownerLines({ owner }: UsedToken, profile: Profile | undefined, now: number): string[] {
  if (profile?.standing === 'deactivated') return [`${mention(owner)} is deactivated in Slack.`];
  return profile?.zone === undefined ? [] : [`It is ${timeIn(profile.zone, now)} for ${mention(owner)}.`];
}
