/* A chart with what belongs to it: a title, a legend, a sentence how to read it, and its numbers. */

/**
 * legend: [mark, kind, text] each; mark is line, point, bar or segment. data: {columns, rows()}, the same as a table.
 */
function figure({ title, plot, legend = [], reading = null, data = null }) {
  return element(
    "figure",
    {},
    element("figcaption", {}, element("h3", {}, title)),
    legend.length ? element("ul", { class: "legend" }, legend.map(legendItem)) : null,
    plot.svg,
    reading ? note(reading) : null,
    data ? foldedLater("Numbers", () => dataTable(title, data.columns, data.rows())) : null,
  );
}

function legendItem([mark, kind, text]) {
  const swatch = shape("svg", { class: "swatch", viewBox: "0 0 28 14", "aria-hidden": "true" });
  if (mark === "point") swatch.append(symbol(14, 7, kind, 4.5));
  else if (mark === "bar") swatch.append(shape("rect", { class: `bar ${kind}`, x: 3, y: 1, width: 22, height: 12 }));
  else swatch.append(shape("line", { class: `${mark} ${kind}`, x1: 0, x2: 28, y1: 7, y2: 7 }));
  return element("li", {}, swatch, text);
}

function figures(...content) {
  return element("div", { class: "figures" }, ...content);
}
