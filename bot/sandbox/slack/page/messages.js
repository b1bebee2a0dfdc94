// @ts-check
/** The messages of a channel and of a thread. */
import { avatar } from "./avatar.js";
import { now } from "./clock.js";
import { renderBlocks } from "./blocks.js";
import { atSpot, h, hold, icon, safeUrl, spotOf } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { placeOf } from "./place.js";
import { bot, isBot, messagesIn, nameOf, store } from "./store.js";

const GROUP_SECONDS = 300;

/** Message nodes by where they are shown; one that has not changed is not drawn again. @type {Map<string, {json: string, node: HTMLElement}>} */
const drawn = new Map();

/** @param {string} ts */
const dateOf = (ts) => new Date(Number(ts) * 1000);
/** @param {string} ts */
const clock = (ts) => dateOf(ts).toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" });

/** The messages of a channel that are not only in a thread. */
export function channelMessages() {
  return messagesIn().filter((/** @type {any} */ one) => !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast");
}

/** @param {string} ts */
export function replies(ts) {
  return messagesIn().filter((/** @type {any} */ one) => one.thread_ts === ts && one.ts !== ts);
}

/** Draw messages into a list, days apart. @param {HTMLElement} list @param {any[]} messages @param {(ts: string) => void} openThread @param {string} where */
export function drawMessages(list, messages, openThread, where) {
  /** @type {Node[]} */
  const nodes = [];
  /** @type {any} */
  let before;
  for (const message of messages) {
    const day = dateOf(message.ts).toDateString();
    const newDay = !before || dateOf(before.ts).toDateString() !== day;
    if (newDay) nodes.push(dayLine(message.ts));
    nodes.push(messageNode(message, newDay ? undefined : before, openThread, where));
    before = message;
  }
  const same = nodes.length === list.childNodes.length && nodes.every((node, index) => node === list.childNodes[index]);
  if (same) return;
  const spot = focusedIn(list);
  hold(list, nodes);
  if (spot) focusAgain(list, spot);
}

/** Where in a list the focus is. @param {HTMLElement} list */
function focusedIn(list) {
  const spot = list.contains(document.activeElement) ? spotOf(document.activeElement) : undefined;
  return spot?.ts ? spot : undefined;
}

/** A message drawn anew has lost the focus: to the same button of its new self, or else to the list. @param {HTMLElement} list @param {import("./dom.js").Spot} spot */
function focusAgain(list, spot) {
  if (list.contains(document.activeElement) || document.activeElement?.closest("dialog")) return;
  (atSpot(list, spot) ?? list).focus({ preventScroll: true });
}

/** @type {Map<string, HTMLElement>} */
const days = new Map();
/** Draw everything anew the next time: the clock was moved, and what was today is not any more. */
export function forgetDrawn() {
  drawn.clear();
  days.clear();
}

/** @param {string} ts */
function dayLine(ts) {
  const date = dateOf(ts);
  const key = date.toDateString();
  const today = new Date(now()).toDateString();
  const name = key === today ? "Today" : date.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric" });
  const node = days.get(key) ?? h("div.day", { role: "separator" }, h("span", {}, name));
  days.set(key, node);
  return node.isConnected && store.thread ? /** @type {HTMLElement} */ (node.cloneNode(true)) : node;
}

/** @param {any} message @param {any} before @param {(ts: string) => void} openThread @param {string} where */
function messageNode(message, before, openThread, where) {
  const follows = before && before.user === message.user && !before.subtype && !message.subtype && before.is_ephemeral === message.is_ephemeral && Number(message.ts) - Number(before.ts) < GROUP_SECONDS;
  const answers = where === "channel" ? replies(message.ts) : [];
  const key = `${where}/${message.channel ?? store.channel}/${message.ts}`;
  const json = JSON.stringify([store.user, follows, message, answers.map((/** @type {any} */ one) => one.ts)]);
  const known = drawn.get(key);
  if (known?.json === json) return known.node;
  const node = draw(message, Boolean(follows), answers, openThread, where);
  if (known) node.classList.add("changed");
  drawn.set(key, { json, node });
  return node;
}

/** @param {any} message @param {boolean} follows @param {any[]} answers @param {(ts: string) => void} openThread @param {string} where */
function draw(message, follows, answers, openThread, where) {
  const time = h("time.time", { datetime: dateOf(message.ts).toISOString(), title: dateOf(message.ts).toLocaleString("en-US") }, clock(message.ts));
  const name = h("span.author", {}, nameOf(message.user));
  const appBadge = isBot(message.user) || message.user === "USLACKBOT" ? h("span.badge", {}, "APP") : null;
  const head = follows ? h("div.sr-only", {}, name, " ", time.cloneNode(true)) : h("div.head", {}, name, appBadge, time);
  const side = follows ? time : avatar(message.user);
  const only = message.is_ephemeral ? h("div.only-you", {}, icon("eye"), "Only visible to you") : null;
  const reply = where === "channel" && !message.is_ephemeral ? h("div.message-tools", {}, h("button.ghost", { type: "button", "aria-label": `Reply in thread to ${nameOf(message.user)}`, title: "Reply in thread", onclick: () => openThread(message.ts) }, icon("reply"))) : null;
  return h(
    `article.message${follows ? ".follows" : ""}${message.is_ephemeral ? ".ephemeral" : ""}`,
    { "data-ts": message.ts, "aria-label": `${nameOf(message.user)}, ${clock(message.ts)}` },
    h("div.side", {}, side),
    h("div.content", {}, only, head, body(message), files(message), thread(message, answers, openThread)),
    reply,
  );
}

/** @param {any} message */
function body(message) {
  const place = placeOf({ channel: store.channel, ts: message.ts }, message.values);
  const attachments = (message.attachments ?? []).map((/** @type {any} */ one) => attachment(one, place));
  if (message.blocks?.length) return h("div.body", {}, renderBlocks(message.blocks, place), attachments);
  if (!message.text && !attachments.length) return null;
  // Slack marks a changed text, and never changed blocks.
  const edited = message.edited ? h("span.edited", { title: `Edited ${clock(message.edited.ts)}` }, " (edited)") : null;
  const quiet = message.subtype ? ".quiet" : "";
  return h("div.body", {}, h(`div.mrkdwn${quiet}`, {}, mrkdwn(message.text), edited), attachments);
}

/** @param {any} one @param {import("./controls.js").Place} place */
function attachment(one, place) {
  const color = /^#?[0-9a-f]{6}$/i.test(one.color ?? "") ? `#${one.color.replace("#", "")}` : { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" }[/** @type {string} */ (one.color)];
  const words = one.text ?? (one.blocks ? "" : one.fallback) ?? "";
  return h("div.attachment", { style: color ? { borderLeftColor: color } : {} }, one.title ? h("strong", {}, one.title) : null, words ? h("div.mrkdwn", {}, mrkdwn(words)) : null, one.blocks ? renderBlocks(one.blocks, place) : null);
}

/** @param {any} message */
function files(message) {
  return (message.files ?? []).map((/** @type {any} */ file) =>
    h(
      "a.file",
      { href: safeUrl(file.url_private), download: file.name },
      h("span.file-icon", {}, icon("file")),
      h("span.file-words", {}, h("strong", {}, file.title || file.name), h("small", {}, `${file.filetype.toUpperCase()} · ${bytes(file.size)}`)),
      h("span.file-down", { title: "Download" }, icon("down")),
    ),
  );
}

/** @param {number} size */
function bytes(size) {
  if (size < 1_000) return `${size} bytes`;
  return size < 1_000_000 ? `${(size / 1_000).toFixed(1)} kB` : `${(size / 1_000_000).toFixed(1)} MB`;
}

/** @param {any} message @param {any[]} answers @param {(ts: string) => void} openThread */
function thread(message, answers, openThread) {
  if (!answers.length) return null;
  const people = [...new Set(answers.map((one) => one.user))].slice(0, 3);
  const last = answers[answers.length - 1];
  return h(
    "button.thread-link",
    { type: "button", onclick: () => openThread(message.ts) },
    people.map((id) => avatar(id, ".small")),
    h("span", {}, `${answers.length} ${answers.length === 1 ? "reply" : "replies"}`),
    h("small", {}, `Last reply ${clock(last.ts)}`),
  );
}

/** What an empty channel says. @param {any} channel */
export function emptyNote(channel) {
  const words = channel.is_im ? `This is the very beginning of your conversation with ${bot().display_name}.` : `This is the very beginning of #${channel.name}.`;
  return h("div.beginning", {}, h("span.beginning-mark", { "aria-hidden": "true" }, channel.is_im ? avatar(bot().user_id, ".large") : icon("hash")), h("h3", {}, channel.is_im ? bot().display_name : `#${channel.name}`), h("p", {}, words, channel.topic ? ` ${channel.topic}.` : ""));
}
