/* Elements, made by name. What the data say goes in as text: nothing of it is ever read as markup. */

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** Attributes that are null or false are left out, as are such children. */
function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  const kept = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  node.append(...kept.map((child) => (child instanceof Node ? child : String(child))));
  return node;
}

function paragraph(...content) {
  return element("p", {}, ...content);
}

function note(...content) {
  return element("p", { class: "note" }, ...content);
}

/** What it says is seen by a screen reader only. */
function unseen(text) {
  return element("span", { class: "unseen" }, text);
}

const MOST_COLUMNS_ON_A_NARROW_SCREEN = 4;

/** A column whose cells are words, and not numbers. */
function words(title) {
  return { title, text: true };
}

/**
 * columns: titles, or words(title). rows: of cells; the first one names its row.
 * Where it is wider than the screen it scrolls by itself; on a narrow one, each row of many cells becomes a block.
 */
function dataTable(caption, columns, rows) {
  const heads = columns.map((column) => (typeof column === "string" ? { title: column } : column));
  const table = tableOf(caption, heads, rows);
  return scrolling(caption, table, heads.length > MOST_COLUMNS_ON_A_NARROW_SCREEN && "stacks");
}

/** The roles are a table's own, which it would lose where the style sheet makes blocks of its rows. */
function tableOf(caption, heads, rows) {
  const head = heads.map(({ title, text }, at) => {
    const kind = at === 0 || text ? "text" : "number";
    return element("th", { scope: "col", role: "columnheader", class: kind }, title);
  });
  const body = rows.map((cells) =>
    element(
      "tr",
      { role: "row" },
      cells.map((cell, at) => tableCell(cell, at, heads[at])),
    ),
  );
  return element(
    "table",
    { role: "table" },
    element("caption", { class: "unseen" }, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, head)),
    element("tbody", { role: "rowgroup" }, body),
  );
}

function tableCell(cell, at, { title, text }) {
  if (at === 0) return element("th", { scope: "row", role: "rowheader", class: "text" }, cell);
  const label = typeof title === "string" ? title : null;
  const kind = `${text ? "text" : "number"}${cell === "–" ? " nothing" : ""}`;
  return element("td", { role: "cell", class: kind, "data-label": label }, cell);
}

function scrolling(label, content, kind) {
  const box = element(
    "div",
    { class: kind ? `scroll ${kind}` : "scroll", role: "region", "aria-label": label },
    content,
  );
  watchScrolling.observe(box);
  return box;
}

/** Only what can be scrolled is a stop of the Tab key. */
const watchScrolling = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});

/** Shut where it is long; printing opens it. */
function folded(summary, content, open = false) {
  return element("details", { open }, element("summary", {}, summary), content);
}

/** Made when it is first opened: a chart's numbers can be many. content: a function. */
function foldedLater(summary, content) {
  const details = element("details", { class: "chart-data" }, element("summary", {}, summary));
  details.addEventListener("toggle", () => details.append(content()), { once: true });
  return details;
}

/** pairs: of a term and what it is; pairs without a value are left out. kind: "long" where values are addresses. */
function descriptions(pairs, kind = null) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element(
    "dl",
    { class: kind },
    known.map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value))),
  );
}

/** A command: a line ends between its words, and within one only where it is wider than the screen. */
function commandWords(command) {
  const words = command.split(" ").flatMap((word, at) => [at ? " " : null, element("span", { class: "word" }, word)]);
  return element("code", {}, words);
}

function code(text) {
  return element("code", {}, text);
}
