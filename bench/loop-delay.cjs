// Loaded into the measured process before the app: writes one line to standard error when it ends.
const { monitorEventLoopDelay } = require('node:perf_hooks');

const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
// Starting is not what is measured: the parent tells when to begin.
process.on('SIGUSR2', () => {
  delays.reset();
  delays.enable();
});
process.on('exit', () => {
  const ms = (ns) => Number((ns / NS_PER_MS).toFixed(1));
  process.stderr.write(
    `${JSON.stringify({ loopDelayMs: { max: ms(delays.max), p99: ms(delays.percentile(99)) } })}\n`,
  );
});
