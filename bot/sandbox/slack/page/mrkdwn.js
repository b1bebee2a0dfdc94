// @ts-check
/** Slack's own markup, and the Markdown of `markdown` blocks, as nodes. */
import { now } from "./clock.js";
import { breakable, h, link, safeUrl } from "./dom.js";
import { EMOJI } from "./emoji.js";

/** @typedef {{person: (id: string) => string, channel: (id: string) => string, group: (id: string) => string, me: string}} Names */

/** @type {Names} */
let names = { person: (id) => id, channel: (id) => id, group: (id) => id, me: "" };
/** Who ids are. @param {Names} given */
export function setNames(given) {
  names = given;
}

/** @param {string} text */
function decoded(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Text with its emoji shortcodes drawn. @param {string} text @returns {(Node | string)[]} */
export function emojified(text) {
  return text.split(/(:[a-z0-9_+'-]+:)/g).map((part) => {
    const drawn = part.length > 2 && part.startsWith(":") ? EMOJI[part.slice(1, -1)] : undefined;
    return drawn ? h("span.emoji", { role: "img", "aria-label": part.slice(1, -1).replaceAll("_", " ") }, drawn) : part;
  });
}

/** A text object: plain text keeps its lines and emoji, mrkdwn is parsed. @param {any} object */
export function textObject(object) {
  if (!object) return document.createDocumentFragment();
  if (object.type === "mrkdwn") return mrkdwn(object.text, object.verbatim === true);
  const nodes = object.emoji === false ? [object.text] : emojified(object.text);
  return fragment(nodes);
}

/** @param {(Node | string)[]} nodes */
function fragment(nodes) {
  const whole = document.createDocumentFragment();
  whole.append(...nodes);
  return whole;
}

/**
 * Slack's mrkdwn.
 * @param {string} source
 * @param {boolean} [verbatim] true leaves bare addresses alone
 */
export function mrkdwn(source, verbatim = false) {
  const whole = document.createDocumentFragment();
  for (const [index, part] of source.split(/```/g).entries()) {
    if (index % 2) whole.append(h("pre.code", {}, decoded(part.replace(/^\n/, ""))));
    else whole.append(...quoted(part, verbatim, index > 0));
  }
  return whole;
}

/** @param {string} text @param {boolean} verbatim @param {boolean} follows @returns {(Node | string)[]} */
function quoted(text, verbatim, follows) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  /** @type {string[]} */
  let quote = [];
  const flush = () => {
    if (quote.length) nodes.push(h("blockquote", {}, fragment(inline(quote.join("\n"), verbatim))));
    quote = [];
  };
  const lines = (follows ? text.replace(/^\n/, "") : text).split("\n");
  lines.forEach((line, index) => {
    const match = /^(?:>|&gt;) ?(.*)$/.exec(line);
    if (match) {
      quote.push(match[1]);
      return;
    }
    const after = quote.length > 0;
    flush();
    if (index && !after) nodes.push("\n");
    nodes.push(...inline(line, verbatim));
  });
  flush();
  return nodes;
}

const TOKEN = /(`[^`\n]+`)|<([^<>\n]+)>|(https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)\]'"])/g;

/** @param {string} text @param {boolean} verbatim @returns {(Node | string)[]} */
function inline(text, verbatim) {
  // Tokens become single private characters, so that styles can span them.
  /** @type {Node[]} */
  const held = [];
  const hold = (/** @type {Node} */ node) => String.fromCharCode(0xe000 + held.push(node) - 1);
  const bare = text.replace(/[\ue000-\uf8ff]/g, "").replace(TOKEN, (whole, code, angle, url) => {
    if (code) return hold(h("code", {}, breakable(decoded(code.slice(1, -1)))));
    if (angle) return hold(reference(angle));
    return verbatim ? whole : hold(link(decoded(url), decoded(url)));
  });
  return styled(bare, held);
}

const STYLES = /(^|[\s(\[{"'.,;:!?|/\-\u2013\u2014*_~])([*_~])(\S|\S.*?\S)\2(?=$|[\s)\]}"'.,;:!?|/\-\u2013\u2014*_~\u2026])/s;
/** @type {Record<string, string>} */
const TAGS = { "*": "strong", _: "em", "~": "s" };

/** @param {string} text @param {Node[]} held @returns {(Node | string)[]} */
function styled(text, held) {
  const match = STYLES.exec(text);
  if (!match) return plainNodes(text, held);
  const start = match.index + match[1].length;
  const end = match.index + match[0].length;
  return [
    ...plainNodes(text.slice(0, start), held),
    h(TAGS[match[2]], {}, fragment(styled(match[3], held))),
    ...styled(text.slice(end), held),
  ];
}

/** @param {string} text @param {Node[]} held @returns {(Node | string)[]} */
function plainNodes(text, held) {
  return text
    .split(/([\ue000-\uf8ff])/g)
    .flatMap((part) => (/^[\ue000-\uf8ff]$/.test(part) ? [held[part.charCodeAt(0) - 0xe000]] : emojified(decoded(part))));
}

/** What stands between < and >. @param {string} inner @returns {Node} */
function reference(inner) {
  const [target, ...rest] = inner.split("|");
  const label = rest.join("|");
  if (target.startsWith("@")) return mention(target.slice(1));
  if (target.startsWith("#")) return h("span.mention", {}, "#" + decoded(label || names.channel(target.slice(1))));
  if (target.startsWith("!date^")) return dated(target, decoded(label));
  if (target.startsWith("!subteam^")) return h("span.mention", {}, "@" + names.group(target.slice(9)));
  if (target.startsWith("!")) return h("span.mention.broadcast", {}, "@" + decoded(label || target.slice(1)).replace(/^@/, ""));
  if (!safeUrl(decoded(target))) return document.createTextNode(decoded(`<${inner}>`));
  return link(decoded(target), ...emojified(decoded(label || target)));
}

/** @param {string} id */
export function mention(id) {
  return h(id === names.me ? "span.mention.you" : "span.mention", {}, "@" + names.person(id));
}
/** @param {string} id */
export function channelMention(id) {
  return h("span.mention", {}, "#" + names.channel(id));
}
/** @param {string} id */
export function groupMention(id) {
  return h("span.mention", {}, "@" + names.group(id));
}

/** @param {string} target @param {string} fallback */
function dated(target, fallback) {
  const [, seconds, format, url] = target.split("^");
  const shown = formatDate(Number(seconds), decoded(format ?? ""));
  const node = h("time", { title: fallback }, shown || fallback);
  return url ? link(decoded(url), node) : node;
}

/** @param {number} seconds @param {string} format */
export function formatDate(seconds, format) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const day = (/** @type {Intl.DateTimeFormatOptions} */ options) => date.toLocaleDateString("en-US", options);
  const long = day({ month: "long", day: "numeric", year: "numeric" });
  const short = day({ month: "short", day: "numeric", year: "numeric" });
  const full = day({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
  const pretty = (/** @type {string} */ text) => nearDay(date) ?? text;
  /** @type {Record<string, () => string>} */
  const fields = {
    date_num: () => date.toISOString().slice(0, 10),
    date: () => long,
    date_slash: () => day({}),
    date_short: () => short,
    date_long: () => full,
    date_pretty: () => pretty(long),
    date_short_pretty: () => pretty(short),
    date_long_pretty: () => pretty(full),
    time: () => date.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" }),
    time_secs: () => date.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit", second: "2-digit" }),
    ago: () => ago(date),
    day_divider_pretty: () => pretty(full),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => fields[name]?.() ?? whole);
}

/** @param {Date} date */
function nearDay(date) {
  const midnight = (/** @type {Date} */ d) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((midnight(date) - midnight(new Date(now()))) / 86_400_000);
  return { 0: "today", 1: "tomorrow", "-1": "yesterday" }[days];
}

/** @param {Date} date */
function ago(date) {
  const minutes = Math.round((now() - date.getTime()) / 60_000);
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (Math.abs(minutes) < 60) return format.format(-minutes, "minute");
  if (Math.abs(minutes) < 1_440) return format.format(-Math.round(minutes / 60), "hour");
  return format.format(-Math.round(minutes / 1_440), "day");
}

// --- the Markdown of markdown blocks ---

/** @param {string} source */
export function markdown(source) {
  const whole = h("div.markdown");
  const lines = source.split("\n");
  for (let at = 0; at < lines.length; ) at = markdownBlock(lines, at, whole);
  return whole;
}

/** @type {[RegExp, (lines: string[], at: number, whole: HTMLElement) => number][]} */
const MARKDOWN_BLOCKS = [
  [/^\s*$/, (_lines, at) => at + 1],
  [/^```/, fenced],
  [/^#{1,6} /, heading],
  [/^ {0,3}([-*_])( *\1){2,}\s*$/, (_lines, at, whole) => (whole.append(h("hr")), at + 1)],
  [/^\s*[-*+] /, (lines, at, whole) => list(lines, at, whole, "ul", /^\s*[-*+] (?:\[([ xX])\] )?(.*)$/)],
  [/^\s*\d+[.)] /, (lines, at, whole) => list(lines, at, whole, "ol", /^\s*\d+[.)] (?:\[([ xX])\] )?(.*)$/)],
  [/^> ?/, quotation],
  [/^\|.*\|\s*$/, pipeTable],
];

/** @param {string[]} lines @param {number} at @param {HTMLElement} whole */
function markdownBlock(lines, at, whole) {
  for (const [pattern, take] of MARKDOWN_BLOCKS) if (pattern.test(lines[at])) return take(lines, at, whole);
  const end = lines.findIndex((line, index) => index > at && MARKDOWN_BLOCKS.some(([pattern]) => pattern.test(line)));
  const stop = end < 0 ? lines.length : end;
  whole.append(h("p", {}, fragment(markdownInline(lines.slice(at, stop).join("\n")))));
  return stop;
}

/** @param {string[]} lines @param {number} at @param {HTMLElement} whole */
function fenced(lines, at, whole) {
  const end = lines.findIndex((line, index) => index > at && line.startsWith("```"));
  const stop = end < 0 ? lines.length : end;
  whole.append(h("pre.code", {}, lines.slice(at + 1, stop).join("\n")));
  return stop + 1;
}

/** @param {string[]} lines @param {number} at @param {HTMLElement} whole */
function heading(lines, at, whole) {
  const [, marks, text] = /** @type {RegExpExecArray} */ (/^(#{1,6}) (.*)$/.exec(lines[at]));
  whole.append(h("div.md-heading", { role: "heading", "aria-level": Math.min(6, marks.length + 1) }, fragment(markdownInline(text))));
  return at + 1;
}

/** @param {string[]} lines @param {number} at @param {HTMLElement} whole @param {string} tag @param {RegExp} item */
function list(lines, at, whole, tag, item) {
  const node = h(tag);
  for (; at < lines.length && item.test(lines[at]); at += 1) {
    const [, box, text] = /** @type {RegExpExecArray} */ (item.exec(lines[at]));
    const mark = box === undefined ? null : h("span.box", { "aria-hidden": "true" }, box === " " ? "☐ " : "☑ ");
    node.append(h("li", {}, mark, fragment(markdownInline(text))));
  }
  whole.append(node);
  return at;
}

/** @param {string[]} lines @param {number} at @param {HTMLElement} whole */
function quotation(lines, at, whole) {
  const quote = [];
  for (; at < lines.length && lines[at].startsWith(">"); at += 1) quote.push(lines[at].replace(/^> ?/, ""));
  whole.append(h("blockquote", {}, fragment(markdownInline(quote.join("\n")))));
  return at;
}

/** @param {string[]} lines @param {number} at @param {HTMLElement} whole */
function pipeTable(lines, at, whole) {
  const cells = (/** @type {string} */ line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const table = h("table.grid");
  for (let first = true; at < lines.length && /^\|.*\|\s*$/.test(lines[at]); at += 1) {
    if (/^\|[\s:|-]+\|\s*$/.test(lines[at])) continue;
    table.append(h("tr", {}, cells(lines[at]).map((cell) => h(first ? "th" : "td", {}, fragment(markdownInline(cell))))));
    first = false;
  }
  whole.append(h("div.table-scroll", { tabindex: 0 }, table));
  return at;
}

const MARKDOWN_TOKEN =
  /(`[^`\n]+`)|\[([^\]\n]+)\]\(([^)\s]+)\)|(\*\*|__)(\S|\S.*?\S)\4|(\*|_)(\S|\S.*?\S)\6(?!\w)|~~(\S|\S.*?\S)~~|<([@#!][^>\n]+)>|(https?:\/\/[^\s<>()]+)/s;

/** @param {string} text @returns {(Node | string)[]} */
function markdownInline(text) {
  const match = MARKDOWN_TOKEN.exec(text);
  if (!match) return emojified(text);
  return [...emojified(text.slice(0, match.index)), markdownNode(match), ...markdownInline(text.slice(match.index + match[0].length))];
}

/** @param {RegExpExecArray} match @returns {Node} */
function markdownNode(match) {
  const [, code, label, target, , bold, , italic, struck, angle, bare] = match;
  if (code) return h("code", {}, breakable(code.slice(1, -1)));
  if (label) return link(target, fragment(markdownInline(label)));
  if (bold) return h("strong", {}, fragment(markdownInline(bold)));
  if (italic) return h("em", {}, fragment(markdownInline(italic)));
  if (struck) return h("s", {}, fragment(markdownInline(struck)));
  return angle ? reference(angle) : link(bare, bare);
}
