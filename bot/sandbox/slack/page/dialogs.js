// @ts-check
/** Confirm dialogs, menus and passing notes. */
import { h, icon, uid } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** Ask before an action is sent, as the app's `confirm` says. @param {any} confirm @returns {Promise<boolean>} */
export function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  const title = uid("confirm");
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ yes) => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const yes = h(confirm.style === "danger" ? "button.button.danger.solid" : "button.button.primary", { type: "button", onclick: () => answer(true) }, confirm.confirm ? textObject(confirm.confirm) : "Yes");
    const no = h("button.button", { type: "button", onclick: () => answer(false) }, confirm.deny ? textObject(confirm.deny) : "Cancel");
    const dialog = /** @type {HTMLDialogElement} */ (
      h(
        "dialog.modal.confirm",
        { "aria-labelledby": title, role: "alertdialog" },
        h("header.modal-head", {}, h("h2", { id: title }, confirm.title ? textObject(confirm.title) : "Are you sure?"), h("button.ghost", { type: "button", "aria-label": "Close", onclick: () => answer(false) }, icon("close"))),
        h("div.modal-body", {}, h("div.mrkdwn", {}, textObject(confirm.text))),
        h("footer.modal-foot", {}, no, yes),
      )
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      answer(false);
    });
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}

/** @typedef {{label: string, node?: Node, detail?: string, checked?: boolean, run: () => void}} Item */

/**
 * Open a menu beside a button; arrows move, Escape closes.
 * @param {HTMLElement} button
 * @param {Item[]} items
 * @param {string} label
 */
export function openMenu(button, items, label) {
  const radio = items.some((item) => item.checked !== undefined);
  const nodes = items.map((item) =>
    h(
      "button.menu-item",
      {
        type: "button",
        role: radio ? "menuitemradio" : "menuitem",
        tabindex: -1,
        "aria-checked": radio ? String(Boolean(item.checked)) : null,
        onclick: () => (menu.hidePopover(), item.run()),
      },
      item.node ?? item.label,
    ),
  );
  const menu = h("div.menu", { role: "menu", popover: "auto", "aria-label": label }, nodes);
  (button.closest("dialog") ?? document.body).append(menu);
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    menu.remove();
    button.setAttribute("aria-expanded", "false");
  });
  menu.addEventListener("keydown", (event) => {
    const at = nodes.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) nodes[(at + by + nodes.length) % nodes.length].focus();
    else if (event.key === "Escape") (menu.hidePopover(), button.focus());
    else if (event.key === "Tab") menu.hidePopover();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  menu.showPopover();
  button.setAttribute("aria-expanded", "true");
  const at = button.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
  menu.style.top = at.bottom + size.height + 8 < innerHeight ? `${at.bottom + 4}px` : `${Math.max(8, at.top - size.height - 4)}px`;
  (nodes[items.findIndex((item) => item.checked)] ?? nodes[0])?.focus();
}

/** @type {HTMLElement | undefined} */
let notes;
/** A note that goes away by itself. @param {string} text */
export function note(text) {
  notes ??= document.body.appendChild(h("div.notes", { role: "status", "aria-live": "assertive", popover: "manual" }));
  if (!notes.matches(":popover-open")) notes.showPopover();
  const one = h("div.note", {}, icon("warn"), h("span", {}, text));
  notes.append(one);
  setTimeout(() => {
    one.remove();
    if (notes && !notes.childElementCount) notes.hidePopover();
  }, 6_000);
}

/** @type {Record<string, string>} */
const REASONS = {
  operation_timeout: "The app did not answer within 3 seconds.",
  dispatch_failed: "No app is connected to this workspace.",
  not_displayed: "That is no longer on the screen.",
  invalid_view_response: "The app answered with something Slack would refuse.",
};
/** A failure in words. @param {{error?: string, detail?: string, response_metadata?: {messages?: string[]}}} outcome */
export function reason(outcome) {
  const more = outcome.response_metadata?.messages?.join(" ") ?? outcome.detail ?? "";
  return `${REASONS[outcome.error ?? ""] ?? `That failed: ${outcome.error}.`}${more ? ` ${more}` : ""}`;
}
