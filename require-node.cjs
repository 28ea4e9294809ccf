// Loaded before anything else, in syntax that any Node understands: an older one would stop at the first `.ts`
// file with an error about file extensions.
const NODE_MAJOR_MIN = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major < NODE_MAJOR_MIN) {
  end(
    `apitoken needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.versions.node}. Install a newer Node, or run "npm ci --include=dev", which brings one.`,
  );
}
// Each thread of the app's own loads this, too. One package of each kind stands for all.
if (require('node:worker_threads').isMainThread) {
  if (!isInstalled('zod')) end('The packages of apitoken are not installed. Run "npm ci" first.');
  if (isOfDevelopment(process.argv[1]) && !isInstalled('ws')) {
    end('This needs the development packages, which are not installed. Run "npm ci --include=dev" first.');
  }
}

// What was stripped of its types and compiled is kept for the next start, which takes two thirds of the time and 25 MB less. In
// a folder of this project's own: one that others can write to would let them choose what runs.
require('node:module').enableCompileCache(
  require('node:path').join(__dirname, 'node_modules', '.cache', 'node'),
);

function end(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function isInstalled(name) {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** What is in these folders is for whoever looks at the app or measures it. The folder of this file is told without symbolic links. */
function isOfDevelopment(script) {
  const { join, sep } = require('node:path');
  if (script === undefined) return false;
  return ['sandbox', 'bench'].some((folder) => realPath(script).startsWith(join(__dirname, folder) + sep));
}

function realPath(script) {
  try {
    return require('node:fs').realpathSync(script);
  } catch {
    return script;
  }
}
