/* Two classes: does a score of 0.7 mean that 7 of 10 are positive? */

const INTERVAL_Z = 1.96;

/** Wilson's score interval of a share (Wilson 1927). */
function wilson(share, rows) {
  const square = INTERVAL_Z ** 2;
  const middle = (share + square / (2 * rows)) / (1 + square / rows);
  const half =
    (INTERVAL_Z / (1 + square / rows)) * Math.sqrt((share * (1 - share)) / rows + square / (4 * rows * rows));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

function calibrationFigure(evidence, curve, liveCurve) {
  const { positive, metrics } = evidence;
  const x = { ...SCORE, label: "Mean score of a bin" };
  const y = { ...SHARE, label: `Share of “${shortened(positive, 16)}” in it` };
  const error = `Mean distance to the diagonal: ${metricText(metrics.calibration_error?.value)}.`;
  const plot = plotOf({ x, y, description: `Calibration curve. ${error}` });
  drawDiagonal(plot, 0, 1);
  if (liveCurve) drawBins(plot, liveCurve, "champion");
  curve.mean_scores.forEach((score, at) => {
    const [low, high] = wilson(curve.positive_ratios[at], curve.item_counts[at]);
    drawSegment(plot, [score, low], [score, high], "challenger");
  });
  drawBins(plot, curve, "challenger");
  const legend = [
    ...modelLegend("line", liveCurve),
    ["segment", "challenger", "95 % interval"],
    ["line", "chance", "Perfect"],
  ];
  const columns = ["Model", "Mean score", `Share of “${positive}”`, "Rows"];
  const rows = () => [...binRows(THIS_MODEL, curve), ...(liveCurve ? binRows(CHAMPION, liveCurve) : [])];
  const reading = `${error} A score of 0.7 should mean that 7 of 10 are “${positive}”. Short bars: many rows.`;
  return figure({ title: "Calibration", plot, legend, reading, data: { columns, rows } });
}

function binRows(model, { mean_scores: scores, positive_ratios: shares, item_counts: counts }) {
  return scores.map((score, at) => [model, metricText(score), percentText(shares[at]), countText(counts[at])]);
}

function drawBins(plot, { mean_scores: scores, positive_ratios: shares, item_counts: counts }, kind) {
  drawLine(plot, pairs(scores, shares), kind);
  scores.forEach((score, at) => {
    const title = `score ${metricText(score)}: ${percentText(shares[at])} of ${several(counts[at], "row")}`;
    drawPoint(plot, score, shares[at], kind, title, 3.5);
  });
}
