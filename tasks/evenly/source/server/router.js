import { HttpError, notFound } from './http.js';

const segmentsOf = (path) => path.split('/').filter(Boolean);

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(400, 'Malformed address');
  }
}

/** Matches a method and a path against patterns such as `/api/groups/:groupId`. */
export class Router {
  #routes = [];

  on(method, pattern, handler) {
    this.#routes.push({ method, pattern: segmentsOf(pattern), handler });
    return this;
  }

  /** The handler and parameters for a request; throws 404 or 405 when there is none. */
  match(method, pathname) {
    const segments = segmentsOf(pathname);
    const allowed = new Set();
    for (const route of this.#routes) {
      const params = matchSegments(route.pattern, segments);
      if (!params) continue;
      if (route.method === method) return { handler: route.handler, params };
      allowed.add(route.method);
    }
    if (allowed.size > 0) throw new HttpError(405, `Allowed here: ${[...allowed].join(', ')}`);
    throw notFound('Page');
  }
}

function matchSegments(pattern, segments) {
  if (pattern.length !== segments.length) return null;
  const params = {};
  for (const [index, part] of pattern.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decode(segments[index]);
    else if (part !== segments[index]) return null;
  }
  return params;
}
