// @ts-check
/** Modals: the views that an app opens for a person. The browser's own dialog keeps the focus inside. */
import { act } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { reason } from "./dialogs.js";
import { atSpot, fill, h, icon, spotOf, uid } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { placeOf } from "./place.js";
import { store } from "./store.js";

/** @type {{id: string, hash: string, dialog: HTMLDialogElement} | undefined} */
let open;
/** What was entered and not yet sent: by view id, block id and action id. @type {Map<string, any>} */
const entered = new Map();
/** What had the focus before, and how it is found again if it was drawn anew meanwhile. @type {HTMLElement | null} */
let opener = null;
/** @type {import("./dom.js").Spot | undefined} */
let openedAt;
/** The view whose closing is under way: some browsers report one Escape twice. */
let closing = "";

/** Show the view in front, or none. @param {any[]} views */
export function showModals(views) {
  const view = views[views.length - 1];
  for (const id of entered.keys()) if (!views.some((one) => one.id === id)) entered.delete(id);
  if (!view) return hide();
  if (open && open.id === view.id && open.hash === view.hash) return undefined;
  if (!open) {
    opener = /** @type {HTMLElement | null} */ (document.activeElement);
    openedAt = spotOf(opener);
  }
  const before = open && open.id === view.id ? open.dialog : undefined;
  const focused = before ? focusedAction() : undefined;
  const scroll = before?.querySelector(".modal-body")?.scrollTop ?? 0;
  const dialog = open?.dialog ?? newDialog();
  open = { id: view.id, hash: view.hash, dialog };
  draw(view, {}, "");
  if (!dialog.open) dialog.showModal();
  focusOn(dialog, focused);
  const body = dialog.querySelector(".modal-body");
  if (body) body.scrollTop = scroll;
  return undefined;
}

function hide() {
  open?.dialog.close();
  open?.dialog.remove();
  if (open) (opener?.isConnected ? opener : openedAt && atSpot(document, openedAt))?.focus();
  open = undefined;
}

function newDialog() {
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog.modal"));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    const view = front();
    if (view) void close(view, false);
  });
  document.body.append(dialog);
  return dialog;
}

const front = () => store.state.views[store.state.views.length - 1];
const focusedAction = () => /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.action;

/** @param {HTMLElement} dialog @param {string} [action] */
function focusOn(dialog, action) {
  const same = action ? dialog.querySelector(`[data-action="${CSS.escape(action)}"]`) : null;
  const first = dialog.querySelector(".modal-body :is(input, textarea):not([disabled])") ?? dialog.querySelector(".modal-foot .primary") ?? dialog.querySelector("button");
  /** @type {HTMLElement | null} */ (same ?? first)?.focus();
}

/** @param {any} view @param {Record<string, string>} errors @param {string} trouble */
function draw(view, errors, trouble) {
  if (!open) return;
  const title = uid("modal");
  const kept = entered.get(view.id) ?? {};
  entered.set(view.id, kept);
  const place = placeOf({ view_id: view.id }, merged(view, kept), (block, element, choice) => {
    (kept[block.block_id] ??= {})[element.action_id] = choice;
  });
  const stack = store.state.views;
  const back = stack.length > 1 ? h("button.ghost", { type: "button", "aria-label": "Back", onclick: () => close(view, false) }, icon("back")) : null;
  const cross = h("button.ghost", { type: "button", "aria-label": "Close", onclick: () => close(view, true) }, icon("close"));
  const head = h("header.modal-head", {}, back, h("h2", { id: title }, textObject(view.title)), cross);
  const body = h("div.modal-body", {}, trouble ? h("div.block.alert.error", { role: "alert" }, icon("warn"), h("div", {}, trouble)) : null, renderBlocks(view.blocks, place, errors));
  const shut = h("button.button", { type: "button", onclick: () => close(view, false) }, view.close ? textObject(view.close) : "Cancel");
  const submit = view.submit ? h("button.button.primary", { type: "submit" }, textObject(view.submit)) : null;
  const form = h("form.modal-form", { novalidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void send(view)) }, head, body, h("footer.modal-foot", {}, shut, submit));
  open.dialog.setAttribute("aria-labelledby", title);
  fill(open.dialog, form);
}

/** The server's values with what was entered since. Only the plain choice is kept, which `choiceOf` reads too. @param {any} view @param {any} kept */
function merged(view, kept) {
  const values = structuredClone(view.values ?? {});
  for (const [block, fields] of Object.entries(kept))
    for (const [action, choice] of Object.entries(/** @type {any} */ (fields))) {
      const before = values[block]?.[action];
      (values[block] ??= {})[action] = { ...before, type: before?.type ?? "", ...(before ? { [Object.keys(before).find((name) => name !== "type") ?? "value"]: asKept(before, choice) } : { value: choice }) };
    }
  return values;
}

/** @param {any} before @param {any} choice */
function asKept(before, choice) {
  const field = Object.keys(before).find((name) => name !== "type") ?? "value";
  const option = (/** @type {string} */ value) => ({ value, text: { type: "plain_text", text: value } });
  if (field === "selected_option") return choice ? option(choice) : null;
  if (field === "selected_options") return (choice ?? []).map(option);
  return choice;
}

/** @param {any} view */
async function send(view) {
  const button = open?.dialog.querySelector("button[type=submit]");
  if (!open || !button || button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  const outcome = await act("view_submit", { user: store.user, view_id: view.id, values: entered.get(view.id) ?? {} });
  button.removeAttribute("aria-busy");
  if (outcome.ok || !open || open.id !== view.id) return;
  const errors = outcome.error === "validation_errors" ? outcome.errors : {};
  draw(view, errors, outcome.error === "validation_errors" ? "" : reason(outcome));
  const wrong = open.dialog.querySelector("[aria-invalid=true]") ?? open.dialog.querySelector(".invalid input");
  /** @type {HTMLElement | null} */ (wrong)?.focus();
}

/** @param {any} view @param {boolean} everything */
async function close(view, everything) {
  if (closing === view.id) return;
  closing = view.id;
  await act("view_close", { user: store.user, view_id: view.id, everything });
}
