// Loaded into the measured process before the app: at each SIGUSR2 it collects garbage and writes one line to standard
// error that tells what is left.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

const BYTES_PER_MB = 2 ** 20;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
process.on('SIGUSR2', () => {
  collectGarbage();
  process.stderr.write(`${JSON.stringify({ heapMb: process.memoryUsage().heapUsed / BYTES_PER_MB })}\n`);
});
