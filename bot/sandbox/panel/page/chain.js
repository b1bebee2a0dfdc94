// @ts-check
/** The audit chain: each event with its hash, linked to the one before. */
import { fill, h } from "/page/dom.js";
import { byId, timeOfDay } from "/sandbox/behind/parts.js";

/** @param {{events: any[], length: number, unposted: number}} audit */
export function drawChain(audit) {
  byId("no-events").hidden = audit.length > 0;
  byId("chain").hidden = audit.length === 0;
  const waits = audit.unposted ? `, ${audit.unposted} to be posted in Slack` : "";
  byId("length").textContent = audit.length ? `${audit.length} event${audit.length === 1 ? "" : "s"}${waits}` : "";
  byId("verified").hidden = true;
  fill(byId("chain"), ...audit.events.map((event, index) => row(event, audit.events[index + 1])));
}

/** @param {any} event @param {any} before */
function row(event, before) {
  const isLinked = !before || before.hash === event.previous;
  const previous = event.previous ? h("code", {}, event.previous) : "nothing: it is the first";
  return h(
    `li.event${isLinked ? "" : ".refused"}`,
    { title: event.outcome },
    h("div.event-head", {}, h("b", {}, `#${event.seq}`), h("code.action", {}, event.kind), h("time", {}, timeOfDay(event.at))),
    h("p.quiet", {}, event.actor, event.account ? [" · ", h("b", {}, event.account)] : null),
    h("p.hashes", {}, h("code", {}, event.hash), h("span.quiet", {}, isLinked ? " follows " : " does not follow "), previous),
  );
}

export async function verify() {
  const verified = byId("verified");
  const response = await fetch("/sandbox/behind/verify");
  const answer = await response.json();
  verified.hidden = false;
  verified.classList.toggle("refused", !answer.intact);
  verified.textContent = answer.said;
}
