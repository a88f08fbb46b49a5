import { createHash } from 'node:crypto';

/** A validator that changes with the content, for the `ETag` header. */
export function etagOf(content) {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`;
}

/** Whether an `If-None-Match` header names `etag`; the comparison is the weak one of RFC 9110. */
export function namesEtag(header, etag) {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return (header.match(/(?:W\/)?"[^"]*"/g) ?? []).some((candidate) => candidate.replace(/^W\//, '') === etag);
}
