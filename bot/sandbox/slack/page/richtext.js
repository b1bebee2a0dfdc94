// @ts-check
/** rich_text blocks as nodes. */
import { h, link } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { channelMention, formatDate, groupMention, mention } from "./mrkdwn.js";

/** @param {any} block */
export function richText(block) {
  return h("div.rich", {}, (block?.elements ?? []).map(part));
}

/** @param {any} part @returns {Node} */
function part(part) {
  const indent = part.indent ? { style: { marginLeft: `${part.indent * 24}px` } } : {};
  switch (part.type) {
    case "rich_text_list": {
      const start = part.offset ? { start: part.offset + 1 } : {};
      return h(part.style === "ordered" ? "ol" : "ul", { ...indent, ...start }, part.elements.map((/** @type {any} */ item) => h("li", {}, inlines(item))));
    }
    case "rich_text_quote":
      return h("blockquote", {}, inlines(part));
    case "rich_text_preformatted":
      return h("pre.code", {}, inlines(part));
    default:
      return h("div.rich-section", {}, inlines(part));
  }
}

/** @param {any} part @returns {Node[]} */
function inlines(part) {
  return (part.elements ?? []).map((/** @type {any} */ element) => styled(inline(element), element.style));
}

/** @param {any} element @returns {Node} */
function inline(element) {
  switch (element.type) {
    case "link":
      return link(element.url, element.text || element.url);
    case "emoji":
      return emoji(element);
    case "user":
      return mention(element.user_id);
    case "channel":
      return channelMention(element.channel_id);
    case "usergroup":
      return groupMention(element.usergroup_id);
    case "broadcast":
      return h("span.mention.broadcast", {}, "@" + element.range);
    case "date":
      return h("time", {}, formatDate(element.timestamp, element.format) || element.fallback || "");
    case "color":
      return h("span", {}, h("span.swatch", { style: { background: element.value } }), element.value);
    default:
      return document.createTextNode(element.text ?? "");
  }
}

/** @param {any} element */
function emoji(element) {
  const drawn = element.unicode
    ? String.fromCodePoint(...element.unicode.split("-").map((/** @type {string} */ code) => parseInt(code, 16)))
    : EMOJI[element.name];
  return h("span.emoji", { role: "img", "aria-label": element.name }, drawn ?? `:${element.name}:`);
}

/** @type {Record<string, string>} */
const TAGS = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code" };

/** @param {Node} node @param {Record<string, boolean> | undefined} style */
function styled(node, style) {
  return Object.entries(TAGS).reduce((inner, [name, tag]) => (style?.[name] ? h(tag, {}, inner) : inner), node);
}
