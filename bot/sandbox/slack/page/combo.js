// @ts-check
/** A select box that one can type into: options, search, several choices, options that the app looks up. */
import { fill, h, icon, uid } from "./dom.js";

/** @typedef {{value: string, label: string, detail?: string, group?: string}} Option */
/** @typedef {{label: string, placeholder: string, options: Option[], selected: string[], multi?: boolean, max?: number,
 *   load?: (typed: string) => Promise<Option[]>, minQuery?: number, clearable?: boolean,
 *   onchange: (values: string[]) => void}} Combo */

/** @param {Combo} given */
export function combo(given) {
  let options = given.options;
  let selected = [...given.selected];
  /** @type {Option[]} */
  let shown = [];
  let active = -1;
  let asked = 0;
  const listId = uid("list");
  /** @type {Map<string, Option>} */
  const known = new Map(options.map((option) => [option.value, option]));
  const labelOf = (/** @type {string} */ value) => known.get(value)?.label ?? value;

  const input = /** @type {HTMLInputElement} */ (
    h("input.combo-input", {
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": listId,
      "aria-label": given.label,
      placeholder: given.placeholder,
    })
  );
  const list = h("ul.combo-list", { id: listId, role: "listbox", popover: "manual", "aria-label": given.label });
  if (given.multi) list.setAttribute("aria-multiselectable", "true");
  const chips = h("span.chips");
  const box = h("div.combo", {}, chips, input, h("span.combo-arrow", {}, icon("chevron")), list);

  const isOpen = () => list.matches(":popover-open");
  const onScroll = (/** @type {Event} */ event) => event.target !== list && hang();
  const close = () => {
    document.removeEventListener("scroll", onScroll, true);
    asked++;
    if (isOpen()) list.hidePopover();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    active = -1;
  };
  const show = () => {
    if (!isOpen()) list.showPopover();
    // The list hangs at the place where the box was: it goes with the box when that moves.
    document.addEventListener("scroll", onScroll, true);
    hang();
    input.setAttribute("aria-expanded", "true");
  };
  const hang = () => {
    const at = box.getBoundingClientRect();
    const room = box.closest(".modal-body")?.getBoundingClientRect();
    if (!box.isConnected || (room && (at.bottom < room.top || at.top > room.bottom))) return close();
    const below = innerHeight - at.bottom;
    const height = Math.min(280, Math.max(below, at.top) - 12);
    list.style.maxHeight = `${height}px`;
    list.style.left = `${at.left}px`;
    list.style.width = `${Math.max(at.width, 220)}px`;
    list.style.top = below >= Math.min(200, list.scrollHeight + 8) ? `${at.bottom + 4}px` : `${at.top - Math.min(height, list.scrollHeight + 2) - 4}px`;
    return undefined;
  };

  const choose = (/** @type {Option} */ option) => {
    const has = selected.includes(option.value);
    if (!given.multi) selected = [option.value];
    else if (has) selected = selected.filter((value) => value !== option.value);
    else if (!given.max || selected.length < given.max) selected = [...selected, option.value];
    changed();
    if (given.multi) {
      input.value = "";
      refresh();
      input.focus();
    } else close();
  };
  const changed = () => {
    drawChosen();
    given.onchange([...selected]);
  };
  const drawChosen = () => {
    if (given.multi) fill(chips, selected.map(chip));
    else input.value = selected.length ? labelOf(selected[0]) : "";
    input.placeholder = selected.length && given.multi ? "" : given.placeholder;
    box.classList.toggle("chosen", selected.length > 0);
  };
  const chip = (/** @type {string} */ value) =>
    h("span.chip", {}, labelOf(value), h("button", { type: "button", "aria-label": `Remove ${labelOf(value)}`, onclick: () => ((selected = selected.filter((one) => one !== value)), changed()) }, icon("close")));

  const draw = (/** @type {string} */ note = "") => {
    let group = "";
    const rows = shown.flatMap((option, index) => {
      const head = option.group && option.group !== group ? h("li.combo-group", { role: "presentation" }, option.group) : null;
      group = option.group ?? "";
      const isChosen = selected.includes(option.value);
      const row = h(
        `li.combo-option${index === active ? ".active" : ""}`,
        {
          role: "option",
          id: `${listId}-${index}`,
          "aria-selected": String(isChosen),
          onpointerdown: (/** @type {Event} */ event) => event.preventDefault(),
          onclick: () => choose(option),
        },
        h("span", {}, option.label, option.detail ? h("small", {}, option.detail) : null),
        isChosen ? icon("check") : null,
      );
      return head ? [head, row] : [row];
    });
    fill(list, rows.length ? rows : h("li.combo-note", { role: "presentation" }, note || "Nothing found"));
    if (active >= 0) {
      input.setAttribute("aria-activedescendant", `${listId}-${active}`);
      list.querySelector(".active")?.scrollIntoView({ block: "nearest" });
    }
    show();
  };

  const refresh = async () => {
    const typed = !given.multi && selected.length && input.value === labelOf(selected[0]) ? "" : input.value.trim();
    if (given.load) {
      const turn = ++asked;
      if (typed.length < (given.minQuery ?? 3)) {
        shown = [];
        return draw(`Type ${given.minQuery ?? 3} or more characters to search`);
      }
      shown = [];
      draw("Searching…");
      try {
        options = await given.load(typed);
      } catch {
        options = [];
      }
      if (turn !== asked) return undefined;
      for (const option of options) known.set(option.value, option);
      shown = options;
    } else {
      const wanted = typed.toLowerCase();
      shown = options.filter((option) => `${option.label} ${option.detail ?? ""}`.toLowerCase().includes(wanted));
    }
    active = shown.length ? Math.max(0, shown.findIndex((option) => selected.includes(option.value))) : -1;
    return draw();
  };

  const move = (/** @type {number} */ by) => {
    if (!isOpen()) return void refresh();
    if (shown.length) active = (active + by + shown.length) % shown.length;
    draw();
  };
  /** @type {Record<string, () => boolean | void>} */
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => {
      if (!isOpen() || active < 0) return true;
      choose(shown[active]);
    },
    Escape: () => {
      if (!isOpen()) return true;
      close();
    },
    Backspace: () => {
      if (!given.multi || input.value || !selected.length) return true;
      selected = selected.slice(0, -1);
      changed();
    },
    Tab: () => (close(), true),
  };
  input.addEventListener("keydown", (event) => {
    const handled = keys[event.key];
    if (handled && handled() !== true) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  input.addEventListener("input", () => {
    if (!given.multi && !input.value && selected.length && given.clearable) {
      selected = [];
      changed();
    }
    void refresh();
  });
  input.addEventListener("focus", () => !given.multi && input.select());
  input.addEventListener("click", () => void refresh());
  input.addEventListener("blur", () => {
    close();
    if (!given.multi) input.value = selected.length ? labelOf(selected[0]) : "";
  });
  drawChosen();
  return { node: box, input };
}
