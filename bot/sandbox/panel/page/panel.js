// @ts-check
/** The page behind the scenes: asks what changed once a second, draws that, and throws switches. */
import { fill, h } from "/page/dom.js";
import { drawAccounts } from "/sandbox/behind/accounts.js";
import { drawChain, verify } from "/sandbox/behind/chain.js";
import { addCalls, chooseCalls } from "/sandbox/behind/calls.js";
import { startClock } from "/sandbox/behind/clock.js";
import { act, byId } from "/sandbox/behind/parts.js";
import { drawSwitches, drawThrown } from "/sandbox/behind/switches.js";

const EVERY_MS = 1000;
const find = /** @type {HTMLInputElement} */ (byId("find"));
const clock = startClock();
let last = 0;
/** What each part was drawn from; it is drawn again when that changes. @type {Map<string, string>} */
const drawn = new Map();

/** @param {string} part @param {any} from @param {(from: any) => void} draw */
function drawIfChanged(part, from, draw) {
  const text = JSON.stringify(from);
  if (drawn.get(part) === text) return;
  drawn.set(part, text);
  draw(from);
}

async function look() {
  const words = find.value;
  const response = await fetch(`/sandbox/behind/state?since=${last}&find=${encodeURIComponent(words)}`);
  if (!response.ok) throw new Error(response.statusText);
  const state = await response.json();
  if (state.calls.length) last = state.calls.at(-1).number;
  addCalls(state.calls);
  clock.set(state.clock);
  drawIfChanged("accounts", [state.accounts, state.accounts_in_all, words], ([accounts, inAll]) => drawAccounts(accounts, inAll, words));
  drawIfChanged("audit", state.audit, drawChain);
  drawIfChanged("thrown", state.thrown, drawThrown);
}

let waiting = 0;
async function lookAgainAndAgain() {
  clearTimeout(waiting);
  try {
    await look();
    byId("offline").hidden = true;
  } catch {
    byId("offline").hidden = false;
  }
  clearTimeout(waiting);
  if (!document.hidden) waiting = window.setTimeout(lookAgainAndAgain, EVERY_MS);
}

const MOVES = [
  ["+1 hour", { seconds: 3600 }],
  ["+1 day", { seconds: 86_400 }],
  ["Tomorrow 09:00", { to: "morning" }],
  ["In 14 days", { seconds: 14 * 86_400 }],
];

/** Light or dark as the workspace beside it: turned there, it is turned here. */
function followTheme() {
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // Storage is off: the system's choice holds.
  }
  const isDark = (chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
}

/** The sticky head grows when it says something: what a link leads to must not lie under it. */
function keepClearOfHead() {
  const head = /** @type {HTMLElement} */ (document.querySelector("header"));
  new ResizeObserver(() => (document.documentElement.style.scrollPaddingTop = `${head.offsetHeight + 4}px`)).observe(head);
}

followTheme();
keepClearOfHead();
window.addEventListener("storage", followTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", followTheme);
fill(byId("moves"), ...MOVES.map(([label, given]) => h("button.button", { type: "button", onclick: () => act("move", given) }, label)));
chooseCalls();
drawSwitches();
byId("verify").addEventListener("click", () => void verify());
find.addEventListener("input", () => void lookAgainAndAgain());
document.addEventListener("visibilitychange", () => !document.hidden && void lookAgainAndAgain());
document.addEventListener("deed", () => void lookAgainAndAgain());
void lookAgainAndAgain();
