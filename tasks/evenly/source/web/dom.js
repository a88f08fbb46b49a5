/**
 * Makes an element: `h('button', { class: 'primary', onClick: save }, 'Save')`.
 * Properties the element has are set as such, others as attributes.
 */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'class') node.className = value;
    else if (name.startsWith('on')) node.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name in node) node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...present(children));
  return node;
}

/** Puts new children in place of the present ones. */
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
}

const isAbsent = (child) => child === null || child === undefined || child === false;
const present = (children) => children.flat(Infinity).filter((child) => !isAbsent(child));
