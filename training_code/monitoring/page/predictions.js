/* What the model answers: its scores then and now, and how often it says each label. */

const MOST_OUTPUTS = 6;

function predictionsSection(findings) {
  const part = dimensionOf(findings, "predictions");
  const outputs = part.outputs ?? [];
  const all = [...outputs, ...(part.labels ? [part.labels] : [])];
  if (!all.length) return [silenceNote(part) ?? note(`Predictions: ${NOT_MEASURED}.`)];
  const drawn = outputs.slice(0, MOST_OUTPUTS).map((output) => distributionFigure(output, outputTitle(output)));
  const labels = part.labels && distributionFigure(part.labels, "Labels that the model gives");
  const trend = distanceTrend(findings.trend, "the scores", ({ score }) => score?.distance, outputs[0]?.bound);
  const figuresOf = [...drawn, labels, trend].filter(Boolean);
  return [
    silenceNote(part),
    note("The baseline is what this version answered on the test split."),
    figuresOf.length ? figures(figuresOf) : null,
    outputTable(outputs, part.labels),
  ];
}

function outputTitle({ name }) {
  return name === "score" ? "Scores" : `Scores of “${shortened(name, 40)}”`;
}

function outputTable(outputs, labels) {
  const rows = [...outputs.map((output) => [outputTitle(output), output]), ...(labels ? [["Labels", labels]] : [])];
  const columns = [
    "Output",
    words("Status"),
    "Distance",
    "Bound",
    "PSI",
    "Adjusted p",
    "Mean",
    "Mean, baseline",
    words("Moved since"),
  ];
  const cells = rows.map(([title, one]) => [
    title,
    statusWord(one),
    distanceText(one.distance),
    plainText(one.bound),
    distanceText(one.psi),
    chanceText(one.adjusted_p_value),
    plainText(one.mean),
    plainText(one.baseline_mean),
    timeText(one.since) ?? "–",
  ]);
  return dataTable("Outputs against the test split", columns, cells);
}
