// @ts-check
/** The message box: words and commands, with completion and a history. */
import { act } from "./api.js";
import { note, reason } from "./dialogs.js";
import { fill, h, icon, uid } from "./dom.js";
import { store } from "./store.js";

/** @type {string[]} */
const history = [];

/** @typedef {{text: string, label: string, detail: string}} Completion */

/** Words that a usage hint names, such as "status [SCOPE] | fix SCOPE". @param {string} hint */
function hinted(hint) {
  return hint
    .replace(/^\[(.*\|.*)\]$/, "$1")
    .split(/ [|·/] |[|·]/)
    .map((part) => part.trim())
    .filter((part) => /^[a-z][\w-]*/.test(part));
}

/** @param {string} typed @returns {Completion[]} */
function completions(typed) {
  if (!typed.startsWith("/")) return [];
  /** @type {Completion[]} */
  const all = [];
  for (const command of store.state.workspace.commands) {
    all.push({ text: `${command.name} `, label: command.name, detail: command.description });
    for (const word of hinted(command.usage_hint)) all.push({ text: `${command.name} ${word.split(" ")[0]} `, label: `${command.name} ${word}`, detail: "" });
  }
  for (const tip of store.state.tips) all.push({ text: tip.text, label: tip.text, detail: tip.title });
  all.push({ text: `/invite @${store.state.workspace.bot.name}`, label: `/invite @${store.state.workspace.bot.name}`, detail: "Add the app to this channel" });
  for (const text of [...history].reverse()) all.push({ text, label: text, detail: "Typed before" });
  const wanted = typed.toLowerCase();
  const seen = new Set();
  return all
    .filter((one) => one.text.toLowerCase().startsWith(wanted) && one.text.trim() !== typed.trim())
    .filter((one) => !seen.has(one.text.trim()) && seen.add(one.text.trim()))
    .slice(0, 8);
}

/**
 * @param {{placeholder: () => string, thread: () => string, label: string}} about
 */
export function composer(about) {
  const listId = uid("complete");
  /** @type {Completion[]} */
  let shown = [];
  let active = -1;
  let past = 0;
  const box = /** @type {HTMLTextAreaElement} */ (
    h("textarea.composer-box", { rows: 1, "aria-label": about.label, "aria-autocomplete": "list", "aria-controls": listId, "aria-haspopup": "listbox", autocomplete: "off", spellcheck: "false" })
  );
  const list = h("ul.completions", { id: listId, role: "listbox", "aria-label": "Commands", hidden: true });
  const sendButton = h("button.send", { type: "button", "aria-label": "Send", onclick: () => void send() }, icon("send"));
  const hint = h("div.composer-hint", {}, h("span", {}, h("kbd", {}, "/"), " for commands"), h("span", {}, h("kbd", {}, "↵"), " to send"));
  const node = h("div.composer", {}, list, h("div.composer-frame", {}, box, h("div.composer-foot", {}, hint, sendButton)));

  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
    sendButton.classList.toggle("ready", box.value.trim() !== "");
  };
  const draw = () => {
    list.hidden = !shown.length;
    if (active >= 0) box.setAttribute("aria-activedescendant", `${listId}-${active}`);
    else box.removeAttribute("aria-activedescendant");
    fill(
      list,
      shown.map((one, index) =>
        h(
          `li.completion${index === active ? ".active" : ""}`,
          { role: "option", id: `${listId}-${index}`, "aria-selected": String(index === active), onpointerdown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => take(one) },
          h("code", {}, one.label),
          h("small", {}, one.detail),
        ),
      ),
    );
  };
  const complete = () => {
    shown = completions(box.value);
    active = -1;
    draw();
  };
  const set = (/** @type {string} */ text) => {
    box.value = text;
    grow();
    complete();
    box.focus();
    box.setSelectionRange(text.length, text.length);
  };
  const take = (/** @type {Completion} */ one) => set(one.text);
  const send = async () => {
    const text = box.value.trim();
    if (!text) return;
    history.push(text);
    past = history.length;
    box.value = "";
    grow();
    complete();
    const outcome = await act("message", { user: store.user, channel: store.channel, text, thread_ts: about.thread() });
    // Of a command that failed Slackbot tells in the channel.
    if (!outcome.ok && (outcome.error === "unreachable" || !text.startsWith("/"))) note(reason(outcome));
  };
  const recall = (/** @type {number} */ by) => {
    if (!history.length) return;
    past = Math.max(0, Math.min(history.length, past + by));
    box.value = history[past] ?? "";
    grow();
  };

  box.addEventListener("input", () => (grow(), complete()));
  box.addEventListener("blur", () => ((shown = []), draw()));
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const listed = shown.length > 0;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && listed) {
      active = active < 0 && by < 0 ? shown.length - 1 : (active + by + shown.length) % shown.length;
      draw();
    } else if (by && !box.value.includes("\n") && (box.value === "" || box.value === history[past])) recall(by);
    else if (event.key === "Tab" && listed && !event.shiftKey) take(shown[Math.max(0, active)]);
    else if (event.key === "Escape" && listed) ((shown = []), draw());
    else if (event.key === "Enter" && !event.shiftKey) active >= 0 ? take(shown[active]) : void send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const refresh = () => {
    box.placeholder = about.placeholder();
  };
  return { node, box, set, refresh };
}
