const segmentsOf = (path) => path.split('/').filter(Boolean);

function paramsOf(pattern, segments) {
  if (pattern.length !== segments.length) return null;
  const params = {};
  for (const [index, part] of pattern.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(segments[index]);
    else if (part !== segments[index]) return null;
  }
  return params;
}

/** The first of `routes` (`{ path, screen }`) whose path fits, with its parameters; null if none does. */
export function matchRoute(routes, pathname) {
  for (const route of routes) {
    try {
      const params = paramsOf(segmentsOf(route.path), segmentsOf(pathname));
      if (params) return { ...route, params };
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
  }
  return null;
}

/** Where an address of earlier versions, `#/groups/<id>`, has moved to; null for other fragments. */
export function movedTo(hash) {
  return hash.startsWith('#/') ? hash.slice(1) : null;
}

/** True for a click that is meant to open the link here, and not in a tab or as a download. */
function isPlainClick(event, link) {
  if (event.defaultPrevented || event.button !== 0) return false;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return false;
  return !link.target && !link.hasAttribute('download') && link.origin === location.origin;
}

/**
 * Shows screens by the path of the address. Links within the page are followed without
 * loading it again, except those into the API.
 *
 * @param {(match: object | null) => void} show called with each new address
 */
export function createRouter(routes, show) {
  const current = () => location.pathname + location.search;
  const showCurrent = () => show(matchRoute(routes, location.pathname));

  function go(address, { replace = false } = {}) {
    if (replace) history.replaceState(null, '', address);
    else if (address !== current()) history.pushState(null, '', address);
    showCurrent();
  }

  function onClick(event) {
    const link = event.target.closest?.('a[href]');
    if (!link || !isPlainClick(event, link) || link.pathname.startsWith('/api/')) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    go(link.pathname + link.search);
  }

  function onMoved() {
    const moved = movedTo(location.hash);
    if (moved) go(moved, { replace: true });
  }

  return {
    go,
    get query() {
      return new URLSearchParams(location.search);
    },
    /** Writes a query into the address of the screen that is shown, and shows nothing anew. */
    setQuery(query) {
      history.replaceState(null, '', location.pathname + (query && `?${query}`));
    },
    start() {
      document.addEventListener('click', onClick);
      window.addEventListener('popstate', showCurrent);
      window.addEventListener('hashchange', onMoved);
      if (movedTo(location.hash)) onMoved();
      else showCurrent();
    },
  };
}
