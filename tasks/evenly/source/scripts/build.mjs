/**
 * Builds the front end into dist/: one minified module and one style sheet, named by a hash
 * of their content, an index.html that loads them and a manifest of what came from what.
 *
 * Uses the `esbuild` program on the PATH, or the one that ESBUILD names. All of shared/ and
 * server/ goes through it too, so that what cannot be parsed or found fails here and not
 * in front of a user. dist/ is replaced only when everything has worked.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const fresh = path.join(root, 'dist.new');
const program = process.env.ESBUILD ?? 'esbuild';

class BuildError extends Error {}

function esbuild(...args) {
  const run = spawnSync(program, [...args, '--log-level=warning'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (run.error) throw new BuildError(`Cannot run ${program}: ${run.error.message}. Install esbuild or set ESBUILD.`);
  if (run.status !== 0) throw new BuildError(`esbuild failed on ${args[0]}`);
}

/** Where each entry point of the page has gone, by esbuild's own account. */
function outputsOf(metafile) {
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8'));
  const built = Object.entries(outputs).filter(([, { entryPoint }]) => entryPoint);
  return Object.fromEntries(
    built.map(([file, { entryPoint }]) => [entryPoint, path.posix.relative(path.basename(fresh), file)]),
  );
}

function writeIndex(files) {
  let html = readFileSync(path.join(root, 'web', 'index.html'), 'utf8');
  for (const [source, file] of Object.entries(files)) {
    if (!html.includes(`"/${source}"`)) throw new BuildError(`web/index.html does not load /${source}`);
    html = html.replaceAll(`"/${source}"`, `"/${file}"`);
  }
  writeFileSync(path.join(fresh, 'index.html'), html);
}

function build() {
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  const check = path.join(fresh, 'check');
  const modules = readdirSync(path.join(root, 'shared')).map((name) => `shared/${name}`);
  esbuild('server/main.js', ...modules, '--bundle', '--platform=node', '--format=esm', `--outdir=${check}`);
  rmSync(check, { recursive: true });

  const metafile = path.join(fresh, 'meta.json');
  esbuild(
    'web/main.js',
    'web/styles.css',
    '--bundle',
    '--minify',
    '--format=esm',
    '--target=es2022',
    '--entry-names=[name]-[hash]',
    `--metafile=${metafile}`,
    `--outdir=${path.join(fresh, 'assets')}`,
  );
  const files = outputsOf(metafile);
  rmSync(metafile);
  writeIndex(files);
  writeFileSync(path.join(fresh, 'manifest.json'), `${JSON.stringify({ files }, null, 2)}\n`);

  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
  for (const [source, file] of Object.entries(files)) console.log(`${source} -> dist/${file}`);
}

try {
  build();
} catch (error) {
  if (existsSync(fresh)) rmSync(fresh, { recursive: true });
  console.error(error instanceof BuildError ? `Build failed: ${error.message}` : error);
  process.exitCode = 1;
}
