/* How the metrics went from round to round, on the rows that were learned from and on those that were not. */

function learningSection({ facts }) {
  const { evals, best_iteration: best } = facts.learning ?? {};
  const { rounds = [], series = {} } = evals ?? {};
  if (!rounds.length) return null;
  if (rounds.length === 1) return [roundTable(series)];
  const metrics = [...new Set(Object.keys(series).map((name) => seriesName(name)[1]))];
  return [
    isNumber(best)
      ? paragraph(`The model keeps the first ${several(best + 1, "round")}: the best on validation.`)
      : null,
    figures(metrics.map((metric) => learningFigure(metric, rounds, series, best))),
  ];
}

/** "validation-auc" → ["validation", "auc"]. */
function seriesName(name) {
  const at = name.indexOf("-");
  return [name.slice(0, at), name.slice(at + 1)];
}

function roundTable(series) {
  const rows = Object.entries(series).map(([name, values]) => {
    const [split, metric] = seriesName(name);
    return [`${titleOf(metric)} on ${split}`, metricText(values[0])];
  });
  return [
    note("This algorithm does not learn in rounds."),
    dataTable("Metrics in training", ["Metric", "Value"], rows),
  ];
}

function learningFigure(metric, rounds, series, best) {
  const own = Object.entries(series).filter(([name]) => seriesName(name)[1] === metric);
  const plot = plotOf({
    x: { from: rounds[0], to: rounds[rounds.length - 1], label: "Round" },
    y: { ...spanOf(own.flatMap(([, values]) => values)), label: metric },
    description: `${metric} by round, on ${own.map(([name]) => seriesName(name)[0]).join(" and ")}`,
  });
  if (isNumber(best)) drawUpright(plot, best, "own");
  for (const [name, values] of own) drawLine(plot, pairs(rounds, values), seriesName(name)[0]);
  const legend = own.map(([name]) => ["line", seriesName(name)[0], seriesName(name)[0]]);
  const kept = isNumber(best) ? [["segment", "own", "Last round kept"]] : [];
  const rows = () => rounds.map((round, at) => [countText(round), ...own.map(([, values]) => metricText(values[at]))]);
  const data = { columns: ["Round", ...own.map(([name]) => seriesName(name)[0])], rows };
  return figure({ title: metric, plot, legend: [...legend, ...kept], data });
}
