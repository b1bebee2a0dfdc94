// @ts-check
/** table and data_table blocks. */
import { breakable, fill, h, icon } from "./dom.js";
import { richText } from "./richtext.js";

/** @typedef {{type: string, text?: string, value?: number, elements?: any[]}} Cell */

/** @param {Cell} cell */
function content(cell) {
  return cell?.type === "rich_text" ? richText(cell) : breakable(cell?.text ?? "");
}

/** @param {Cell} cell @returns {string} */
function words(cell) {
  if (cell?.type !== "rich_text") return cell?.text ?? "";
  return richText(cell).textContent ?? "";
}

/** @param {any} block */
export function table(block) {
  const settings = block.column_settings ?? [];
  const row = (/** @type {Cell[]} */ cells, /** @type {number} */ at) =>
    h(
      "tr",
      {},
      cells.map((cell, column) => {
        const side = settings[column]?.align ?? "left";
        const wrapped = settings[column]?.is_wrapped ? "wrap" : "nowrap";
        return h(`${at ? "td" : "th"}.${side}.${wrapped}`, at ? {} : { scope: "col" }, content(cell));
      }),
    );
  return scrolling("Table", h("table.grid", {}, block.rows.map(row)));
}

/** A table in a box of its own, so that a wide one scrolls and the page does not. @param {string} label @param {Node} inner */
function scrolling(label, inner) {
  return h("div.table-scroll", { tabindex: 0, role: "group", "aria-label": label }, inner);
}

/** @type {Map<string, {sort: number, down: boolean, page: number, filter: string}>} */
const remembered = new Map();

/** A data table: sorted by its heads, filtered, in pages. @param {any} block @param {string} key where it stands */
export function dataTable(block, key) {
  // Not its block_id: an update gives it another one, and what was typed and turned shall stay.
  const id = `${key}/${block.caption}`;
  const state = remembered.get(id) ?? { sort: -1, down: false, page: 0, filter: "" };
  remembered.set(id, state);
  const [head, ...rows] = /** @type {Cell[][]} */ (block.rows);
  const size = block.page_size ?? 5;
  const body = h("tbody");
  const foot = h("div.pager");
  const heads = h("tr");
  const draw = () => {
    const found = sorted(filtered(rows, state.filter), state.sort, state.down);
    const pages = Math.max(1, Math.ceil(found.length / size));
    state.page = Math.min(state.page, pages - 1);
    const shown = found.slice(state.page * size, (state.page + 1) * size);
    fill(heads, head.map((cell, column) => headCell(cell, column, rows, state, draw)));
    fill(body, shown.length ? shown.map((row) => bodyRow(row, block.row_header_column_index ?? 0)) : h("tr", {}, h("td.empty", { colspan: head.length }, "Nothing matches.")));
    fill(foot, ...pager(found.length, rows.length, pages, size, state, draw));
  };
  draw();
  const filter = h("input.filter", {
    type: "search",
    placeholder: "Filter",
    "aria-label": `Filter ${block.caption}`,
    "data-action": "filter",
    value: state.filter,
    oninput: (/** @type {Event} */ event) => {
      state.filter = /** @type {HTMLInputElement} */ (event.target).value;
      state.page = 0;
      draw();
    },
  });
  const caption = h("caption.sr-only", {}, block.caption);
  const top = h("div.data-head", {}, h("span.data-caption", { "aria-hidden": "true" }, block.caption), rows.length > 3 ? h("label.filter-box", {}, icon("search"), filter) : null);
  return h("div.data-table", {}, top, scrolling(block.caption, h("table.grid", {}, caption, h("thead", {}, heads), body)), foot);
}

/** @param {Cell} cell @param {number} column @param {Cell[][]} rows @param {any} state @param {() => void} draw */
function headCell(cell, column, rows, state, draw) {
  const active = state.sort === column;
  const turn = () => {
    if (!active) [state.sort, state.down] = [column, false];
    else if (!state.down) state.down = true;
    else [state.sort, state.down] = [-1, false];
    const table = document.activeElement?.closest("table");
    draw();
    table?.querySelectorAll("thead button")[column] instanceof HTMLElement && /** @type {HTMLElement} */ (table.querySelectorAll("thead button")[column]).focus();
  };
  const order = active ? (state.down ? "descending" : "ascending") : "none";
  const arrow = h(`span.arrow${active ? (state.down ? ".down" : ".up") : ""}`, { "aria-hidden": "true" });
  const side = rows.every((row) => row[column]?.type === "raw_number") ? ".right" : "";
  return h(`th${side}`, { scope: "col", "aria-sort": order }, h("button.sort", { type: "button", onclick: turn }, content(cell), arrow));
}

/** @param {Cell[]} row @param {number} header */
function bodyRow(row, header) {
  return h("tr", {}, row.map((cell, column) => (column === header ? h("th", { scope: "row" }, content(cell)) : h(cell?.type === "raw_number" ? "td.right" : "td", {}, content(cell)))));
}

/** @param {Cell[][]} rows @param {string} filter */
function filtered(rows, filter) {
  const wanted = filter.trim().toLowerCase();
  return wanted ? rows.filter((row) => row.some((cell) => words(cell).toLowerCase().includes(wanted))) : rows;
}

/** @param {Cell[][]} rows @param {number} column @param {boolean} down */
function sorted(rows, column, down) {
  if (column < 0) return rows;
  const by = (/** @type {Cell[]} */ a, /** @type {Cell[]} */ b) => {
    const [left, right] = [a[column], b[column]];
    if (left?.value !== undefined && right?.value !== undefined) return left.value - right.value;
    return words(left).localeCompare(words(right), "en", { numeric: true });
  };
  const ordered = [...rows].sort(by);
  return down ? ordered.reverse() : ordered;
}

/** @param {number} found @param {number} all @param {number} pages @param {number} size @param {any} state @param {() => void} draw */
function pager(found, all, pages, size, state, draw) {
  const go = (/** @type {string} */ name, /** @type {number} */ page) => () => {
    const foot = document.activeElement?.closest(".pager");
    state.page = page;
    draw();
    const again = foot?.querySelector(`[aria-label="${name}"]:enabled`) ?? foot?.querySelector("button:enabled");
    /** @type {HTMLElement | null | undefined} */ (again)?.focus();
  };
  const first = found ? state.page * size + 1 : 0;
  const range = `${first}–${Math.min(found, (state.page + 1) * size)} of ${found}${found < all ? ` (filtered from ${all})` : ""}`;
  const label = h("span", { "aria-live": "polite" }, found <= size && found === all ? `${all} ${all === 1 ? "row" : "rows"}` : range);
  if (pages < 2) return [label];
  const button = (/** @type {string} */ name, /** @type {string} */ sign, /** @type {number} */ page) =>
    h("button.page", { type: "button", "aria-label": name, disabled: page < 0 || page >= pages, onclick: go(name, page) }, sign);
  return [label, button("Previous page", "‹", state.page - 1), h("span", {}, `${state.page + 1} / ${pages}`), button("Next page", "›", state.page + 1)];
}
