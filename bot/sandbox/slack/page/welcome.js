// @ts-check
/** The welcome panel: a few things to try, which a click types. */
import { h, icon } from "./dom.js";
import { store } from "./store.js";

let hidden = false;

/**
 * @param {any} place the channel in front
 * @param {(tip: any) => void} tryOut
 * @param {() => void} redraw
 */
export function welcome(place, tryOut, redraw) {
  const tips = store.state.tips;
  if (hidden || !tips.length) return null;
  const cards = tips.map((/** @type {any} */ tip, /** @type {number} */ index) =>
    h(
      "button.tip",
      { type: "button", onclick: () => tryOut(tip) },
      h("span.tip-number", { "aria-hidden": "true" }, index + 1),
      h("span.tip-words", {}, h("strong", {}, tip.title), tip.why ? h("small", {}, tip.why) : null, h("code", {}, tip.text)),
    ),
  );
  const close = h("button.ghost", { type: "button", "aria-label": "Hide the welcome", onclick: () => ((hidden = true), redraw()) }, icon("close"));
  const words = store.state.app.connections ? "This is a Slack on your own machine; nothing here reaches the real one." : "This is a Slack on your own machine. No app is connected to it yet.";
  return h("section.welcome", { "aria-label": "Things to try" }, h("header", {}, h("div", {}, h("h2", {}, `Welcome to ${store.state.workspace.name}`), h("p", {}, words)), close), h("div.tips", {}, cards));
}

welcome.show = () => {
  hidden = false;
};
