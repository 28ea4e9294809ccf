/** The load where there is no wrk, as a process of its own: PORT FILE CONNECTIONS SECONDS. Ends with one line of JSON. */
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const [port, file, connections, seconds] = process.argv.slice(2);
const values = readFileSync(String(file), 'utf8').trim().split('\n');
const result = await autocannon({
  url: `http://127.0.0.1:${port}/verify`,
  connections: Number(connections),
  duration: Number(seconds),
  requests: values.map((value) => ({ headers: { authorization: `Bearer ${value}` } })),
});
const statuses = Object.entries(result.statusCodeStats ?? {}).map(([status, { count }]) => [status, count]);
const load = {
  requests: result.requests.total,
  seconds: result.duration,
  refused: result.non2xx,
  broken: result.errors + result.timeouts,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
  statuses: Object.fromEntries(statuses),
};
process.stdout.write(`${JSON.stringify(load)}\n`);
