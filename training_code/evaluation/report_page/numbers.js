/* A number is predicted: predictions against what came, and how far off they are. */

function numbersSection({ task, facts, champion }) {
  if (task !== "regression") return null;
  const { points, champion_points: live, residuals } = facts.scores ?? {};
  const drawn = [
    points?.length && predictionFigure(THIS_MODEL, points, [points, live ?? []].flat(), "challenger"),
    live?.length && predictionFigure(CHAMPION, live, [points ?? [], live].flat(), "champion"),
    points?.length && residualFigure(points),
    residuals?.counts && residualHistogram(residuals, champion),
  ].filter(Boolean);
  return drawn.length ? figures(drawn) : [note(`Predictions: ${NOT_MEASURED}.`)];
}

/** all: of both models, so that both figures have the same axes. */
function predictionFigure(model, points, all, kind) {
  const span = spanOf(all.flat());
  const plot = plotOf({
    x: { ...span, label: "Actual" },
    y: { ...span, label: "Predicted" },
    description: `${model}: predicted against actual, of ${several(points.length, "test row")}`,
  });
  drawDiagonal(plot, span.from, span.to);
  for (const [actual, predicted] of points) drawPoint(plot, actual, predicted, `${kind} cloud`, null, 2.5);
  const legend = [
    ["point", kind, `A row, ${model.toLowerCase()}`],
    ["line", "chance", "Perfect"],
  ];
  const rows = () => points.map(([actual, predicted]) => [plainText(actual), plainText(predicted)]);
  const data = { columns: ["Actual", "Predicted"], rows };
  return figure({ title: `Predicted against actual: ${model.toLowerCase()}`, plot, legend, data });
}

function residualFigure(points) {
  const residuals = points.map(([actual, predicted]) => [predicted, predicted - actual]);
  const plot = plotOf({
    x: { ...spanOf(residuals.map(([x]) => x)), label: "Predicted" },
    y: {
      ...spanOf(
        residuals.map(([, y]) => y),
        { zero: true },
      ),
      label: "Predicted − actual",
    },
    description: "This model's error against its prediction",
  });
  drawLevel(plot, 0, "chance");
  for (const [predicted, residual] of residuals) drawPoint(plot, predicted, residual, "challenger cloud", null, 2.5);
  const rows = () => residuals.map((pair) => pair.map(plainText));
  return figure({
    title: "Errors by prediction: this model",
    plot,
    legend: [
      ["point", "challenger", "A row"],
      ["line", "chance", "No error"],
    ],
    reading: "A slope, a bend or a funnel says that the errors depend on what is predicted.",
    data: { columns: ["Predicted", "Predicted − actual"], rows },
  });
}

function residualHistogram({ counts, edges, champion_counts: live }) {
  const [own, theirs] = [sharesOfTotal(counts), live && sharesOfTotal(live)];
  const most = Math.max(...own, ...(theirs ?? [0]));
  const plot = plotOf({
    x: { from: edges[0], to: edges[edges.length - 1], label: "Predicted − actual" },
    y: { from: 0, to: most * 1.05 || 1, label: "Share of the test rows", format: (share) => percentText(share, 0) },
    description: "How the errors are distributed",
  });
  drawBars(plot, edges, own, "challenger");
  if (theirs) drawSteps(plot, edges, theirs, "champion");
  const legend = [["bar", "challenger", THIS_MODEL], ...(theirs ? [["line", "champion", CHAMPION]] : [])];
  const columns = ["Error", THIS_MODEL, ...(live ? [CHAMPION] : [])];
  const data = { columns, rows: () => barRows(edges, counts, ...(live ? [live] : [])) };
  return figure({ title: "Errors", plot, legend, data });
}
