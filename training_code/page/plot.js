/* A drawing with two axes, and the marks on it. Colours and dashes stand in the style sheet, by class. */

const PLOT = { width: 400, height: 290, top: 12, right: 22, bottom: 44 };

/**
 * x, y: {from, to, label, format, log, ticks or about how many: count}; y of rows has names instead, see rowPlot.
 * description: what a screen reader says of it.
 */
function plotOf({ x: across, y: up, description, height = PLOT.height, left = null }) {
  const [x, y] = [widened(across), widened(up)];
  const [xTicks, yTicks] = [ticksOf(x, x.count), ticksOf(y)];
  const yTexts = yTicks.map(y.format ?? plainText);
  const edge = left ?? 30 + 6.6 * Math.max(...yTexts.map((text) => text.length), 1);
  const area = { left: edge, right: PLOT.width - PLOT.right, top: PLOT.top, bottom: height - PLOT.bottom };
  const marks = shape("g", { class: "marks" });
  const plot = {
    area,
    marks,
    x: scaleOf(x, area.left, area.right),
    y: scaleOf(y, area.bottom, area.top),
    svg: shape("svg", { viewBox: `0 0 ${PLOT.width} ${height}`, role: "img", "aria-label": description }),
  };
  plot.svg.append(
    ...acrossAxis(plot, x, xTicks, height),
    ...upAxis(plot, yTicks, yTexts),
    y.label ? upLabel(y.label, area) : shape("g"),
    marks,
  );
  return plot;
}

function acrossAxis({ x, area }, axis, ticks, height) {
  const texts = ticks.map(axis.format ?? plainText);
  const marks = ticks.flatMap((tick, at) => [
    shape("line", { class: "grid", x1: x(tick), x2: x(tick), y1: area.top, y2: area.bottom }),
    shape("text", { class: "tick", x: x(tick), y: area.bottom + 16, "text-anchor": "middle" }, texts[at]),
  ]);
  const base = shape("line", { class: "axis", x1: area.left, x2: area.right, y1: area.bottom, y2: area.bottom });
  const middle = (area.left + area.right) / 2;
  const label = shape("text", { class: "label", x: middle, y: height - 8, "text-anchor": "middle" }, axis.label);
  return [...marks, base, label];
}

function upAxis({ y, area }, ticks, texts) {
  return ticks.flatMap((tick, at) => [
    shape("line", { class: "grid", x1: area.left, x2: area.right, y1: y(tick), y2: y(tick) }),
    shape("text", { class: "tick", x: area.left - 6, y: y(tick) + 4, "text-anchor": "end" }, texts[at]),
  ]);
}

function upLabel(text, { top, bottom }) {
  const middle = (top + bottom) / 2;
  return shape(
    "text",
    { class: "label", transform: `translate(13 ${middle}) rotate(-90)`, "text-anchor": "middle" },
    text,
  );
}

const ROW = 24;
const ROW_NAMES = 146;
const ROW_LETTERS = 19;

/** Rows by name, from above; y(position) is a row's middle. mark: class of the line that stands at 0, if any. */
function rowPlot({ names, x, description }) {
  const height = PLOT.top + PLOT.bottom + ROW * names.length;
  const y = { from: names.length - 0.5, to: -0.5, ticks: [] };
  const plot = plotOf({ x: { ...x, count: 4 }, y, description, height, left: ROW_NAMES });
  names.forEach((name, at) => {
    const label = shape(
      "text",
      { class: "tick", x: ROW_NAMES - 8, y: plot.y(at) + 4, "text-anchor": "end" },
      shape("title", {}, name),
      shortened(name, ROW_LETTERS),
    );
    plot.svg.append(label);
  });
  return plot;
}

function fixed(value) {
  return Number(value.toFixed(2));
}

function pairs(across, up) {
  return across.map((x, at) => [x, up[at]]);
}

/** points: [x, y] of the data; points that are not defined are left out. */
function drawLine(plot, points, kind) {
  const known = points.filter(([x, y]) => isNumber(x) && isNumber(y));
  const at = known.map(([x, y]) => `${fixed(plot.x(x))},${fixed(plot.y(y))}`).join(" ");
  const line = shape("polyline", { class: `line ${kind}`, points: at });
  plot.marks.append(line);
  return line;
}

/** What guessing, or a perfect model, would draw. */
function drawDiagonal(plot, from, to) {
  return drawLine(plot, pairs([from, to], [from, to]), "chance");
}

/** At the data's x and y. title: what the pointer shows. Shapes differ by kind, as colours do. */
function drawPoint(plot, x, y, kind, title = null, radius = 4) {
  const point = symbol(fixed(plot.x(x)), fixed(plot.y(y)), kind, radius);
  if (title) point.append(shape("title", {}, title));
  plot.marks.append(point);
  return point;
}

function symbol(x, y, kind, radius) {
  const name = `point ${kind}`;
  if (!/champion|baseline|failed|best/.test(kind)) return shape("circle", { class: name, cx: x, cy: y, r: radius });
  const r = radius * 1.25;
  if (/failed/.test(kind)) {
    return shape("path", {
      class: name,
      d: `M${x - r},${y - r}L${x + r},${y + r}M${x - r},${y + r}L${x + r},${y - r}`,
    });
  }
  return shape("path", { class: name, d: `M${x},${y - r}L${x + r},${y}L${x},${y + r}L${x - r},${y}Z` });
}

function drawSegment(plot, from, to, kind) {
  const [x1, y1, x2, y2] = [plot.x(from[0]), plot.y(from[1]), plot.x(to[0]), plot.y(to[1])].map(fixed);
  const segment = shape("line", { class: `segment ${kind}`, x1, y1, x2, y2 });
  plot.marks.append(segment);
  return segment;
}

/** Across the whole area, at the data's y. */
function drawLevel(plot, y, kind) {
  const at = fixed(plot.y(y));
  const line = shape("line", { class: `segment ${kind}`, x1: plot.area.left, x2: plot.area.right, y1: at, y2: at });
  plot.marks.append(line);
}

/** From below to above, at the data's x; move(x) puts it elsewhere. */
function drawUpright(plot, x, kind) {
  const line = shape("line", { class: `segment ${kind}`, y1: plot.area.top, y2: plot.area.bottom });
  const move = (to) => ["x1", "x2"].forEach((end) => line.setAttribute(end, fixed(plot.x(to))));
  move(x);
  plot.marks.append(line);
  return move;
}

/** Adjacent bars from 0: edges has one more than heights. */
function drawBars(plot, edges, heights, kind) {
  const base = plot.y(0);
  heights.forEach((height, at) => {
    const [x, top] = [plot.x(edges[at]), plot.y(height)];
    const width = Math.max(plot.x(edges[at + 1]) - x - 0.6, 0.4);
    if (height) {
      const bar = { x: fixed(x), y: fixed(top), width: fixed(width), height: fixed(base - top) };
      plot.marks.append(shape("rect", { class: `bar ${kind}`, ...bar }));
    }
  });
}

/** The outline of such bars. */
function drawSteps(plot, edges, heights, kind) {
  const points = heights.flatMap((height, at) => [
    [edges[at], height],
    [edges[at + 1], height],
  ]);
  return drawLine(plot, [[edges[0], 0], ...points, [edges[edges.length - 1], 0]], kind);
}

/** A bar across in a row plot, from the x axis's 0. */
function drawRowBar(plot, row, value, kind, title) {
  const [start, end] = [plot.x(0), plot.x(value)].sort((one, other) => one - other);
  const bar = { x: fixed(start), y: fixed(plot.y(row) - 7), width: fixed(Math.max(end - start, 0.5)), height: 14 };
  plot.marks.append(shape("rect", { class: `bar ${kind}`, ...bar }, shape("title", {}, title)));
}
