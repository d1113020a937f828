/** Elements by script. Text stays text: nothing here, or anywhere on the page, parses markup. */

export type Child = Node | string | number | null | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  setAttributes(node, attributes);
  append(node, children);
  return node;
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const node = document.createElementNS(SVG, tag);
  setAttributes(node, attributes);
  append(node, children);
  return node;
}

export function setAttributes(node: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else if (value === true) node.setAttribute(name, '');
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
  }
}

function append(node: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

/** Writes only what differs, so that selections and assistive tools are left in peace. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function fill(node: Element, ...children: readonly Child[]): void {
  node.replaceChildren();
  append(node, children);
}

/** Fills the node anew where `key` says that something has changed. */
export function refill(node: Element, key: unknown, make: () => readonly Child[]): void {
  const text = JSON.stringify(key);
  if (shown.get(node) === text) return;
  shown.set(node, text);
  fill(node, ...make());
}
const shown = new WeakMap<Element, string>();

export function byId(id: string): HTMLElement {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no #${id}`);
  return node;
}

/** Such as tells its state by `aria-pressed`, or does something. */
export function button(
  label: string,
  attributes: Attributes,
  press: () => void,
): HTMLButtonElement {
  const node = h('button', { type: 'button', ...attributes }, label);
  node.addEventListener('click', press);
  return node;
}

/** A wide table scrolls by itself, and by keyboard. */
export function scroller(label: string, ...children: readonly Child[]): HTMLElement {
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0 },
    ...children,
  );
}

/** Says it once to those who cannot see it. */
export function announce(text: string): void {
  setText(byId('announcement'), text);
}

const probe = document.createElement('span');

/** A colour of the theme in use, as canvas takes it. */
export function color(name: string): string {
  if (!probe.isConnected) {
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}
