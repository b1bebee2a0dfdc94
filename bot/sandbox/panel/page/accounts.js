// @ts-check
/** What stands in the accounts. */
import { breakable, fill, h } from "/page/dom.js";
import { byId } from "/sandbox/behind/parts.js";

/** @param {any[]} accounts @param {number} inAll @param {string} words what is looked for, or nothing */
export function drawAccounts(accounts, inAll, words) {
  const wanted = words.trim().toLowerCase();
  const matching = accounts.filter((one) => `${one.name} ${one.id}`.toLowerCase().includes(wanted));
  fill(byId("account-list"), ...matching.map(row));
  const more = inAll - accounts.length;
  byId("more").textContent = wanted && !matching.length ? "There is no such account." : !wanted && more > 0 ? `And ${more.toLocaleString("en")} more: find them by name or id.` : "";
  fill(byId("account-names"), ...accounts.map((one) => h("option", { value: one.name }, one.id)));
}

/** @param {any} account */
function row(account) {
  const roles = account.roles.map(role);
  return h(
    "li.account",
    {},
    h("div.account-head", {}, h("b", {}, account.name), h("span.id", {}, account.id), account.written ? h("span.chip.good", {}, "written to") : null),
    h("p.quiet", {}, account.about),
    roles.length ? h("ul", {}, roles) : h("p.none", {}, "No role with the policy"),
  );
}

/** @param {any} one */
function role(one) {
  const trusts = one.is_open ? "everyone" : one.trusts.join(", ") || "nobody";
  return h(
    `li.role${one.is_open ? ".refused" : ""}`,
    {},
    h("code", {}, one.name),
    one.is_ours ? h("span.chip.good", {}, "made by the bot") : null,
    one.is_open ? h("span.chip.bad", {}, "open to all") : null,
    h("span.quiet", {}, " trusts ", h("code", {}, breakable(trusts))),
  );
}
