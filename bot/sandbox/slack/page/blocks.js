// @ts-check
/** Blocks as nodes. */
import { chart } from "./chart.js";
import { control, picture } from "./controls.js";
import { h, icon, link, safeUrl, uid } from "./dom.js";
import { emojified, markdown, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { dataTable, table } from "./table.js";

/** @typedef {import("./controls.js").Place} Place */

/** @param {any[]} blocks @param {Place} place @param {Record<string, string>} [errors] by block id */
export function renderBlocks(blocks, place, errors = {}) {
  return h("div.blocks", {}, blocks.map((block) => renderBlock(block, place, errors)));
}

/** @param {any} block @param {Place} place @param {Record<string, string>} errors */
function renderBlock(block, place, errors) {
  const draw = BLOCKS[block.type];
  const node = draw ? draw(block, place, errors) : h("p.unknown", {}, `[${block.type}]`);
  node.dataset.block = block.block_id ?? "";
  return node;
}

/** @type {Record<string, (block: any, place: Place, errors: Record<string, string>) => HTMLElement>} */
const BLOCKS = {
  header: (block) => h("h2.block.header", {}, textObject(block.text)),
  divider: () => h("hr.block"),
  section,
  context: (block) =>
    h("div.block.context", {}, block.elements.map((/** @type {any} */ one) => (one.type === "image" ? picture(one, "img.tiny") : h("span.mrkdwn", {}, textObject(one))))),
  actions: (block, place) => h("div.block.actions", {}, block.elements.map((/** @type {any} */ one) => control(block, one, place))),
  context_actions: (block, place) => h("div.block.actions", {}, block.elements.map((/** @type {any} */ one) => control(block, one, place))),
  input,
  image: (block) => h("figure.block.image", {}, block.title ? h("figcaption", {}, textObject(block.title)) : null, picture(block, "img.large")),
  rich_text: (block) => h("div.block", {}, richText(block)),
  markdown: (block) => h("div.block", {}, markdown(block.text)),
  table: (block) => h("div.block", {}, table(block)),
  data_table: (block, place) => h("div.block", {}, dataTable(block, place.key)),
  data_visualization: (block) => h("div.block", {}, chart(block)),
  plan,
  task_card: (block) => h("ol.block.tasks.alone", {}, task(block)),
  alert: (block) => h(`div.block.alert.${block.level ?? "default"}`, { role: block.level === "error" ? "alert" : "note" }, icon(ALERT_ICONS[block.level] ?? "info"), h("div.mrkdwn", {}, textObject(block.text))),
  card,
  carousel: (block, place) => h("div.block.carousel", { tabindex: 0, role: "group", "aria-label": "Cards" }, block.elements.map((/** @type {any} */ one) => card(one, place))),
  container,
  file: (block) => h("p.block.unknown", {}, `Remote file ${block.external_id}`),
  video: (block) =>
    h("figure.block.image", {}, h("figcaption", {}, link(block.title_url ?? block.video_url, textObject(block.title))), picture({ image_url: block.thumbnail_url, alt_text: block.alt_text }, "img.large")),
};

/** @type {Record<string, string>} */
const ALERT_ICONS = { warning: "warn", error: "warn", success: "check" };

/** @param {any} block @param {Place} place */
function section(block, place) {
  const text = block.text ? h("div.mrkdwn", {}, textObject(block.text)) : null;
  const fields = block.fields?.length ? h("div.fields", {}, block.fields.map((/** @type {any} */ field) => h("div.mrkdwn", {}, textObject(field)))) : null;
  const accessory = block.accessory ? h("div.accessory", {}, control(block, block.accessory, place, block.text?.text ?? "")) : null;
  return h("div.block.section", {}, h("div.section-text", {}, text, fields), accessory);
}

/** @param {any} block @param {Place} place @param {Record<string, string>} errors */
function input(block, place, errors) {
  const id = uid("field");
  const label = block.label.text;
  const inner = control(block, block.element, place, label);
  const problem = errors[block.block_id];
  const described = [problem ? `${id}-error` : "", block.hint ? `${id}-hint` : ""].filter(Boolean).join(" ");
  const field = /** @type {HTMLElement} */ (inner instanceof HTMLElement && inner.matches("input,textarea") ? inner : /** @type {HTMLElement} */ (inner).querySelector("input,textarea"));
  if (field) {
    if (described) field.setAttribute("aria-describedby", described);
    if (problem) field.setAttribute("aria-invalid", "true");
    if (!block.optional) field.setAttribute("aria-required", "true");
    if (block.element.type !== "checkboxes" && block.element.type !== "radio_buttons") field.id = id;
  }
  return h(
    `div.block.input${problem ? ".invalid" : ""}`,
    {},
    h("label.field-label", { for: id }, emojified(label), block.optional ? h("span.optional", {}, " (optional)") : null),
    inner,
    problem ? h("p.problem", { id: `${id}-error`, role: "alert" }, icon("warn"), problem) : null,
    block.hint ? h("p.hint", { id: `${id}-hint` }, textObject(block.hint)) : null,
  );
}

/** @type {Record<string, string>} */
const STATUSES = { pending: "To do", in_progress: "In progress", complete: "Done", error: "Failed" };

/** @param {any} block */
function plan(block) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((/** @type {any} */ one) => one.status === "complete").length;
  const failed = tasks.some((/** @type {any} */ one) => one.status === "error");
  const bar = h("div.plan-bar", { role: "progressbar", "aria-label": block.title, "aria-valuemin": 0, "aria-valuemax": tasks.length, "aria-valuenow": done }, h(`span${failed ? ".failed" : ""}`, { style: { width: `${tasks.length ? (done / tasks.length) * 100 : 0}%` } }));
  return h("div.block.plan", { role: "group", "aria-label": block.title }, h("strong", {}, block.title), bar, h("ol.tasks", {}, tasks.map(task)));
}

/** @param {any} one */
function task(one) {
  const mark = h(`span.status.${one.status}`, { role: "img", "aria-label": STATUSES[one.status] ?? one.status }, one.status === "complete" ? icon("check") : one.status === "error" ? icon("close") : null);
  const sources = one.sources?.length ? h("div.sources", {}, one.sources.map((/** @type {any} */ source) => link(source.url, source.text))) : null;
  const more = [one.details, one.output].filter(Boolean).map((part) => h("div.task-more", {}, richText(part)));
  return h(`li.task.${one.status}`, { "aria-current": one.status === "in_progress" ? "step" : null }, mark, h("div.task-body", {}, h("div.task-title", {}, one.title), more, sources));
}

/** @param {any} block @param {Place} place */
function card(block, place) {
  const iconNode = block.icon ? picture(block.icon, "img.card-icon") : block.slack_icon ? h("span.card-icon.named", { "aria-hidden": "true" }, icon("shield")) : null;
  const words = h("div", {}, block.title ? h("div.card-title.mrkdwn", {}, textObject(block.title)) : null, block.subtitle ? h("div.card-subtitle.mrkdwn", {}, textObject(block.subtitle)) : null);
  const actions = block.actions?.length ? h("div.actions", {}, block.actions.map((/** @type {any} */ one) => control(block, one, place))) : null;
  return h(
    "div.block.card",
    { role: "group" },
    block.hero_image ? picture(block.hero_image, "img.hero") : null,
    h("div.card-head", {}, iconNode, words),
    block.body ? h("div.card-body.mrkdwn", {}, textObject(block.body)) : null,
    actions,
    block.subtext ? h("div.card-subtext.mrkdwn", {}, textObject(block.subtext)) : null,
  );
}

/** @param {any} block @param {Place} place @param {Record<string, string>} errors */
function container(block, place, errors) {
  const title = block.rich_text_title ? richText(block.rich_text_title) : h("strong", {}, textObject(block.title));
  const words = h("div", {}, title, block.subtitle ? h("div.card-subtitle.mrkdwn", {}, textObject(block.subtitle)) : null);
  const head = [block.icon && safeUrl(block.icon.image_url) ? picture(block.icon, "img.card-icon") : null, words];
  const inner = renderBlocks(block.child_blocks, place, errors);
  const look = `block.container.${block.width ?? "standard"}${block.has_header_divider ? ".ruled" : ""}`;
  if (!block.is_collapsible) return h(`div.${look}`, {}, h("div.container-head", {}, head), inner);
  return h(`details.${look}`, { open: !block.default_collapsed }, h("summary.container-head", {}, head, h("span.turn", {}, icon("chevron"))), inner);
}
