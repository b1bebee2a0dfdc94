// @ts-check
/** The welcome panel: a few things to try, which a click types. */
import { h, icon } from "./dom.js";
import { store } from "./store.js";

/** It stands where its tips lead, until it is hidden; the bulb in a channel's head brings it back there. */
let hidden = false;
let forced = "";

/** @param {any} place */
function belongs(place) {
  if (forced === place.id) return true;
  const first = store.state.channels[0];
  return !hidden && (place === first || store.state.tips.some((/** @type {any} */ tip) => tip.channel === place.name));
}

/**
 * @param {any} place the channel in front
 * @param {(tip: any) => void} tryOut
 * @param {() => void} redraw
 */
export function welcome(place, tryOut, redraw) {
  const tips = store.state.tips;
  if (!tips.length || !belongs(place)) return null;
  const cards = tips.map((/** @type {any} */ tip, /** @type {number} */ index) =>
    h(
      "button.tip",
      { type: "button", "data-nav": `tip-${index}`, onclick: () => tryOut(tip) },
      h("span.tip-number", { "aria-hidden": "true" }, index + 1),
      h("span.tip-words", {}, h("strong", {}, tip.title), tip.why ? h("small", {}, tip.why) : null, h("code", {}, tip.text)),
    ),
  );
  const close = h("button.ghost", { type: "button", "aria-label": "Hide the welcome", onclick: () => ((hidden = true), (forced = ""), redraw()) }, icon("close"));
  const words = store.state.app.connections ? "A Slack on your own machine; nothing here reaches the real one. Click a card to type its command, then press Enter. You change who you are at the bottom left." : "This is a Slack on your own machine. No app is connected to it yet.";
  return h("section.welcome", { "aria-label": "Things to try" }, h("header", {}, h("div", {}, h("h2", {}, `Welcome to ${store.state.workspace.name}`), h("p", {}, words)), close), h("div.tips", {}, cards));
}

/** @param {string} channel */
welcome.show = (channel) => {
  forced = channel;
};
