import { createHash } from 'node:crypto';
import { HttpError, sendJson } from './http.js';

const KEY = /^[\x21-\x7e]{1,200}$/;

/**
 * Answers a request that creates something, once per `Idempotency-Key`: whoever lost the
 * answer sends the request again and gets the first answer, without a second creation.
 *
 * To be called when the body has been read, with a `create` that does not wait for anything:
 * nothing can then come between the look at the receipts and the new one, however the two
 * requests overlap. An attempt that is refused leaves no receipt, so it can be put right and
 * sent again under its key. The answer is sent when everything it speaks of is on disk, so
 * that whoever has got it can forget the request.
 *
 * @param {() => { status: number, value: object }} create
 */
export async function answerOnce(store, { req, res, path }, body, create) {
  const key = req.headers['idempotency-key'];
  if (key === undefined) {
    const { status, value } = create();
    sendJson(res, status, value);
    return;
  }
  if (!KEY.test(key)) throw new HttpError(400, 'An Idempotency-Key has 1 to 200 visible ASCII characters');

  const id = `${path} ${key}`;
  const fingerprint = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const earlier = store.getReceipt(id);
  if (earlier && earlier.fingerprint !== fingerprint) {
    throw new HttpError(422, 'This Idempotency-Key was used for another request');
  }
  if (earlier) {
    await store.flush();
    res.setHeader('idempotency-replayed', 'true');
    sendJson(res, earlier.status, earlier.value);
    return;
  }
  const { status, value } = create();
  store.addReceipt({ id, fingerprint, status, value });
  await store.flush();
  sendJson(res, status, value);
}
