// @ts-check
/** Building the page from nodes alone: text is only ever set as text, so nothing that an app or a person wrote
 * can become markup. */

/** @typedef {Node | string | number | null | undefined | false} Child */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `tag` may carry classes: `h("button.primary", {type: "button"}, "Go")`.
 * @param {string} tag
 * @param {Record<string, any>} [props] attributes; functions become listeners; false and null are left out
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  setProps(node, props);
  node.append(...present(children));
  return node;
}

/**
 * An SVG element.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function s(tag, props = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  setProps(node, props);
  node.append(...present(children));
  return node;
}

/** @param {Element} node @param {Record<string, any>} props */
function setProps(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on") && typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "value" && "value" in node) node.value = value;
    else if (name === "checked" && "checked" in node) node.checked = value;
    else if (name === "style") Object.assign(/** @type {HTMLElement} */ (node).style, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
function present(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/** Replace what a node holds. @param {Element} node @param {...(Child | Child[])} children */
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
}

/** The same, where what is focused keeps the focus: it is known by its `data-nav`. @param {Element} node @param {...(Child | Child[])} children */
export function refill(node, ...children) {
  const focused = node.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.nav : undefined;
  fill(node, ...children);
  if (focused) /** @type {HTMLElement | null} */ (node.querySelector(`[data-nav="${CSS.escape(focused)}"]`))?.focus();
}

/** Let a node hold these nodes; nothing is taken out and put back, since that would take the focus. @param {Element} node @param {Node[]} wanted */
export function hold(node, wanted) {
  for (const child of [...node.childNodes]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((child, index) => {
    if (node.childNodes[index] !== child) node.insertBefore(child, node.childNodes[index] ?? null);
  });
}

/** @typedef {{ts: string, action: string, value: string}} Spot */

/** By what a control is known when it is drawn anew: its message, its action, and what it is about. @param {Element | null} node @returns {Spot | undefined} */
export function spotOf(node) {
  if (!(node instanceof HTMLElement)) return undefined;
  const message = /** @type {HTMLElement | null} */ (node.closest("[data-ts]"));
  return { ts: message?.dataset.ts ?? "", action: node.dataset.action ?? "", value: node.dataset.value ?? "" };
}

/** The control of that spot, as it is now. One for something else that has come into its place is none. @param {ParentNode} within @param {Spot} spot @returns {HTMLElement | undefined} */
export function atSpot(within, spot) {
  const message = spot.ts ? within.querySelector(`[data-ts="${CSS.escape(spot.ts)}"]`) : within;
  const same = spot.action ? (message?.querySelectorAll(`[data-action="${CSS.escape(spot.action)}"]`) ?? []) : [];
  return /** @type {HTMLElement[]} */ ([...same]).find((one) => (one.dataset.value ?? "") === spot.value);
}

let counter = 0;
/** An id that no other element of the page has. @param {string} [prefix] */
export function uid(prefix = "u") {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** Text whose long words, such as ARNs, are broken where their parts meet, and not at a hyphen. @param {string} text @returns {Child[]} */
export function breakable(text) {
  return text.split(/(\S{20,})/).flatMap((part, index) => (index % 2 ? pieces(part) : part));
}

const SHORTEST_PIECE = 12;
const LONGEST_WHOLE = 28;

/** @param {string} word @returns {Child[]} */
function pieces(word) {
  /** @type {string[]} */
  const found = [];
  for (const part of word.split(/(?<=[/:=])(?=[^/:=])/)) {
    // A start such as "arn:" is no place to break at.
    if (found.length && found[found.length - 1].length < SHORTEST_PIECE) found[found.length - 1] += part;
    else found.push(part);
  }
  return found.flatMap((piece, index) => [index ? h("wbr") : null, piece.includes("-") && piece.length <= LONGEST_WHOLE ? h("span.whole", {}, piece) : piece]);
}

/** The address if a link may lead there, else nothing. @param {string | undefined} url */
export function safeUrl(url) {
  if (!url) return undefined;
  try {
    const parsed = new URL(url);
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}

/** A link that opens elsewhere. @param {string} url @param {...(Child | Child[])} children */
export function link(url, ...children) {
  const href = safeUrl(url);
  if (!href) return h("span", {}, ...children);
  return h("a.link", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** @type {Record<string, string>} */
const ICONS = {
  hash: "M6 3 4.500 15M12.500 3 11 15M2.500 6.500h13M2 11.500h13",
  lock: "M4 8h10v7H4zM6 8V5.500a3 3 0 0 1 6 0V8",
  close: "M4 4l10 10M14 4 4 14",
  chevron: "M4 7l5 5 5-5",
  back: "M11 4 6 9l5 5",
  check: "M3.500 9.500 7 13l7.500-8",
  send: "M3 3l13 6-13 6 2-6zM5 9h5",
  reply: "M3 4h12v8H8l-3 3v-3H3z",
  dots: "M4 9h.01M9 9h.01M14 9h.01",
  file: "M5 2h6l3 3v11H5zM11 2v3h3",
  down: "M9 3v9M5 8.500 9 12.500l4-4M3.500 15.500h11",
  sun: "M9 5.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM9 1v1.500M9 15.500V17M1 9h1.500M15.500 9H17M3.300 3.300l1.100 1.100M13.600 13.600l1.100 1.100M14.700 3.300l-1.100 1.100M4.400 13.600l-1.100 1.100",
  moon: "M15 10.500A6.500 6.500 0 0 1 7.500 3 6.500 6.500 0 1 0 15 10.500z",
  menu: "M3 5h12M3 9h12M3 13h12",
  eye: "M1.500 9S4 4.500 9 4.500 16.500 9 16.500 9 14 13.500 9 13.500 1.500 9 1.500 9zM9 7a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  warn: "M9 2.500 16.500 15.500h-15zM9 7.500v3.500M9 13.300h.01",
  info: "M9 1.800a7.200 7.200 0 1 0 0 14.400A7.200 7.200 0 0 0 9 1.800zM9 8v5M9 5.300h.01",
  bulb: "M6.500 12.500C5 11.500 4 10 4 8a5 5 0 1 1 10 0c0 2-1 3.500-2.500 4.500V14h-5zM7 16.300h4",
  shield: "M9 1.500l6 2.300v4.700c0 3.900-2.500 6.700-6 8-3.500-1.300-6-4.100-6-8V3.800zM6.200 9l2 2 3.600-3.800",
  sort: "M6 3v12M3 12l3 3 3-3M12 15V3M9 6l3-3 3 3",
  search: "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM12 12l4 4",
  panel: "M2.500 3.500h13v11h-13zM10.500 3.500v11",
};

/** A drawn icon; it says nothing to a screen reader. @param {string} name */
export function icon(name) {
  return s(
    "svg",
    { viewBox: "0 0 18 18", class: "icon", "aria-hidden": "true", focusable: "false" },
    s("path", { d: ICONS[name] ?? ICONS.dots }),
  );
}
