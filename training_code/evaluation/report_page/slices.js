/* Parts of the test set by a column's values: is the model good everywhere, and nowhere worse than the champion? */

const SLICE_METRICS = {
  binary: ["auc", "precision", "recall", "f1"],
  multiclass: ["accuracy", "macro_f1", "log_loss"],
  regression: ["r2", "rmse", "mae"],
};

function slicesSection({ evaluation, task, champion }) {
  const parts = evaluation.slices ?? [];
  if (!parts.length) return null;
  const names = [...new Set(parts.map((part) => part.column))];
  const compared = champion && parts.some((part) => part.champion);
  return [
    compared
      ? null
      : note(champion ? `Against the champion: ${NOT_MEASURED}.` : "There is no champion to compare with."),
    names.map((name) =>
      slicesOf(
        name,
        parts.filter((part) => part.column === name),
        task,
        compared,
      ),
    ),
  ];
}

function slicesOf(column, parts, task, compared) {
  const [main, ...others] = SLICE_METRICS[task] ?? [];
  const drawn = [sliceFigure(column, parts, main, compared), compared && gapFigure(column, parts, main)].filter(
    Boolean,
  );
  return [
    element("h3", {}, "By ", code(column)),
    drawn.length ? figures(drawn) : null,
    sliceTable(column, parts, [main, ...others], compared),
  ];
}

function championDifference(part, metric) {
  return part.champion?.differences?.[metric] ?? null;
}

function sliceFigure(column, parts, metric, compared) {
  const values = parts.map((part) => part.metrics?.[metric] ?? {});
  const live = parts.map((part, at) => championValue(values[at], championDifference(part, metric)));
  // The metrics that stand first are 1 at most, which a normal interval does not know.
  const ends = values.map(({ value, standard_deviation: deviation }) => {
    const [low, high] = around(value, deviation);
    return [low, isNumber(high) ? Math.min(high, 1) : high];
  });
  if (!ends.flat().some(isNumber)) return null;
  const x = { ...spanOf([...ends.flat(), ...live]), label: titleOf(metric) };
  const plot = rowPlot({
    names: parts.map(partName),
    x,
    description: `${titleOf(metric)} by ${column}, with 95 % intervals`,
  });
  values.forEach(({ value }, row) => {
    if (!isNumber(value)) return;
    drawSegment(plot, [ends[row][0], row], [ends[row][1], row], "challenger");
    if (compared && isNumber(live[row]))
      drawPoint(plot, live[row], row, "champion", `champion ${metricText(live[row])}`, 4.5);
    drawPoint(plot, value, row, "challenger", `${partName(parts[row])}: ${metricText(value)}`, 4.5);
  });
  const legend = [...modelLegend("point", compared), ["segment", "challenger", "95 % interval"]];
  return figure({ title: `${titleOf(metric)} by ${column}`, plot, legend });
}

function championValue({ value }, difference) {
  return isNumber(value) && isNumber(difference?.value) ? value - difference.value : null;
}

function gapFigure(column, parts, metric) {
  const differences = parts.map((part) => championDifference(part, metric));
  const ends = differences.map((difference) => around(difference?.value, difference?.standard_deviation));
  if (!ends.flat().some(isNumber)) return null;
  const x = { ...spanOf(ends.flat(), { zero: true }), label: `${titleOf(metric)}: this model − champion` };
  const plot = rowPlot({ names: parts.map(partName), x, description: `Difference of ${titleOf(metric)} by ${column}` });
  drawUpright(plot, 0, "chance");
  differences.forEach((difference, row) => {
    if (!isNumber(difference?.value)) return;
    drawSegment(plot, [ends[row][0], row], [ends[row][1], row], "challenger");
    drawPoint(plot, difference.value, row, "challenger", `${partName(parts[row])}: ${differenceText(difference)}`, 4.5);
  });
  const better = LOWER_IS_BETTER.has(metric) ? "left" : "right";
  const legend = [
    ["point", "challenger", "Difference"],
    ["segment", "challenger", "95 % interval"],
    ["line", "chance", "No difference"],
  ];
  return figure({ title: "Against the champion", plot, legend, reading: `To the ${better} this model is better.` });
}

function sliceTable(column, parts, metrics, compared) {
  const heads = metrics.map(titleOf);
  const against = compared ? [`${titleOf(metrics[0])}, difference to the champion`, words("This model is")] : [];
  const rows = parts.map((part) => {
    const difference = championDifference(part, metrics[0]);
    const compare = compared ? [differenceCell(difference), readingMark(metrics[0], difference)] : [];
    return [
      partName(part),
      countText(part.item_count),
      ...metrics.map((name) => withDeviation(part.metrics?.[name])),
      ...compare,
    ];
  });
  return dataTable(`Metrics by ${column}`, [column, "Test rows", ...heads, ...against], rows);
}
