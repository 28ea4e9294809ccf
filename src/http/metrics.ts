import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { type Clock, SECOND_MS } from '../clock.ts';
import type { LeakSource } from '../tokens/held.ts';
import type { TokenCounts } from '../tokens/token.ts';

/** Counting 1,000,000 tokens takes a third of a second: whoever asks more often gets what was counted last. */
const COUNTED_MS = 10 * SECOND_MS;

/** Slack gives up after 3 s. */
const ACK_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3];

/** From a verification on a machine that has nothing else to do to what no gateway waits for. */
const VERIFICATION_SECONDS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

/** From what a machine does at once to what a person leaves lying for an hour. */
const LEAK_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600];

/** What is asked when the metrics are read. */
export type MetricSources = {
  /** Brings figures up to date that others change: resolves before any is read. */
  readonly catchUp: () => Promise<void>;
  readonly clock: Clock;
  readonly countTokens: (now: number) => Promise<TokenCounts>;
  readonly waitingSayings: (now: number) => Promise<{ count: number; sinceAt: number | null }>;
  readonly waitingHashes: () => number;
  /** Left out by a process that never speaks to Slack. */
  readonly slackConnected?: (() => boolean) | undefined;
  readonly isChainBroken: () => Promise<boolean>;
  readonly droppedLogLines: () => number;
};

/** A kind of delivery from Slack. */
export type AckedKind = 'action' | 'command' | 'event' | 'search' | 'shortcut' | 'submission' | 'other';

export type Metrics = {
  /** For the doors to count in. */
  readonly figures: Figures;
  /** Slack waited so long for the acknowledgement of a delivery. */
  acked(kind: AckedKind, seconds: number): void;
  /** A live value that leaked was found. */
  leakFound(source: LeakSource): void;
  /** It was dead so long after. */
  leakEnded(seconds: number): void;
  /** All metrics in the text format of Prometheus 0.0.4. Rejects when one of the sources does. */
  text(): Promise<string>;
  readonly contentType: string;
};

/** The metrics of one app, on a registry of their own. No label holds a name, an id or anything else without a bound. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const figures = createFigures();
  collectDefaultMetrics({ register: registry });
  addCounters(registry, figures, sources.droppedLogLines);
  addVerificationTimes(registry, figures.verificationTimes);
  addTokenGauges(registry, sources);
  addOutboxGauges(registry, sources);
  addGauge(registry, 'apitoken_bcrypt_queue_length', 'Values waiting to be hashed', sources.waitingHashes);
  const { slackConnected } = sources;
  if (slackConnected !== undefined) {
    addGauge(registry, 'apitoken_slack_connected', '1 while Slack can reach the app', () =>
      Number(slackConnected()),
    );
  }
  addGauge(
    registry,
    'apitoken_audit_chain_broken',
    '1 while an event of the audit chain is known to be changed or missing',
    async () => Number(await sources.isChainBroken()),
  );
  const acks = new Histogram({
    name: 'apitoken_slack_ack_seconds',
    help: 'Time from a Slack delivery to its acknowledgement',
    labelNames: ['kind'],
    buckets: ACK_SECONDS,
    registers: [registry],
  });
  const leaks = new Histogram({
    name: 'apitoken_leak_seconds',
    help: 'Time from the finding of a leaked live value to its revocation',
    buckets: LEAK_SECONDS,
    registers: [registry],
  });
  return {
    figures,
    acked: (kind, seconds) => acks.observe({ kind }, seconds),
    leakFound: (source) => {
      figures.leaks[source] += 1;
    },
    leakEnded: (seconds) => leaks.observe(seconds),
    text: async () => {
      await sources.catchUp();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

/** `/metrics`. */
export function addMetricsRoute(app: FastifyInstance, deps: { readonly metrics: Metrics }): void {
  const { metrics } = deps;
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );
}

function addCounters(registry: Registry, figures: Figures, droppedLogLines: () => number): void {
  const { verifications, refusals, introspections, revocations, leaks, github, githubMatches, limited } =
    figures;
  const counters = [
    ['verifications', 'result', 'Answers of /verify', verifications],
    ['verification_refusals', 'reason', 'Requests that /verify refused, by reason', refusals],
    ['introspections', 'result', 'Answers of /introspect', introspections],
    ['revocations_by_value', 'result', 'Values presented at /revoke', revocations],
    ['leaks_found', 'source', 'Live values that leaked, each once, by where they came from', leaks],
    ['github_requests', 'result', 'Answers of /github/secret-scanning', github],
    ['github_matches', 'result', 'Values that GitHub found, by what they were', githubMatches],
    ['limited_requests', 'path', 'Requests over the limit of one address in a minute', limited],
  ] as const;
  for (const [noun, label, help, counts] of counters) {
    new Counter({
      name: `apitoken_${noun}_total`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, count] of Object.entries(counts)) this.inc({ [label]: value }, count);
      },
    });
  }
  const totals = [
    [
      'dropped_connections',
      'Connections refused because there were too many',
      () => figures.connectionsDropped,
    ],
    ['broken_seals', 'Presented values whose record was changed outside apitoken', () => figures.brokenSeals],
    ['log_lines_dropped', 'Log lines that standard output did not accept', droppedLogLines],
  ] as const;
  for (const [noun, help, read] of totals) {
    new Counter({
      name: `apitoken_${noun}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
}

/**
 * A histogram of times that were counted elsewhere: `observe` of prom-client takes a microsecond, which is more than a look at
 * the check digits of a value.
 */
function addVerificationTimes(registry: Registry, times: Figures['verificationTimes']): void {
  const name = 'apitoken_verification_seconds';
  const all = Object.entries(times);
  const histogram = {
    name,
    get: async () => ({
      name,
      help: 'Time from the headers of a request at /verify to its answer',
      type: 'histogram',
      aggregator: 'sum',
      values: all.flatMap(([result, counted]) => samplesOf(name, { result }, counted)),
    }),
  };
  // All that a registry asks of a metric.
  registry.registerMetric(histogram as unknown as Metric);
}

function samplesOf(name: string, labels: Readonly<Record<string, string>>, { counts, sum }: Times) {
  let count = 0;
  const buckets = counts.map((more, at) => {
    count += more;
    const le = VERIFICATION_SECONDS[at] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

function addTokenGauges(registry: Registry, { clock, countTokens }: MetricSources): void {
  let counted: { readonly at: number; readonly counts: Promise<TokenCounts> } | undefined;

  function recentCounts(): Promise<TokenCounts> {
    const at = clock();
    if (counted !== undefined && at - counted.at < COUNTED_MS) return counted.counts;
    const counts = countTokens(at);
    counted = { at, counts };
    counts.catch(() => {
      if (counted?.counts === counts) counted = undefined;
    });
    return counts;
  }

  new Gauge({
    name: 'apitoken_tokens',
    help: 'Tokens by their status',
    labelNames: ['status'],
    registers: [registry],
    async collect() {
      const { expiringSoon: _, ...statuses } = await recentCounts();
      for (const [status, count] of Object.entries(statuses)) this.set({ status }, count);
    },
  });
  addGauge(
    registry,
    'apitoken_tokens_expiring_soon',
    'Active tokens that expire within 14 days',
    async () => (await recentCounts()).expiringSoon,
  );
}

function addOutboxGauges(registry: Registry, { clock, waitingSayings }: MetricSources): void {
  addGauge(
    registry,
    'apitoken_outbox_length',
    'Messages to Slack that are due',
    async () => (await waitingSayings(clock())).count,
  );
  addGauge(
    registry,
    'apitoken_outbox_oldest_age_seconds',
    'Age of the oldest message to Slack that is due',
    async () => {
      const now = clock();
      const { sinceAt } = await waitingSayings(now);
      return sinceAt === null ? 0 : (now - sinceAt) / SECOND_MS;
    },
  );
}

function addGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | Promise<number>,
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await read());
    },
  });
}

/** How long something took: how often up to each bound and beyond the last one, and all together in seconds. */
type Times = { readonly counts: number[]; sum: number };

function noTimes(): Times {
  return { counts: Array(VERIFICATION_SECONDS.length + 1).fill(0), sum: 0 };
}

/** How `/verify` answered a request. */
export type VerificationResult = keyof Figures['verifications'];

/** Counts an answer of `/verify` and how long it took. */
export function countVerification(
  { verifications, verificationTimes }: Figures,
  result: VerificationResult,
  seconds: number,
): void {
  verifications[result] += 1;
  const times = verificationTimes[result];
  let at = 0;
  while (seconds > (VERIFICATION_SECONDS[at] ?? Number.POSITIVE_INFINITY)) at += 1;
  times.counts[at] = (times.counts[at] ?? 0) + 1;
  times.sum += seconds;
}

/** What happened at the doors since the start. Plain numbers: a verification pays for nothing but an addition. */
export type Figures = ReturnType<typeof createFigures>;

/** Why `/verify` did not allow a request. */
export type RefusalReason = keyof Figures['refusals'];

function createFigures() {
  return {
    /** `/verify` by its answer. */
    verifications: { allowed: 0, refused: 0, unavailable: 0 },
    /** How long that took. */
    verificationTimes: { allowed: noTimes(), refused: noTimes(), unavailable: noTimes() },
    refusals: {
      malformed: 0,
      unknown: 0,
      wrong: 0,
      revoked: 0,
      not_shown: 0,
      ended: 0,
      insufficient_scope: 0,
      invalid_scope: 0,
      no_credential: 0,
      several_credentials: 0,
    },
    /** `/introspect`: what was said of a token, and callers who may not ask. */
    introspections: { active: 0, inactive: 0, refused: 0 },
    /** `/revoke`, by whether the value was live. */
    revocations: { revoked: 0, not_live: 0 },
    /** Live values that somebody came with because they leaked, each once; `message`: that the app saw by itself. */
    leaks: { message: 0, shortcut: 0, command: 0, github: 0, http: 0, cli: 0 } satisfies Record<
      LeakSource,
      number
    >,
    /** `/github/secret-scanning`: requests by their answer, and what the matches in them were. */
    github: { answered: 0, invalid: 0, refused: 0, unavailable: 0 },
    githubMatches: { live: 0, ended: 0, unknown: 0 },
    /** Requests over the limit of one address in a minute. */
    limited: { introspect: 0, revoke: 0 },
    /** Connections that were refused because there are too many. */
    connectionsDropped: 0,
    /** Values that verified but for what stands beside their digest: somebody changed it outside apitoken. */
    brokenSeals: 0,
  };
}
