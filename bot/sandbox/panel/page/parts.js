// @ts-check
/** What the sections share: finding a part of the page, the time of day, and doing something. */
import { fill, h } from "/page/dom.js";

/** @param {string} id */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** `03:04:05` in UTC, as in everything that the bot writes. @param {string | number} at */
export function timeOfDay(at) {
  return new Date(at).toISOString().slice(11, 19);
}

/** Throw a switch and say what came of it, and what to watch for next. @param {string} deed @param {any} [given] */
export async function act(deed, given = {}) {
  let answer;
  try {
    const response = await fetch(`/sandbox/behind/${deed}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) });
    answer = await response.json();
  } catch {
    answer = { ok: false, said: "The sandbox does not answer.", watch: "" };
  }
  const said = byId("said");
  said.hidden = false;
  said.classList.toggle("refused", !answer.ok);
  fill(said, h("strong", {}, answer.said), answer.watch ? ` ${answer.watch}` : null);
  document.dispatchEvent(new Event("deed"));
}
