/** An expected no to somebody who presents a value, or wants to end several tokens at once. */
export type RevokingRefusal =
  /** A value that was live once, told to whoever may see its token. */
  | { readonly code: 'value_ended'; readonly name: string }
  /** The lookup id is that of a revoked token, told to whoever may see it. */
  | { readonly code: 'value_of_revoked'; readonly name: string }
  /** Shaped like a value, with wrong check digits. */
  | { readonly code: 'value_misread' }
  /** More tokens than are offered have a value that begins so. */
  | { readonly code: 'too_many_matches' }
  | { readonly code: 'check_not_permitted' }
  | { readonly code: 'too_many_checks' }
  /** Of several that were ticked, each was revoked before. */
  | { readonly code: 'all_already_revoked' }
  | { readonly code: 'nothing_ticked' }
  /** The person whose tokens are to end was not named; `expected` is what to type. */
  | { readonly code: 'person_not_named'; readonly expected: string };

const CODES: Readonly<Record<RevokingRefusal['code'], true>> = {
  value_ended: true,
  value_of_revoked: true,
  value_misread: true,
  too_many_matches: true,
  check_not_permitted: true,
  too_many_checks: true,
  all_already_revoked: true,
  nothing_ticked: true,
  person_not_named: true,
};

/** Whether the refusal is one of these. */
export function isRevokingRefusal(refusal: { readonly code: string }): refusal is RevokingRefusal {
  return Object.hasOwn(CODES, refusal.code);
}

/** What the person reads, as `sentenceFor` says it. */
export function revokingSentence(refusal: RevokingRefusal): string {
  switch (refusal.code) {
    case 'value_ended':
      return `This is not the value of a live token: it is one of ${refusal.name} that has ended, and nothing accepts it. ${refusal.name} itself was left as it is.`;
    case 'value_of_revoked':
      return `This is not the value of a live token: it begins like one of ${refusal.name}, which is revoked. Nothing more needs to be done.`;
    case 'value_misread':
      return 'This is not a whole token value: its check digits are wrong, so it was cut or mistyped. It was not saved. Copy it again, from its first to its last character.';
    case 'too_many_matches':
      return 'More than 5 tokens have a value that begins so. Type more of its characters.';
    case 'check_not_permitted':
      return 'Nothing is told about this value: its owner, on-call and admins can check it. If it leaked, revoke it: /apitoken revoke VALUE.';
    case 'too_many_checks':
      return '10 checks a minute are the most that one person may make. Try again in a minute.';
    case 'all_already_revoked':
      return 'All of these tokens are already revoked. Nothing more needs to be done.';
    case 'nothing_ticked':
      return 'Tick at least one token, or keep them all.';
    case 'person_not_named':
      return `This is not the name. Type ${refusal.expected} to confirm that all the ticked tokens are to end.`;
  }
}
