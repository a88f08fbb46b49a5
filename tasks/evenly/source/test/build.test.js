import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadSite } from '../server/static.js';
import { start } from './helpers.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js');
const skip = !existsSync(vite) && 'vite is not installed';

async function folder(t) {
  const made = await mkdtemp(path.join(tmpdir(), 'evenly-'));
  t.after(() => rm(made, { recursive: true }));
  return made;
}

async function copyOfSources(t) {
  const copy = await folder(t);
  for (const name of ['package.json', 'vite.config.js', 'scripts', 'server', 'shared', 'web']) {
    await cp(path.join(root, name), path.join(copy, name), { recursive: true });
  }
  await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

const build = (copy) =>
  spawnSync(process.execPath, [vite, 'build', '--configLoader', 'native'], { cwd: copy, encoding: 'utf8' });

test('a build can be served', { skip }, async (t) => {
  const copy = await copyOfSources(t);
  assert.equal(build(copy).status, 0);
  const { origin } = await start(t, { site: loadSite(path.join(copy, 'dist')) });
  const page = await (await fetch(`${origin}/`)).text();
  const files = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, file]) => file);
  assert.deepEqual(files.map((file) => path.extname(file)).sort(), ['.css', '.js']);
  for (const file of files) {
    assert.match(file, /-[\w-]{8}\./);
    assert.equal((await fetch(origin + file)).status, 200);
  }
});

test('what cannot be parsed or found fails the build, and the last one stays', { skip }, async (t) => {
  const copy = await copyOfSources(t);
  const broken = {
    'web/main.js': 'const = 1;',
    'shared/recurrence.js': 'export {',
    'server/csv.js': "import './nowhere.js';",
  };
  await mkdir(path.join(copy, 'dist'));
  await writeFile(path.join(copy, 'dist', 'index.html'), 'the last one');
  for (const [file, text] of Object.entries(broken)) {
    const before = await readFile(path.join(copy, file), 'utf8');
    await writeFile(path.join(copy, file), text);
    const { status, stderr } = build(copy);
    assert.equal(status, 1, file);
    assert.match(stderr, /error during build/);
    await writeFile(path.join(copy, file), before);
  }
  assert.equal(await readFile(path.join(copy, 'dist', 'index.html'), 'utf8'), 'the last one');
});

test('assets are kept by browsers, the page is asked for again, nothing else is there', async (t) => {
  const dist = await folder(t);
  await mkdir(path.join(dist, 'assets'));
  await writeFile(path.join(dist, 'index.html'), '<script type="module" src="/assets/main-ABC.js"></script>');
  await writeFile(path.join(dist, 'assets', 'main-ABC.js'), 'run();');
  const { origin } = await start(t, { site: loadSite(dist) });

  const script = await fetch(`${origin}/assets/main-ABC.js`);
  assert.match(script.headers.get('cache-control'), /immutable/);
  const page = await fetch(`${origin}/`);
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  const again = await fetch(`${origin}/`, { headers: { 'if-none-match': page.headers.get('etag') } });
  assert.equal(again.status, 304);
  for (const url of ['/index.html', '/assets/', '/assets/..%2findex.html', '/../package.json', '/server/main.js']) {
    assert.equal((await fetch(origin + url)).status, 404, url);
  }
  assert.equal((await fetch(`${origin}/`, { method: 'POST' })).status, 405);
});

test('the addresses of screens are answered with the page', async (t) => {
  const page = { type: 'text/html', body: Buffer.from('the page'), etag: '"1"', cache: 'no-cache' };
  const { origin } = await start(t, { site: new Map([['/', page]]) });
  for (const url of ['/groups/1', '/groups/1/expenses/new', '/search?q=a', '/settings', '/activity']) {
    assert.equal(await (await fetch(origin + url)).text(), 'the page', url);
  }
  for (const url of ['/groups', '/groups/', '/settings/1', '/elsewhere'])
    assert.equal((await fetch(origin + url)).status, 404, url);
});

test('a server without a build, or with half of one, says so', async (t) => {
  const empty = await folder(t);
  assert.throws(() => loadSite(path.join(empty, 'dist')), /npm run build/);
  await mkdir(path.join(empty, 'assets'));
  await writeFile(path.join(empty, 'index.html'), '<script type="module" src="/assets/main-ABC.js"></script>');
  assert.throws(() => loadSite(empty), /npm run build/);
});
