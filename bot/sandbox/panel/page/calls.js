// @ts-check
/** AWS's calls as they come, the newest first. Rows are added and never drawn anew: scroll and focus stay. */
import { fill, h } from "/page/dom.js";
import { byId, timeOfDay } from "/sandbox/behind/parts.js";

const READS_AT_MOST = 150;
const NOTABLE_AT_MOST = 200;
const CHOICES = [
  ["all", "All"],
  ["writes", "Writes"],
  ["refused", "Refused"],
];

/** @param {any[]} calls the oldest first */
export function addCalls(calls) {
  if (!calls.length) return;
  const list = byId("call-list");
  list.prepend(...calls.toReversed().map(row));
  forget(list, "li:not(.write, .refused)", READS_AT_MOST);
  forget(list, "li.write, li.refused", NOTABLE_AT_MOST);
  sayIfEmpty();
}

/** @param {Element} list @param {string} kind @param {number} most */
function forget(list, kind, most) {
  for (const old of [...list.querySelectorAll(kind)].slice(most)) old.remove();
}

/** @param {any} call */
function row(call) {
  const kinds = `${call.is_write ? ".write" : ""}${call.error ? ".refused" : ""}`;
  const [service, action] = call.action.includes(":") ? call.action.split(":") : ["", call.action];
  return h(
    `li.call${kinds}`,
    {},
    h("time", {}, timeOfDay(call.at)),
    h("div", {}, h("code.action", {}, h("span.service", {}, service), " ", action || "?"), call.subject ? h("span.subject", {}, call.subject) : null),
    h(`span.chip${call.error ? ".bad" : call.is_write ? ".good" : ""}`, {}, call.error || (call.is_write ? "written" : "allowed")),
    h("p.quiet", {}, h("b", {}, call.account), " as ", call.caller, call.approver ? `, approved by ${call.approver}` : null),
  );
}

export function chooseCalls() {
  const list = byId("call-list");
  const buttons = CHOICES.map(([kind, label]) =>
    h("button.choice", { type: "button", "aria-pressed": String(kind === list.dataset.show), onclick: () => choose(kind) }, label),
  );
  /** @param {string} kind */
  function choose(kind) {
    list.dataset.show = kind;
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(CHOICES[index][0] === kind)));
    list.scrollTop = 0;
    sayIfEmpty();
  }
  fill(byId("show"), ...buttons);
}

const KINDS = /** @type {Record<string, string>} */ ({ all: "li", writes: "li.write", refused: "li.refused" });
const NONE = /** @type {Record<string, string>} */ ({
  all: "No calls yet. Type /support-role status in #cloud-security.",
  writes: "Nothing was written yet. Ask for a fix, and approve it as somebody else.",
  refused: "Nothing was refused yet.",
});

function sayIfEmpty() {
  const list = byId("call-list");
  const kind = list.dataset.show ?? "all";
  const none = byId("no-calls");
  none.hidden = Boolean(list.querySelector(KINDS[kind]));
  none.textContent = NONE[kind];
  list.hidden = !none.hidden;
}
sayIfEmpty();
