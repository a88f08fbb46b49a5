export const DEFAULT_ORIGIN = 'https://api.evenly.example/v1';

const TIMEOUT_MS = 10_000;

/** What went wrong, in the few kinds that screens tell apart, and in words for people. */
export class CloudError extends Error {
  /** @param {'unreachable' | 'signedOut' | 'refused' | 'missing' | 'busy' | 'failed'} kind */
  constructor(kind, message, fields = {}) {
    super(message);
    this.name = 'CloudError';
    this.kind = kind;
    this.fields = fields;
  }
}

function errorOf(status, { error, fields } = {}) {
  if (status === 401) return new CloudError('signedOut', 'You have been signed out. Please sign in again.');
  if (status === 404) return new CloudError('missing', error ?? 'Evenly Cloud does not have this.');
  if (status === 429) return new CloudError('busy', 'Too many attempts. Please wait a minute and try again.');
  if (status >= 500) return new CloudError('failed', 'Evenly Cloud has a problem. Please try again later.');
  return new CloudError('refused', error ?? 'Evenly Cloud did not accept this.', fields);
}

/**
 * The one place where the page talks to Evenly Cloud: accounts, settings, exchange rates,
 * receipts, requests for payment and the activity feed. Nothing that the page does with its
 * own server depends on it. The token is kept in `storage`, and forgotten when it is refused.
 */
export function createCloud({
  origin = DEFAULT_ORIGIN,
  storage,
  fetch = globalThis.fetch.bind(globalThis),
  timeout = TIMEOUT_MS,
  onSignedOut = () => {},
}) {
  const token = () => storage.read('token');

  async function request(method, path, { headers, body }) {
    try {
      return await fetch(origin + path, { method, headers, body, signal: AbortSignal.timeout(timeout) });
    } catch {
      throw new CloudError('unreachable', 'Evenly Cloud cannot be reached right now.');
    }
  }

  /** Forgets a token that was refused, unless somebody has signed in again in the meantime. */
  function dropToken(refused) {
    if (refused === null || token() !== refused) return;
    storage.write('token', null);
    onSignedOut();
  }

  /** Sends a request. `open` ones are for everybody and carry no token. */
  async function send(method, path, { body, type, open = false } = {}) {
    const carried = open ? null : token();
    if (!open && carried === null) throw new CloudError('signedOut', 'Please sign in first.');
    const headers = {};
    if (carried !== null) headers.authorization = `Bearer ${carried}`;
    if (type) headers['content-type'] = type;

    const response = await request(method, path, { headers, body });
    if (response.status === 401) dropToken(carried);
    if (response.status === 204) return undefined;
    const answer = await response.json().catch(() => undefined);
    if (!response.ok) throw errorOf(response.status, answer);
    if (answer === undefined) throw new CloudError('failed', 'Evenly Cloud gave an answer that cannot be read.');
    return answer;
  }

  const get = (path, options) => send('GET', path, options);
  const sendJson = (method, path, value, options) =>
    send(method, path, { body: JSON.stringify(value), type: 'application/json', ...options });

  return {
    isSignedIn: () => token() !== null,
    requestCode: (email) => sendJson('POST', '/sessions/codes', { email }, { open: true }),

    /** Exchanges a one-time code for a token; answers whose account it is. */
    async signIn(email, code) {
      const session = await sendJson('POST', '/sessions', { email, code }, { open: true });
      storage.write('token', session.token);
      return session.me;
    },

    /** Ends the session here in any case, and in the cloud if it can be reached. */
    async signOut() {
      try {
        await send('DELETE', '/sessions/current');
      } catch (error) {
        if (!(error instanceof CloudError)) throw error;
      } finally {
        storage.write('token', null);
      }
    },

    getMe: () => get('/me'),
    updateMe: (change) => sendJson('PATCH', '/me', change),
    getSettings: () => get('/me/settings'),
    putSettings: (settings) => sendJson('PUT', '/me/settings', settings),
    getRates: (base) => get(`/rates?base=${encodeURIComponent(base)}`, { open: true }),

    /** Sends a photo as it is; the answer is what could be read on it. */
    uploadReceipt: (photo) => send('POST', '/receipts', { body: photo, type: photo.type }),
    getReceipt: (receiptId) => get(`/receipts/${encodeURIComponent(receiptId)}`),
    requestPayment: (fields) => sendJson('POST', '/payment-requests', fields),

    /** Groups go by their names in the cloud: every server gives them ids of its own. */
    getActivity: (groupNames) => get(`/activity?${new URLSearchParams(groupNames.map((name) => ['groups', name]))}`),
  };
}
