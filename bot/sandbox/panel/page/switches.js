// @ts-check
/** The switches, and those that are on. */
import { fill, h } from "/page/dom.js";
import { act, byId } from "/sandbox/behind/parts.js";

const account = /** @type {HTMLInputElement} */ (h("input", { id: "account", list: "account-names", value: "payments-prod", autocomplete: "off" }));
const calls = /** @type {HTMLInputElement} */ (h("input.number", { type: "number", value: "20", min: "1", max: "100000", "aria-label": "How many calls" }));

/** @typedef {{title: string, about: string, label: string, deed: string, given?: () => any, before?: Node, more?: [string, string][]}} Deed */

/** @type {[string, Deed[]][]} */
const GROUPS = [
  [
    "In one account",
    [
      { title: "Deny the scanner", about: "The account cannot be read any more.", label: "Deny", deed: "deny", given: () => ({ account: account.value, role: "SupportRoleScanner" }) },
      { title: "Deny the remediator", about: "It can be read, and not be fixed.", label: "Deny", deed: "deny", given: () => ({ account: account.value, role: "SupportRoleRemediator" }) },
      { title: "Plant a hostile role", about: "Of the name that a fix uses, and open to everyone.", label: "Plant", deed: "hostile", given: () => ({ account: account.value }) },
      { title: "Delete whom it trusts", about: "IncidentManager is gone. Made anew, it is another one.", label: "Delete", deed: "orphan", given: () => ({ account: account.value }), more: [["revive", "Make anew"]] },
    ],
  ],
  ["AWS", [{ title: "Throttle AWS", about: "It has had enough of so many of the next calls.", label: "Throttle", deed: "throttle", given: () => ({ calls: calls.valueAsNumber }), before: calls }]],
  ["Slack", [{ title: "Cut Slack off", about: "For ten seconds the bot reaches nobody, and nobody the bot.", label: "Cut off", deed: "outage", given: () => ({ seconds: 10 }) }]],
  [
    "The worker",
    [
      { title: "Kill it now", about: "As a crash would: the process that works in AWS ends at once.", label: "Kill", deed: "kill" },
      { title: "Kill it in the next fix", about: "When the role is made, and its policy not yet attached.", label: "Lie in wait", deed: "ambush" },
    ],
  ],
  ["Two people", [{ title: "Approve twice at once", about: "Ana and Sam press Approve on the newest question at the same moment.", label: "Press", deed: "approve_twice" }]],
];

export function drawSwitches() {
  const pick = h("p.pick", {}, h("label", { for: "account" }, "Account"), account, h("datalist", { id: "account-names" }));
  fill(byId("deeds"), ...GROUPS.map(([title, deeds], index) => h("div.group", {}, h("h3", {}, title), index === 0 ? pick : null, deeds.map(row))));
}

/** @param {Deed} deed */
function row(deed) {
  const given = deed.given ?? (() => ({}));
  const button = (/** @type {string} */ name, /** @type {string} */ label) =>
    h("button.button", { type: "button", "aria-label": `${label}: ${deed.title}`, onclick: () => act(name, given()) }, label);
  const more = (deed.more ?? []).map(([name, label]) => button(name, label));
  return h("div.deed", {}, h("div", {}, h("b", {}, deed.title), h("p.quiet", {}, deed.about)), h("div.deed-do", {}, deed.before ?? null, button(deed.deed, deed.label), more));
}

/** @param {{text: string, back: string, given: any}[]} thrown */
export function drawThrown(thrown) {
  fill(
    byId("thrown"),
    ...thrown.map((one) => h("li", {}, h("span", {}, one.text), h("button.button", { type: "button", "aria-label": `Take back: ${one.text}`, onclick: () => act(one.back, one.given) }, "Take back"))),
  );
}
