// @ts-check
/** The page: puts the parts together, follows the server's events, and keeps the address in step. */
import { act, listen, readMessages, readState } from "./api.js";
import { avatar } from "./avatar.js";
import { renderBlocks } from "./blocks.js";
import * as clock from "./clock.js";
import { composer } from "./composer.js";
import { note, openMenu } from "./dialogs.js";
import { atSpot, fill, h, hold, icon, refill, spotOf } from "./dom.js";
import { channelMessages, drawMessages, emptyNote, forgetDrawn, replies } from "./messages.js";
import { showModals } from "./modals.js";
import { setNames } from "./mrkdwn.js";
import { placeOf } from "./place.js";
import { badge, bot, channel, channelName, dm, groupName, me, messagesIn, nameOf, store } from "./store.js";
import { turnTheme, themeIcon } from "./theme.js";
import { welcome } from "./welcome.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
/** @type {() => void} */
let stopListening = () => {};

const sidebar = h("nav.sidebar", { "aria-label": "Channels" });
const head = h("header.channel-head");
const list = h("div.message-list", { role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": "Messages", tabindex: 0 });
const intro = h("div.intro");
const scroller = h("div.scroller", {}, intro, list);
const box = composer({ placeholder: () => `Message ${placeName()}`, thread: () => "", label: "Message" });
const homePane = h("div.home", { role: "tabpanel", "aria-label": "Home", tabindex: -1 });
const main = h("main.main", { id: "main", tabindex: -1 }, head, scroller, box.node);
const threadList = h("div.message-list.thread-list", { role: "log", "aria-live": "polite", "aria-label": "Thread" });
const threadBox = composer({ placeholder: () => "Reply…", thread: () => store.thread, label: "Reply" });
const aside = h("aside.aside", { "aria-label": "Thread" });
const offline = h("div.offline", { role: "alert", hidden: true }, icon("warn"), "The local Slack does not answer. Trying again…");

function placeName() {
  const place = channel();
  return place.is_im ? place.name : `#${place.name}`;
}

// --- drawing ---

function draw() {
  const place = channel();
  document.title = `${totalUnread() ? `(${totalUnread()}) ` : ""}${placeName()} · ${store.state.workspace.name}`;
  drawSidebar();
  drawHead(place);
  const onHome = place.is_im && store.tab !== "messages";
  hold(main, onHome ? [head, homePane] : [head, scroller, box.node]);
  if (onHome) drawHome();
  else drawConversation(place);
  drawAside();
  showModals(store.state.views);
  offline.hidden = store.alive;
}

/** @param {any} place */
function drawConversation(place) {
  const here = `${store.user}/${place.id}`;
  if (scroller.dataset.of !== here) sticking = true;
  scroller.dataset.of = here;
  const messages = channelMessages();
  refill(intro, welcome(place, tryOut, draw), messages.length ? null : emptyNote(place));
  drawMessages(list, messages, openThread, "channel");
  box.refresh();
  keepAtEnd();
}

/** Whether the newest message is to stay in sight: until the person scrolls up. */
let sticking = true;
function keepAtEnd() {
  if (sticking && store.state) scroller.scrollTop = channelMessages().length ? scroller.scrollHeight : 0;
}
let lastTop = 0;
scroller.addEventListener("scroll", () => {
  // A message that grows moves the end, not the top: only a person moves the top upwards.
  if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40) sticking = true;
  else if (scroller.scrollTop < lastTop - 2) sticking = false;
  lastTop = scroller.scrollTop;
});
new ResizeObserver(keepAtEnd).observe(list);
new ResizeObserver(keepAtEnd).observe(scroller);

const totalUnread = () => store.state.channels.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.unread, 0);

function drawSidebar() {
  const workspace = store.state.workspace;
  const rows = store.state.channels.filter((/** @type {any} */ one) => !one.is_im).map(channelRow);
  const panels = store.state.panels.length ? [h("h2.side-title", {}, "Sandbox"), h("ul.side-list", {}, store.state.panels.map(panelRow))] : [];
  refill(
    sidebar,
    h("div.workspace", {}, h("span.workspace-mark", { "aria-hidden": "true" }, workspace.name[0]), h("span.workspace-name", {}, workspace.name), h("button.ghost.theme", { type: "button", "data-nav": "theme", "aria-label": "Turn light or dark", title: "Light or dark", onclick: () => (turnTheme(), drawSidebar()) }, themeIcon())),
    h("div.side-scroll", {}, h("h2.side-title", {}, "Channels"), h("ul.side-list", {}, rows), h("h2.side-title", {}, "Apps"), h("ul.side-list", {}, appRow(dm())), ...panels),
    whoAmI(),
  );
}

/** @param {any} one */
function channelRow(one) {
  const here = one.id === store.channel;
  const sign = one.is_private ? icon("lock") : icon("hash");
  return h(
    "li",
    {},
    h(
      `button.side-row${here ? ".here" : ""}${one.unread && !here ? ".unread" : ""}`,
      { type: "button", "data-nav": one.id, "aria-current": here ? "page" : null, onclick: () => go(one.id) },
      sign,
      h("span.side-name", {}, one.name),
      one.is_ext_shared ? h("span.side-note", { title: "Shared with another workspace" }, "shared") : null,
      one.unread && !here ? h("span.count", { "aria-label": `${one.unread} unread` }, one.unread) : null,
    ),
  );
}

/** @param {any} one */
function appRow(one) {
  const here = one.id === store.channel;
  const app = store.state.app;
  const state = app.is_out ? "out" : app.connections ? "on" : "off";
  const words = { on: "connected", off: "not connected", out: "cut off: a pretended outage" }[state];
  return h(
    "li",
    {},
    h(
      `button.side-row${here ? ".here" : ""}${one.unread && !here ? ".unread" : ""}`,
      { type: "button", "data-nav": one.id, "aria-current": here ? "page" : null, onclick: () => go(one.id) },
      avatar(bot().user_id, ".tiny"),
      h("span.side-name", {}, one.name),
      one.unread && !here ? h("span.count", { "aria-label": `${one.unread} unread` }, one.unread) : null,
      h(`span.presence.${state}`, { role: "img", "aria-label": words, title: `The app is ${words}` }),
    ),
  );
}

/** @param {any} panel */
function panelRow(panel) {
  const here = store.panel === panel.path;
  const toggle = () => {
    store.panel = here ? "" : panel.path;
    store.thread = "";
    closeMenu();
    draw();
  };
  return h("li", {}, h(`button.side-row${here ? ".open" : ""}`, { type: "button", "data-nav": panel.path, title: panel.about, "aria-expanded": String(here), onclick: toggle }, icon("panel"), h("span.side-name", {}, panel.title)));
}

function whoAmI() {
  const one = me();
  const button = h(
    "button.who",
    { type: "button", "data-nav": "who", "aria-haspopup": "menu", "aria-expanded": "false" },
    avatar(one.id),
    h("span.who-words", {}, h("small", {}, "You are"), h("strong", {}, one.real_name)),
    icon("chevron"),
  );
  const items = store.state.people.map((/** @type {any} */ other) => ({
    label: other.real_name,
    checked: other.id === one.id,
    node: h(
      "span.person",
      {},
      avatar(other.id),
      h("span.menu-text", {}, h("span", {}, other.real_name, badge(other) ? h("span.badge", {}, badge(other)) : null), h("small", {}, other.about || other.title)),
    ),
    run: () => void become(other.id),
  }));
  button.addEventListener("click", () => openMenu(button, items, "Who you are"));
  return button;
}

/** @param {any} place */
function drawHead(place) {
  const menu = h("button.ghost.burger", { type: "button", "data-nav": "channels", "aria-label": "Channels", "aria-expanded": String(document.body.classList.contains("menu-open")), onclick: openMenuPane }, icon("menu"));
  const title = h("h1", {}, place.is_im ? avatar(bot().user_id, ".tiny") : icon(place.is_private ? "lock" : "hash"), h("span", {}, place.name), place.is_im ? h("span.badge", {}, "APP") : null);
  const count = place.is_im ? null : h("span.members", { title: memberNames(place) }, `${place.members.length + (place.has_bot ? 1 : 0)} members`);
  const absent = place.has_bot ? null : h("span.absent", {}, `${bot().display_name} is not here`);
  const tips = store.state.tips.length ? h("button.ghost", { type: "button", "data-nav": "tips", "aria-label": "Things to try", title: "Things to try", onclick: () => bringBackWelcome(place.id) }, icon("bulb")) : null;
  refill(head, h("div.head-row", {}, menu, title, h("span.topic", {}, place.topic), absent, count, tips), place.is_im ? tabs() : null);
}

/** @param {string} id */
function bringBackWelcome(id) {
  welcome.show(id);
  store.tab = "messages";
  sticking = false;
  draw();
  scroller.scrollTo({ top: 0 });
}

/** @param {any} place */
function memberNames(place) {
  return [...place.members.map(nameOf), ...(place.has_bot ? [bot().display_name] : [])].join(", ");
}

function tabs() {
  const one = (/** @type {string} */ tab, /** @type {string} */ name) =>
    h("button.tab", { type: "button", role: "tab", "aria-selected": String(store.tab === tab), tabindex: store.tab === tab ? 0 : -1, "data-nav": tab, onclick: () => openTab(tab) }, name);
  const bar = h("div.tabs", { role: "tablist", "aria-label": bot().display_name }, one("home", "Home"), one("messages", "Messages"), one("about", "About"));
  bar.addEventListener("keydown", (event) => {
    const order = ["home", "messages", "about"];
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    openTab(order[(order.indexOf(store.tab) + by + 3) % 3]);
    /** @type {HTMLElement | null} */ (head.querySelector(`[data-nav="${store.tab}"]`))?.focus();
  });
  return bar;
}

function drawHome() {
  if (store.tab === "about") {
    const about = h("div.about", {}, avatar(bot().user_id, ".large"), h("h2", {}, bot().display_name), h("p", {}, bot().description || "An app in this workspace."), h("h3", {}, "Commands"), h("ul", {}, store.state.workspace.commands.map((/** @type {any} */ one) => h("li", {}, h("code", {}, one.name), " ", one.description))), trouble());
    homePane.dataset.hash = "";
    return fill(homePane, about);
  }
  const view = store.state.home;
  const key = view ? JSON.stringify([view.hash, view.values]) : "none";
  if (homePane.dataset.hash === key && homePane.childElementCount) return undefined;
  homePane.dataset.hash = key;
  const spot = homePane.contains(document.activeElement) ? spotOf(document.activeElement) : undefined;
  if (!view) return fill(homePane, h("div.beginning", {}, avatar(bot().user_id, ".large"), h("h3", {}, bot().display_name), h("p", {}, "The app has not published a home tab for you yet.")));
  fill(homePane, h("div.home-inner", {}, renderBlocks(view.blocks, placeOf({ view_id: view.id }, view.values))));
  // What was focused is no longer there, if it was decided meanwhile: the tab then, and no other button.
  if (spot) (atSpot(homePane, spot) ?? homePane).focus({ preventScroll: true });
  return undefined;
}

/** What goes wrong around an app now and then, to be tried out. */
function trouble() {
  const one = (/** @type {string} */ label, /** @type {string} */ action, /** @type {any} */ body) =>
    h("button.button", { type: "button", onclick: () => void act(action, { user: store.user, ...body }) }, label);
  return [
    h("h3", {}, "Trouble on purpose"),
    h("p.quiet", {}, "What Slack does to every app now and then. The app should get over it by itself."),
    h("div.actions", {}, one("Ask it to reconnect", "disconnect", {}), one("Send the last event again", "redeliver", {}), one("Be down for 20 seconds", "outage", { seconds: 20 })),
  ];
}

function drawAside() {
  root.classList.toggle("has-aside", Boolean(store.thread || store.panel));
  root.classList.toggle("has-panel", Boolean(store.panel));
  aside.setAttribute("aria-label", store.panel ? "Behind the conversation" : "Thread");
  if (store.panel) return drawPanel();
  const parent = messagesIn().find((/** @type {any} */ one) => one.ts === store.thread);
  if (!parent) {
    store.thread = "";
    root.classList.remove("has-aside");
    return fill(aside);
  }
  const close = h("button.ghost", { type: "button", "aria-label": "Close the thread", onclick: closeAside }, icon("close"));
  if (aside.dataset.of !== `thread/${store.thread}` || !threadList.isConnected) {
    aside.dataset.of = `thread/${store.thread}`;
    threadList.replaceChildren();
    fill(aside, h("header.aside-head", {}, h("h2", {}, "Thread"), h("small", {}, placeName()), close), h("div.aside-scroll", {}, threadList), threadBox.node);
  }
  drawMessages(threadList, [parent, ...replies(parent.ts)], openThread, "thread");
  threadBox.refresh();
  return undefined;
}

function drawPanel() {
  if (aside.dataset.of === `panel/${store.panel}` && aside.querySelector("iframe")) return;
  aside.dataset.of = `panel/${store.panel}`;
  const panel = store.state.panels.find((/** @type {any} */ one) => one.path === store.panel);
  const close = h("button.ghost", { type: "button", "aria-label": `Close ${panel.title}`, onclick: closeAside }, icon("close"));
  fill(aside, h("header.aside-head", {}, h("h2", {}, panel.title), h("small", {}, panel.about), close), h("iframe.panel", { src: panel.path, title: panel.title }));
}

// --- doing ---

/** @param {string} ts */
function openThread(ts) {
  store.thread = ts;
  store.panel = "";
  draw();
  threadBox.box.focus();
}

function closeAside() {
  const ts = store.thread;
  store.thread = store.panel = "";
  aside.dataset.of = "";
  draw();
  const from = /** @type {HTMLElement | null} */ (list.querySelector(`[data-ts="${CSS.escape(ts || "none")}"] button`));
  (from ?? box.box).focus();
}

function openMenuPane() {
  document.body.classList.toggle("menu-open");
  draw();
}
function closeMenu() {
  document.body.classList.remove("menu-open");
}

/** @param {string} id */
function go(id, tab = "messages") {
  closeMenu();
  store.channel = id;
  store.thread = "";
  store.tab = tab;
  remember();
  void markRead();
  draw();
  if (!matchMedia("(pointer: coarse)").matches && tab === "messages") box.box.focus();
}

/** @param {string} tab */
function openTab(tab) {
  store.tab = tab;
  remember();
  draw();
  if (tab !== "about") void act("home_opened", { user: store.user, tab });
}

/** Type a tip for the person: where it belongs, ready to be sent. @param {any} tip */
function tryOut(tip) {
  const place = store.state.channels.find((/** @type {any} */ one) => one.name === tip.channel);
  go(place ? place.id : store.channel);
  box.set(tip.text);
}

async function markRead() {
  const place = channel();
  if (!place?.unread || document.hidden || (place.is_im && store.tab !== "messages")) return;
  place.unread = 0;
  await act("read", { user: store.user, channel: place.id });
}

/** @param {string} id */
async function become(id) {
  store.user = id;
  store.thread = "";
  await load();
}

// --- following ---

async function load() {
  stopListening();
  store.state = await readState(store.user);
  if (clock.follow(store.state.now)) forgetDrawn();
  setNames({ person: nameOf, channel: channelName, group: groupName, me: store.user });
  if (!channel()) store.channel = store.state.channels[0].id;
  remember();
  void markRead();
  draw();
  stopListening = listen(store.user, (event) => void onEvent(event), onAlive);
}

/** @param {boolean} alive */
function onAlive(alive) {
  if (alive && !store.alive) void refresh();
  store.alive = alive;
  offline.hidden = alive;
}

let reading = Promise.resolve();
/** Events are followed one after another, so that an older answer never overwrites a newer one. @param {any} event */
function onEvent(event) {
  const user = store.user;
  reading = reading.then(() => (user === store.user ? follow(event) : undefined)).catch(() => {});
  return reading;
}

/** @param {any} event */
async function follow(event) {
  if (event.type === "hello" || event.type === "app") {
    store.state.app = event.app;
    if (event.type === "hello") return refresh();
  } else if (event.type.startsWith("message")) {
    const { messages, unread } = await readMessages(store.user, event.channel);
    store.state.messages[event.channel] = messages;
    const place = channel(event.channel);
    if (place) place.unread = unread;
    await markRead();
  } else return refresh();
  draw();
}

async function refresh() {
  store.state = await readState(store.user);
  if (clock.follow(store.state.now)) forgetDrawn();
  await markRead();
  draw();
}

// --- the address: #/riley/cloud-security ---

function remember() {
  const place = channel();
  const name = place.is_im ? `app${store.tab === "messages" ? "" : `/${store.tab}`}` : place.name;
  window.history.replaceState(null, "", `/#/${me().name}/${name}`);
}

/** The message that an address leads to, if it has the form of Slack's. @param {string} path */
function linked(path) {
  const [, id, digits] = /^\/archives\/(\w+)\/p(\d{7,})$/.exec(path) ?? [];
  return id && digits ? { id, ts: `${digits.slice(0, -6)}.${digits.slice(-6)}` } : undefined;
}

/** @param {{id: string, ts: string}} at */
function showMessage(at) {
  if (!channel(at.id)) return note("That message stands in a channel that you are not in.");
  go(at.id);
  const found = /** @type {HTMLElement | null} */ (list.querySelector(`[data-ts="${CSS.escape(at.ts)}"]`));
  if (!found) return note("That message is no longer there.");
  sticking = false;
  found.tabIndex = -1;
  found.scrollIntoView({ block: "center" });
  found.focus({ preventScroll: true });
  return undefined;
}

// A link to a message of this workspace leads to it here, as the same person, and not to a page of its own.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? /** @type {HTMLAnchorElement | null} */ (event.target.closest("a[href]")) : null;
  const at = link?.origin === location.origin ? linked(link.pathname) : undefined;
  if (!at || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showMessage(at);
});

async function start() {
  const at = linked(location.pathname);
  const [, who, where, tab] = decodeURIComponent(location.hash).split("/");
  const first = await fetch("/local/people").then((response) => response.json());
  store.user = (first.people.find((/** @type {any} */ one) => one.name === who) ?? first.people[0]).id;
  store.state = await readState(store.user);
  const place = store.state.channels.find((/** @type {any} */ one) => (where === "app" ? one.is_im : one.name === where));
  store.channel = (place ?? store.state.channels[0]).id;
  store.tab = place?.is_im && ["home", "about"].includes(tab) ? tab : "messages";
  fill(root, h("a.skip", { href: "#main", onclick: (/** @type {Event} */ event) => (event.preventDefault(), main.focus()) }, "Skip to the conversation"), sidebar, h("div.veil", { onclick: () => (closeMenu(), draw()) }), main, aside, offline);
  await load();
  if (store.tab === "home") void act("home_opened", { user: store.user, tab: "home" });
  if (!matchMedia("(pointer: coarse)").matches) box.box.focus();
  if (at) showMessage(at);
}

document.addEventListener("visibilitychange", () => store.state && void markRead().then(draw));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("menu-open")) (closeMenu(), draw());
  else if (event.key === "Escape" && (store.thread || store.panel) && !document.querySelector("dialog[open]")) closeAside();
});
window.addEventListener("hashchange", () => {
  const [, who, where, tab] = decodeURIComponent(location.hash).split("/");
  if (who && who !== me().name) return location.reload();
  const place = store.state.channels.find((/** @type {any} */ one) => (where === "app" ? one.is_im : one.name === where));
  if (place) go(place.id);
  if (place?.is_im && tab) openTab(tab);
  return undefined;
});
start().catch((error) => fill(root, h("p.offline", { role: "alert" }, `The page cannot start: ${error.message}`)));
