/** The load where there is no wrk, as a process of its own: PORT FILE CONNECTIONS SECONDS. Ends with one line of JSON. */
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const [port, file, connections, seconds] = process.argv.slice(2);
const values = readFileSync(String(file), 'utf8').trim().split('\n');
let clients = 0;
const result = await autocannon({
  url: `http://127.0.0.1:${port}/verify`,
  connections: Number(connections),
  duration: Number(seconds),
  // Each connection has a share of the values: autocannon writes every request of every connection out beforehand.
  setupClient: (client) => {
    const share = clients++;
    const own = values.filter((_, index) => index % Number(connections) === share % Number(connections));
    client.setRequests(
      own.map((value) => ({ path: '/verify', headers: { authorization: `Bearer ${value}` } })),
    );
  },
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
