import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import test from 'node:test';
import { DEFAULT_PREFERENCES } from '../shared/preferences.js';
import { createCloud } from '../web/cloud.js';
import { createSession } from '../web/session.js';
import { createSettings } from '../web/settings.js';
import { createStorage } from '../web/storage.js';
import { memoryBackend } from './helpers.js';

/** A cloud that answers each request with what `answers` has for its method and path, and notes it. */
async function cloudWith(t, answers, options = {}) {
  const requests = [];
  const server = createServer(async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    requests.push({
      line: `${req.method} ${req.url}`,
      token: req.headers.authorization,
      type: req.headers['content-type'],
      body: String(Buffer.concat(chunks)),
    });
    const answer = answers[`${req.method} ${req.url}`];
    if (answer === undefined) return;
    const [status, value] = typeof answer === 'function' ? answer() : answer;
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(value === undefined ? undefined : JSON.stringify(value));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const storage = createStorage(memoryBackend());
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { requests, storage, cloud: createCloud({ origin, storage, ...options }) };
}

const me = { id: 'usr_1', email: 'ana@example.com', name: 'Ana' };

test('signing in keeps a token, and signing out forgets it', async (t) => {
  const { requests, storage, cloud } = await cloudWith(t, {
    'POST /sessions': [201, { token: 'tok_1', me }],
    'GET /me': [200, me],
    'DELETE /sessions/current': [503, {}],
  });
  const session = createSession({ cloud, storage });
  assert.equal(session.state.signedIn, false);
  await session.signIn('ana@example.com', '123456');
  assert.deepEqual(session.state, { signedIn: true, me });
  await cloud.getMe();
  assert.deepEqual(
    requests.map(({ token }) => token),
    [undefined, 'Bearer tok_1'],
  );
  assert.deepEqual(createSession({ cloud, storage }).state, { signedIn: true, me });
  await session.signOut();
  assert.deepEqual(session.state, { signedIn: false, me: null });
  assert.equal(cloud.isSignedIn(), false);
});

test('a token that is refused ends the session', async (t) => {
  let ended = 0;
  const { storage, cloud } = await cloudWith(
    t,
    { 'GET /me': [401, { error: 'no' }] },
    { onSignedOut: () => (ended += 1) },
  );
  storage.write('token', 'tok_old');
  await assert.rejects(cloud.getMe(), { kind: 'signedOut' });
  assert.deepEqual([ended, cloud.isSignedIn()], [1, false]);
  await assert.rejects(cloud.getMe(), { kind: 'signedOut' });
});

test('a refusal of an old token does not end a new session', async (t) => {
  const { storage, cloud } = await cloudWith(t, {
    'GET /me': () => {
      storage.write('token', 'tok_new');
      return [401, {}];
    },
  });
  storage.write('token', 'tok_old');
  await assert.rejects(cloud.getMe(), { kind: 'signedOut' });
  assert.equal(storage.read('token'), 'tok_new');
});

test('what goes wrong is told apart', async (t) => {
  const { cloud } = await cloudWith(t, {
    'GET /rates?base=EUR': [503, {}],
    'GET /rates?base=USD': [200],
    'POST /sessions/codes': [429, {}],
    'POST /sessions': [422, { error: 'Some fields are not right', fields: { code: 'is old' } }],
  });
  await assert.rejects(cloud.getRates('EUR'), { kind: 'failed' });
  await assert.rejects(cloud.getRates('USD'), { kind: 'failed' });
  await assert.rejects(cloud.requestCode('a@b'), { kind: 'busy' });
  await assert.rejects(cloud.signIn('a@b', '1'), { kind: 'refused', fields: { code: 'is old' } });
});

test('a cloud that is not there, or does not answer, cannot be reached', async (t) => {
  const { cloud } = await cloudWith(t, {}, { timeout: 50 });
  await assert.rejects(cloud.getRates('EUR'), { kind: 'unreachable' });
  const nowhere = createCloud({ origin: 'http://127.0.0.1:9', storage: createStorage(memoryBackend()) });
  await assert.rejects(nowhere.getRates('EUR'), { kind: 'unreachable' });
});

test('photos go as they are, and groups by their names', async (t) => {
  const { requests, storage, cloud } = await cloudWith(t, {
    'POST /receipts': [201, { id: 'rcp_1' }],
    'GET /activity?groups=Trip&groups=Home+%26+garden': [200, { entries: [] }],
  });
  storage.write('token', 'tok_1');
  await cloud.uploadReceipt(new Blob(['photo'], { type: 'image/png' }));
  await cloud.getActivity(['Trip', 'Home & garden']);
  assert.deepEqual([requests[0].type, requests[0].body], ['image/png', 'photo']);
});

const dark = { ...DEFAULT_PREFERENCES, theme: 'dark' };
const french = { ...DEFAULT_PREFERENCES, language: 'fr' };

async function settingsWith(t, remote, local) {
  const put = [200, { settings: {}, updatedAt: '2024-05-03T00:00:00Z' }];
  const made = await cloudWith(t, { 'GET /me/settings': [200, remote], 'PUT /me/settings': put });
  made.storage.write('settings', local);
  made.storage.write('token', 'tok_1');
  const settings = createSettings({ ...made, now: () => '2024-05-02T00:00:00Z' });
  return {
    ...made,
    settings,
    sent: () => made.requests.filter(({ line }) => line.startsWith('PUT')).map(({ body }) => JSON.parse(body)),
  };
}

test('preferences of the account are taken over when they are newer', async (t) => {
  const remote = { settings: french, updatedAt: '2024-05-01T00:00:00Z' };
  const { settings, storage, sent } = await settingsWith(t, remote, {
    preferences: dark,
    updatedAt: '2024-04-01T00:00:00Z',
  });
  await settings.sync();
  assert.deepEqual(settings.state, { preferences: french, updatedAt: remote.updatedAt, sync: 'synced' });
  assert.deepEqual(storage.read('settings'), { preferences: french, updatedAt: remote.updatedAt });
  assert.deepEqual(sent(), []);
});

test('preferences of the device are sent when they are newer', async (t) => {
  const remote = { settings: french, updatedAt: '2024-05-01T00:00:00Z' };
  const { settings, sent } = await settingsWith(t, remote, { preferences: dark, updatedAt: '2024-05-02T00:00:00Z' });
  await settings.sync();
  assert.deepEqual(settings.state, { preferences: dark, updatedAt: '2024-05-03T00:00:00Z', sync: 'synced' });
  assert.deepEqual(sent(), [dark]);
});

test('a change is there at once, and in the account afterwards', async (t) => {
  const { settings, sent } = await settingsWith(t, {}, {});
  const saved = settings.change({ theme: 'dark' });
  assert.equal(settings.state.preferences.theme, 'dark');
  assert.equal(settings.state.sync, 'waiting');
  await saved;
  assert.equal(settings.state.sync, 'synced');
  assert.deepEqual(sent(), [dark]);
});

test('without an account, or while it cannot be reached, the device keeps them', async () => {
  const storage = createStorage(memoryBackend());
  const cloud = createCloud({ origin: 'http://127.0.0.1:9', storage });
  const settings = createSettings({ cloud, storage });
  await settings.change({ language: 'fr' });
  assert.equal(settings.state.sync, 'local');
  storage.write('token', 'tok_1');
  await settings.change({ theme: 'dark' });
  assert.equal(settings.state.sync, 'waiting');
  assert.deepEqual(createSettings({ cloud, storage }).state.preferences, { ...french, theme: 'dark' });
});
