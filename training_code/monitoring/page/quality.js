/* Whether the model is still right, by the labels that have come so far. */

function qualitySection(findings) {
  const part = dimensionOf(findings, "model-quality");
  const metrics = part.metrics ?? [];
  return [
    silenceNote(part),
    coverageText(part),
    metrics.length ? [qualityFigure(metrics), qualityTable(metrics), note(QUALITY_NOTE)] : null,
    labelCounts(part),
  ];
}

const QUALITY_NOTE =
  "± is the standard deviation over resampled rows. Baseline: this version on the test split. " +
  "Worse by: how much was lost, whichever direction is better.";

function coverageText(part) {
  const { labelled_requests: labelled, requests, coverage, labelled_rows: rows } = part;
  if (!isNumber(labelled) || !isNumber(requests))
    return isNumber(rows) ? paragraph(`${several(rows, "row")} have a label so far.`) : null;
  const share = isNumber(coverage) ? ` (${percentText(coverage, 0)})` : "";
  const bar = element("progress", { max: requests || 1, value: labelled, "aria-label": "Requests that have a label" });
  return [
    paragraph(`${countText(labelled)} of ${several(requests, "request")} have a label so far${share}.`),
    bar,
    part.earlier_labelled_requests
      ? paragraph(`So do ${several(part.earlier_labelled_requests, "request")} of the hours before, which are measured too.`)
      : null,
    note("Labels come late: those that still come are counted in the checks to follow."),
  ];
}

/** Of the metrics between 0 and 1, which one axis can hold. */
function qualityFigure(metrics) {
  const drawn = metrics.filter(
    ({ name, value }) => isNumber(value) && value >= 0 && value <= 1 && !LOWER_IS_BETTER.has(name),
  );
  if (!drawn.length) return null;
  const ends = drawn.map((metric) => [
    around(metric.value, metric.deviation),
    around(metric.baseline, metric.baseline_deviation),
  ]);
  const plot = rowPlot({
    names: drawn.map(({ name }) => titleOf(name)),
    x: { ...spanOf(ends.flat(2)), label: "Metric, with 95 % intervals" },
    description: "Metrics now and on the test split, with 95 % intervals",
  });
  drawn.forEach((metric, row) => {
    drawMetric(plot, row - 0.16, metric.value, ends[row][0], "now");
    drawMetric(plot, row + 0.16, metric.baseline, ends[row][1], "baseline");
  });
  const legend = [
    ["point", "now", NOW],
    ["point", "baseline", BASELINE],
    ["segment", "now", "95 % interval"],
  ];
  return figures(figure({ title: "Now and on the test split", plot, legend }));
}

function drawMetric(plot, row, value, [low, high], kind) {
  if (!isNumber(value)) return;
  drawSegment(plot, [low, row], [high, row], kind);
  drawPoint(plot, value, row, kind, metricText(value), 4);
}

function qualityTable(metrics) {
  const columns = ["Metric", NOW, BASELINE, "Worse by", "Bound", "Adjusted p", words("Judged")];
  const rows = metrics.map((metric) => [
    metricHead(metric.name),
    scattered(metric.value, metric.deviation),
    scattered(metric.baseline, metric.baseline_deviation),
    signedText(metric.loss),
    isNumber(metric.bound) ? metricText(metric.bound) : "–",
    chanceText(metric.adjusted_p_value),
    judgedWord(metric),
  ]);
  return dataTable("Metrics by the labels that came", columns, rows);
}

function judgedWord({ judged, violated }) {
  if (!judged) return "for information";
  return violatedWord(violated);
}

function violatedWord(violated) {
  return violated
    ? element("span", { class: "reading fail" }, "! drift")
    : element("span", { class: "reading pass" }, "✓ no drift");
}

function labelCounts(part) {
  return descriptions([
    ["Rows with a label", counted(part.labelled_rows)],
    ["Of these drawn to be measured", part.measured_rows < part.labelled_rows ? counted(part.measured_rows) : null],
    ["Labels sent again", counted(part.duplicates)],
    ["Labels that contradict one before", counted(part.conflicting)],
    ["Labels of no known request", counted(part.unmatched)],
  ]);
}

function counted(value) {
  return isNumber(value) ? countText(value) : null;
}
