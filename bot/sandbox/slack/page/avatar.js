// @ts-check
import { h, icon } from "./dom.js";
import { bot, isBot, nameOf, store } from "./store.js";

/** A square with a person's initials, or the app's mark; it says nothing that the name beside it does not. @param {string} id */
export function avatar(id, size = "") {
  if (isBot(id)) return h(`span.avatar.app${size}`, { "aria-hidden": "true", style: { background: bot().color } }, icon("shield"));
  if (id === "USLACKBOT") return h(`span.avatar.slackbot${size}`, { "aria-hidden": "true" }, "S");
  const initials = nameOf(id).split(/\s+/).map((/** @type {string} */ word) => [...word][0] ?? "").slice(0, 2).join("");
  const hue = Math.max(0, store.state.people.findIndex((/** @type {any} */ one) => one.id === id)) % 8;
  return h(`span.avatar.h${hue}${size}`, { "aria-hidden": "true" }, initials);
}
