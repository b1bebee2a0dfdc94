// @ts-check
/** data_visualization blocks, drawn as SVG; each with a table of the same figures for those who cannot see it. */
import { h, s } from "./dom.js";

/** Drawn as wide as it will be shown, so that its letters keep their size. */
const width = () => (innerWidth < 600 ? 330 : 560);
const HEIGHT = 240;
const LEFT = 46;
const BOTTOM = 34;
const TOP = 10;

/** @typedef {{name: string, data: {label: string, value: number}[]}} Series */

/** @param {any} block */
export function chart(block) {
  const of = block.chart;
  const drawn = of.type === "pie" ? pie(of.segments) : axes(of);
  const legend = of.type === "pie" ? of.segments.map((/** @type {any} */ one) => `${one.label} (${number(one.value)})`) : of.series.map((/** @type {Series} */ one) => one.name);
  const title = h("figcaption.chart-title", {}, block.title);
  return h(`figure.chart.chart-${of.type}`, {}, title, h("div.chart-body", {}, drawn, key(legend, of.type === "pie" || legend.length > 1)), figures(of));
}

/** @param {string[]} legend @param {boolean} shown */
function key(legend, shown) {
  if (!shown) return null;
  return h("ul.chart-key", { "aria-hidden": "true" }, legend.map((name, index) => h("li", {}, h(`span.swatch.c${index % 12}`), name)));
}

/** @param {any} of */
function figures(of) {
  const rows = of.type === "pie" ? of.segments.map((/** @type {any} */ one) => [one.label, one.value]) : of.axis_config.categories.map((/** @type {string} */ label) => [label, ...of.series.map((/** @type {Series} */ one) => valueAt(one, label))]);
  const head = of.type === "pie" ? ["", "Value"] : ["", ...of.series.map((/** @type {Series} */ one) => one.name)];
  const table = h(
    "table",
    {},
    h("tr", {}, head.map((name) => (name ? h("th", { scope: "col" }, name) : h("td")))),
    rows.map((/** @type {any[]} */ [label, ...values]) => h("tr", {}, h("th", { scope: "row" }, label), values.map((value) => h("td", {}, number(value))))),
  );
  return h("div.sr-only", {}, table);
}

/** @param {Series} series @param {string} label */
function valueAt(series, label) {
  return series.data.find((point) => point.label === label)?.value ?? 0;
}

/** @param {{label: string, value: number}[]} segments */
function pie(segments) {
  const total = segments.reduce((sum, one) => sum + one.value, 0);
  let turned = 0;
  const slices = segments.map((one, index) => {
    const from = turned;
    turned += one.value / total;
    const title = s("title", {}, `${one.label}: ${number(one.value)} (${Math.round((one.value / total) * 100)} %)`);
    if (segments.length === 1) return s("circle", { cx: 100, cy: 100, r: 80, class: `ring c${index % 12}` }, title);
    return s("path", { d: slice(from, turned), class: `slice c${index % 12}` }, title);
  });
  return s("svg", { viewBox: "0 0 200 200", class: "pie", "aria-hidden": "true" }, slices, s("circle", { cx: 100, cy: 100, r: 46, class: "hole" }));
}

/** @param {number} from @param {number} to shares of a whole turn */
function slice(from, to) {
  const at = (/** @type {number} */ share) => {
    const angle = share * 2 * Math.PI - Math.PI / 2;
    return `${(100 + 90 * Math.cos(angle)).toFixed(2)} ${(100 + 90 * Math.sin(angle)).toFixed(2)}`;
  };
  return `M100 100L${at(from)}A90 90 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to)}Z`;
}

/** @param {any} of */
function axes(of) {
  /** @type {string[]} */
  const categories = of.axis_config.categories;
  /** @type {Series[]} */
  const series = of.series;
  const values = series.flatMap((one) => one.data.map((point) => point.value));
  const ticks = niceTicks(Math.min(0, ...values), Math.max(0, ...values));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low || 1));
  const WIDTH = width();
  const step = (WIDTH - LEFT - 8) / categories.length;
  const x = (/** @type {number} */ index) => LEFT + step * (index + 0.5);
  const grid = ticks.map((tick) => [
    s("line", { x1: LEFT, x2: WIDTH - 8, y1: y(tick), y2: y(tick), class: tick === 0 ? "axis" : "grid-line" }),
    s("text", { x: LEFT - 8, y: y(tick) + 4, class: "tick", "text-anchor": "end" }, number(tick)),
  ]);
  const every = Math.ceil(categories.length / Math.max(2, Math.floor((WIDTH + 80) / (Math.max(...categories.map((c) => c.length)) * 7 + 14))));
  const labels = categories.map((label, index) =>
    index % every ? null : s("text", { x: x(index), y: HEIGHT - BOTTOM + 17, class: "tick", "text-anchor": "middle" }, label),
  );
  const marks = of.type === "bar" ? bars(series, categories, x, y, step) : curves(series, categories, x, y, of.type === "area");
  const below = of.axis_config.x_label ? 8 : -10;
  return s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT + below}`, class: "plot", "aria-hidden": "true" }, grid.flat(), labels, marks, titles(of.axis_config, WIDTH));
}

/** @param {any} config @param {number} WIDTH */
function titles(config, WIDTH) {
  return [
    config.x_label ? s("text", { x: WIDTH / 2, y: HEIGHT + 6, class: "axis-title", "text-anchor": "middle" }, config.x_label) : null,
    config.y_label ? s("text", { x: 10, y: HEIGHT / 2, class: "axis-title", "text-anchor": "middle", transform: `rotate(-90 10 ${HEIGHT / 2})` }, config.y_label) : null,
  ];
}

/** @typedef {(value: number) => number} Scale */

/** @param {Series[]} series @param {string[]} categories @param {Scale} x @param {Scale} y @param {number} step */
function bars(series, categories, x, y, step) {
  const group = Math.min(step * 0.7, 46 * series.length);
  const width = group / series.length;
  return series.flatMap((one, at) =>
    categories.map((label, index) => {
      const value = valueAt(one, label);
      const top = Math.min(y(value), y(0));
      const props = { x: x(index) - group / 2 + at * width, y: top, width: Math.max(1, width - 2), height: Math.abs(y(value) - y(0)), rx: 2, class: `bar c${at % 12}` };
      return s("rect", props, s("title", {}, `${one.name}, ${label}: ${number(value)}`));
    }),
  );
}

/** @param {Series[]} series @param {string[]} categories @param {Scale} x @param {Scale} y @param {boolean} filled */
function curves(series, categories, x, y, filled) {
  return series.flatMap((one, at) => {
    const points = categories.map((label, index) => `${x(index).toFixed(1)} ${y(valueAt(one, label)).toFixed(1)}`);
    const line = `M${points.join("L")}`;
    const closed = `${line}L${x(categories.length - 1).toFixed(1)} ${y(0)}L${x(0).toFixed(1)} ${y(0)}Z`;
    const dots = categories.map((label, index) =>
      s("circle", { cx: x(index), cy: y(valueAt(one, label)), r: 3, class: `dot c${at % 12}` }, s("title", {}, `${one.name}, ${label}: ${number(valueAt(one, label))}`)),
    );
    return [filled ? s("path", { d: closed, class: `fill c${at % 12}` }) : null, s("path", { d: line, class: `line c${at % 12}` }), ...dots];
  });
}

/** About five round figures from low to high. @param {number} low @param {number} high */
function niceTicks(low, high) {
  if (high - low <= 0) high = low + 1;
  const raw = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw) ?? raw;
  const first = Math.floor(low / step) * step;
  const ticks = [first];
  while (ticks[ticks.length - 1] < high) ticks.push(first + step * ticks.length);
  return ticks.map((tick) => Number(tick.toPrecision(12)));
}

/** @param {number} value */
function number(value) {
  return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
}
