// @ts-check
/** What the page knows, and small questions about it. */

/**
 * @typedef {{
 *   user: string, state: any, channel: string, tab: string, thread: string, panel: string, alive: boolean,
 * }} Store
 */

/** @type {Store} */
export const store = { user: "", state: null, channel: "", tab: "messages", thread: "", panel: "", alive: true };

export const me = () => person(store.user);
export const bot = () => store.state.workspace.bot;
export const channel = (id = store.channel) => store.state.channels.find((/** @type {any} */ one) => one.id === id);
export const dm = () => store.state.channels.find((/** @type {any} */ one) => one.is_im);
export const messagesIn = (id = store.channel) => store.state.messages[id] ?? [];

/** @param {string} id */
export function person(id) {
  return store.state.people.find((/** @type {any} */ one) => one.id === id);
}

/** @param {string} id */
export function isBot(id) {
  return id === bot().user_id;
}

/** The name shown for whoever wrote something. @param {string} id */
export function nameOf(id) {
  if (isBot(id)) return bot().display_name;
  if (id === "USLACKBOT") return "Slackbot";
  return person(id)?.real_name ?? id;
}

/** @param {string} id */
export function channelName(id) {
  return store.state.workspace.channel_names[id] ?? id;
}

/** @param {string} id */
export function groupName(id) {
  return store.state.workspace.user_groups.find((/** @type {any} */ one) => one.id === id)?.handle ?? id;
}

/** What a person is, in a word or two for a badge. @param {any} one */
export function badge(one) {
  if (one.is_stranger) return "External";
  if (one.is_restricted) return "Guest";
  return one.is_admin ? "Admin" : "";
}
