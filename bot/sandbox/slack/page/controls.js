// @ts-check
/** Interactive elements: buttons, selects, pickers and inputs, and what they send. */
import { combo } from "./combo.js";
import { confirmed, note, openMenu, reason } from "./dialogs.js";
import { fill, h, icon, safeUrl, uid } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/**
 * Where a control stands, and what it can do there.
 * @typedef {{
 *   values: any,
 *   people: () => {id: string, label: string, detail: string}[],
 *   channels: () => {id: string, label: string}[],
 *   send: (block: any, element: any, what: {value?: string, selected?: any}) => Promise<any>,
 *   suggest: (block: any, element: any, typed: string) => Promise<any[]>,
 *   keep: (block: any, element: any, choice: any) => void,
 *   upload: (file: File) => Promise<any>,
 *   key: string,
 * }} Place
 */

/** Whether a change goes to the app at once. @param {any} block */
function dispatches(block) {
  return block.type !== "input" || block.dispatch_action;
}

/** What was chosen, in the plain form in which it is sent. @param {any} value @returns {any} */
export function choiceOf(value) {
  if (!value) return null;
  const { type: _type, ...fields } = value;
  const [chosen] = Object.values(fields);
  if (Array.isArray(chosen)) return chosen.map((one) => one?.value ?? one);
  return chosen?.value ?? chosen ?? null;
}

/** @param {any} block @param {any} element @param {Place} place @param {string} label */
export function control(block, element, place, label = "") {
  const draw = CONTROLS[element.type];
  return draw ? draw(block, element, place, label) : h("span.unknown", {}, `[${element.type}]`);
}

/** @type {Record<string, string>} */
const PICKED = { date: "Date", time: "Time", "datetime-local": "Date and time" };

/** @type {Record<string, (block: any, element: any, place: Place, label: string) => Node>} */
const CONTROLS = {
  button,
  workflow_button: button,
  icon_button: button,
  feedback_buttons: feedback,
  overflow,
  static_select: select,
  multi_static_select: select,
  external_select: select,
  multi_external_select: select,
  users_select: select,
  multi_users_select: select,
  channels_select: select,
  multi_channels_select: select,
  conversations_select: select,
  multi_conversations_select: select,
  radio_buttons: choices,
  checkboxes: choices,
  datepicker: native("date"),
  timepicker: native("time"),
  datetimepicker: native("datetime-local"),
  plain_text_input: written,
  rich_text_input: written,
  email_text_input: written,
  url_text_input: written,
  number_input: written,
  file_input: fileInput,
  image: (_block, element) => picture(element),
};

/** @param {any} element */
export function picture(element, tag = "img.thumb") {
  const src = safeUrl(element.image_url ?? element.slack_file?.url);
  return src ? h(tag, { src, alt: element.alt_text, loading: "lazy", referrerpolicy: "no-referrer" }) : h("span.no-picture", {}, element.alt_text);
}

/** @param {any} block @param {any} element @param {Place} place @param {any} what @param {() => void} [begun] told once nothing is asked any more */
async function send(block, element, place, what, begun = () => {}) {
  if (!(await confirmed(element.confirm))) return false;
  begun();
  const outcome = await place.send(block, element, what);
  if (!outcome.ok) note(reason(outcome));
  return outcome.ok;
}

/** @param {any} block @param {any} element @param {Place} place */
function button(block, element, place) {
  const look = element.style ? `.${element.style}` : "";
  const node = h(
    `button.button${look}`,
    { type: "button", "aria-label": element.accessibility_label, "data-action": element.action_id, "data-value": element.value },
    textObject(element.text),
  );
  node.addEventListener("click", async () => {
    if (node.getAttribute("aria-busy")) return;
    const href = safeUrl(element.url);
    if (href) window.open(href, "_blank", "noopener,noreferrer");
    await send(block, element, place, { value: element.value }, () => node.setAttribute("aria-busy", "true"));
    node.removeAttribute("aria-busy");
  });
  return node;
}

/** @param {any} block @param {any} element @param {Place} place */
function feedback(block, element, place) {
  const one = (/** @type {any} */ of, /** @type {string} */ sign) =>
    h("button.button.small", { type: "button", "aria-label": of.accessibility_label ?? of.text.text, onclick: () => send(block, element, place, { value: of.value }) }, sign, " ", textObject(of.text));
  return h("span.feedback", {}, one(element.positive_button, "👍"), one(element.negative_button, "👎"));
}

/** @param {any} block @param {any} element @param {Place} place */
function overflow(block, element, place) {
  const node = h("button.button.overflow", { type: "button", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false", "data-action": element.action_id }, icon("dots"));
  const items = element.options.map((/** @type {any} */ option) => ({
    label: option.text.text,
    node: h("span.menu-text", {}, textObject(option.text), option.description ? h("small", {}, textObject(option.description)) : null),
    run: () => {
      const href = safeUrl(option.url);
      if (href) window.open(href, "_blank", "noopener,noreferrer");
      void send(block, element, place, { selected: option.value });
    },
  }));
  node.addEventListener("click", () => openMenu(node, items, "More actions"));
  return node;
}

/** @param {any} block @param {any} element @param {Place} place */
function current(block, element, place) {
  return choiceOf(place.values?.[block.block_id]?.[element.action_id]);
}

/** Keep a choice, and send it if this element does so. @param {any} block @param {any} element @param {Place} place @param {any} choice */
function changed(block, element, place, choice) {
  place.keep(block, element, choice);
  if (dispatches(block)) void send(block, element, place, { selected: choice });
}

/** @param {any} option @param {string} [group] */
function asOption(option, group) {
  return { value: option.value, label: option.text.text, detail: option.description?.text, group };
}

/** @param {any} block @param {any} element @param {Place} place @param {string} label */
function select(block, element, place, label) {
  const multi = element.type.startsWith("multi_");
  const kind = element.type.replace("multi_", "");
  const chosen = current(block, element, place) ?? [];
  const chosenOptions = place.values?.[block.block_id]?.[element.action_id];
  const already = [chosenOptions?.selected_option, ...(chosenOptions?.selected_options ?? [])].filter(Boolean).map((option) => asOption(option));
  const external = kind === "external_select";
  const { node, input } = combo({
    label: label || element.placeholder?.text || "Choose",
    placeholder: element.placeholder?.text ?? (external ? "Search" : "Choose an option"),
    options: external ? already : optionsOf(kind, element, place),
    selected: [chosen].flat(),
    multi,
    max: element.max_selected_items,
    minQuery: element.min_query_length ?? 3,
    clearable: block.type === "input" && block.optional,
    load: external ? async (typed) => (await place.suggest(block, element, typed)).map((option) => asOption(option)) : undefined,
    onchange: (values) => changed(block, element, place, multi ? values : (values[0] ?? null)),
  });
  input.dataset.action = element.action_id;
  return node;
}

/** @param {string} kind @param {any} element @param {Place} place */
function optionsOf(kind, element, place) {
  if (kind === "users_select") return place.people().map((one) => ({ value: one.id, label: one.label, detail: one.detail }));
  if (kind !== "static_select") return place.channels().map((one) => ({ value: one.id, label: one.label }));
  const groups = (element.option_groups ?? []).flatMap((/** @type {any} */ group) => group.options.map((/** @type {any} */ option) => asOption(option, group.label.text)));
  return [...(element.options ?? []).map((/** @type {any} */ option) => asOption(option)), ...groups];
}

/** @param {any} block @param {any} element @param {Place} place @param {string} label */
function choices(block, element, place, label) {
  const one = element.type === "radio_buttons";
  const name = uid("choice");
  let chosen = [current(block, element, place) ?? []].flat();
  const pick = (/** @type {string} */ value, /** @type {boolean} */ on) => {
    if (one) chosen = [value];
    else chosen = on ? [...chosen, value] : chosen.filter((other) => other !== value);
    changed(block, element, place, one ? value : chosen);
  };
  const rows = element.options.map((/** @type {any} */ option) => {
    const box = h("input", {
      type: one ? "radio" : "checkbox",
      name,
      checked: chosen.includes(option.value),
      "data-action": element.action_id,
      onchange: (/** @type {Event} */ event) => pick(option.value, /** @type {HTMLInputElement} */ (event.target).checked),
    });
    const detail = option.description ? h("small", {}, textObject(option.description)) : null;
    return h("label.choice", {}, box, h("span.mrkdwn", {}, textObject(option.text), detail));
  });
  return h("div.choices", { role: one ? "radiogroup" : "group", "aria-label": label || null }, rows);
}

/** @param {string} type */
function native(type) {
  /** @param {any} block @param {any} element @param {Place} place @param {string} label */
  return (block, element, place, label) => {
    const chosen = current(block, element, place);
    const local = type === "datetime-local" && chosen ? new Date(chosen * 1000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : chosen;
    return h("input.text.picker", {
      type,
      value: local ?? "",
      "aria-label": label || element.placeholder?.text || PICKED[type],
      "data-action": element.action_id,
      onchange: (/** @type {Event} */ event) => {
        const value = /** @type {HTMLInputElement} */ (event.target).value;
        const choice = type === "datetime-local" && value ? Math.floor(new Date(value).getTime() / 1000) : value || null;
        changed(block, element, place, choice);
      },
    });
  };
}

/** @type {Record<string, string>} */
const INPUT_TYPES = { email_text_input: "email", url_text_input: "url", number_input: "text" };

/** @param {any} block @param {any} element @param {Place} place @param {string} label */
function written(block, element, place, label) {
  const long = element.multiline || element.type === "rich_text_input";
  const node = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (
    h(long ? "textarea.text" : "input.text", {
      type: long ? null : (INPUT_TYPES[element.type] ?? "text"),
      inputmode: element.type === "number_input" ? "decimal" : null,
      rows: long ? 4 : null,
      value: plainValue(current(block, element, place)),
      placeholder: element.placeholder?.text,
      maxlength: element.max_length,
      autocomplete: "off",
      "aria-label": label || null,
      "data-action": element.action_id,
    })
  );
  node.addEventListener("input", () => place.keep(block, element, node.value));
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (!dispatches(block)) return counted(node, element);
  /** @type {number | undefined} */
  let later;
  if (triggers.includes("on_character_entered"))
    node.addEventListener("input", () => {
      clearTimeout(later);
      later = window.setTimeout(() => void send(block, element, place, { selected: node.value }), 300);
    });
  node.addEventListener("keydown", (event) => {
    if (/** @type {KeyboardEvent} */ (event).key !== "Enter" || long || !triggers.includes("on_enter_pressed")) return;
    event.preventDefault();
    void send(block, element, place, { selected: node.value });
  });
  return node;
}

/** How many characters are left, once few are. @param {HTMLInputElement | HTMLTextAreaElement} node @param {any} element */
function counted(node, element) {
  const most = element.max_length;
  if (!most) return node;
  const left = h("span.chars-left", { "aria-hidden": "true" });
  const count = () => {
    const rest = most - node.value.length;
    left.textContent = rest <= Math.max(20, most / 5) ? String(rest) : "";
  };
  node.addEventListener("input", count);
  count();
  return h("div.counted", {}, node, left);
}

/** @param {any} value */
function plainValue(value) {
  if (value && typeof value === "object") return (value.elements ?? []).flatMap((/** @type {any} */ part) => part.elements ?? []).map((/** @type {any} */ element) => element.text ?? "").join("");
  return value ?? "";
}

/** Files are given to the local Slack at once, as Slack takes them; the form holds what it says of them. @param {any} block @param {any} element @param {Place} place @param {string} label */
function fileInput(block, element, place, label) {
  const most = element.max_files ?? 10;
  /** @type {any[]} */
  let chosen = current(block, element, place) ?? [];
  const list = h("ul.chosen-files");
  const keep = (/** @type {any[]} */ files) => {
    chosen = files.slice(0, most);
    place.keep(block, element, chosen);
    draw();
  };
  const draw = () => fill(list, chosen.map((file) => h("li.chip", {}, file.name, h("button", { type: "button", "aria-label": `Remove ${file.name}`, onclick: () => keep(chosen.filter((one) => one !== file)) }, icon("close")))));
  const picker = /** @type {HTMLInputElement} */ (
    h("input.text.files", { type: "file", multiple: most > 1, accept: element.filetypes?.map((/** @type {string} */ kind) => `.${kind}`).join(","), "aria-label": label || "Files", "data-action": element.action_id })
  );
  picker.addEventListener("change", async () => {
    const taken = await Promise.all([...(picker.files ?? [])].slice(0, most).map(place.upload));
    picker.value = "";
    keep([...(most > 1 ? chosen : []), ...taken.filter(Boolean)]);
  });
  draw();
  return h("div", {}, picker, list);
}
