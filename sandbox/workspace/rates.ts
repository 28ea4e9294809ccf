/** How many calls a minute Slack takes of an app. Source: docs.slack.dev/apis/web-api/rate-limits. */
const TIERS = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;

/** Of each method, as its page says: docs.slack.dev/reference/methods/METHOD, "Rate limits". Last read on 2026-11-30. */
const TIER_OF: Readonly<Record<string, keyof typeof TIERS>> = {
  'apps.connections.open': 3,
  'auth.test': 4, // "special": hundreds a minute
  'blocks.validate': 3, // nothing is documented
  'bots.info': 3,
  'chat.delete': 3,
  'chat.postEphemeral': 4,
  'chat.update': 3,
  'conversations.info': 3,
  'conversations.open': 3,
  'files.completeUploadExternal': 4,
  'files.delete': 3,
  'files.getUploadURLExternal': 4,
  'team.info': 3,
  'usergroups.list': 2,
  'usergroups.users.list': 2,
  'users.info': 4,
  'views.open': 4,
  'views.publish': 4,
  'views.push': 4,
  'views.update': 4,
};

const MINUTE_MS = 60_000;
/** "1 per second" a channel; "short bursts of more than that" are allowed, and nobody says how short. */
const POST_EVERY_MS = 1000;
const POST_BURST = 5;

/** Counts calls as Slack does. */
export type Rates = {
  /** Counts one more. Seconds to wait, for `Retry-After`, when it is one too many. */
  take(method: string, channel: unknown): number | undefined;
};

/** Nothing counted yet. */
export function createRates(clock: () => number): Rates {
  const taken = new Map<string, number[]>();
  /** When each channel's burst would be used up, had nobody posted since. */
  const posts = new Map<string, number>();
  return {
    take(method, channel) {
      const now = clock();
      if (method === 'chat.postMessage') return takePost(posts, String(channel), now);
      const tier = TIER_OF[method];
      if (tier === undefined) throw new Error(`the fake knows no rate limit of ${method}`);
      const lately = (taken.get(method) ?? []).filter((at) => now - at < MINUTE_MS);
      taken.set(method, lately);
      const [first] = lately;
      if (first !== undefined && lately.length >= TIERS[tier])
        return Math.max(1, Math.ceil((first + MINUTE_MS - now) / 1000));
      lately.push(now);
      return undefined;
    },
  };
}

function takePost(posts: Map<string, number>, channel: string, now: number): number | undefined {
  const paidUntil = Math.max(posts.get(channel) ?? 0, now);
  if (paidUntil - now > (POST_BURST - 1) * POST_EVERY_MS) return 1;
  posts.set(channel, paidUntil + POST_EVERY_MS);
  return undefined;
}
