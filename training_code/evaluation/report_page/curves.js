/* Two classes: the ROC, precision-recall and calibration curves and the scores, of both models. */

const SHARE = { from: 0, to: 1, format: (value) => percentText(value, 0) };
const SCORE = { from: 0, to: 1, label: "Score" };
const INTERVAL_Z = 1.96;

/** slider: see thresholdSection. */
function curvesSection(evidence, slider) {
  const { metrics, task, facts } = evidence;
  if (task !== "binary") return null;
  const live = facts.champion_curves ?? {};
  const roc = metrics.receiver_operating_characteristic_curve;
  const precision = metrics.precision_recall_curve;
  const calibration = metrics.calibration_curve;
  const drawn = [
    roc && rocFigure(evidence, roc, live.receiver_operating_characteristic_curve, slider),
    precision && precisionFigure(evidence, precision, live.precision_recall_curve, slider),
    calibration && calibrationFigure(evidence, calibration, live.calibration_curve),
    ...scoreFigures(evidence, slider),
  ].filter(Boolean);
  return drawn.length ? figures(drawn) : [note(`Curves: ${NOT_MEASURED}.`)];
}

function pairs(across, up) {
  return across.map((x, at) => [x, up[at]]);
}

/** A mark on the challenger's curve where the slider stands. place: from counts to the data's [x, y]. */
function followThreshold(plot, evidence, slider, place) {
  const counts = evidence.facts.thresholds?.challenger;
  if (!counts) return;
  const group = shape("g");
  plot.marks.append(group);
  slider.watchers.push(({ at, threshold }) => {
    const [x, y] = place(countsAt(counts, at));
    if (!isNumber(x) || !isNumber(y)) return group.replaceChildren();
    const mark = symbol(fixed(plot.x(x)), fixed(plot.y(y)), "current", 5.5);
    mark.append(shape("title", {}, `threshold ${plainText(threshold)}`));
    return group.replaceChildren(mark);
  });
}

function curveData(columns, own, live) {
  const rows = (model, points) => points.map(([x, y]) => [model, percentText(x), percentText(y)]);
  return { columns: ["Model", ...columns], rows: () => [...rows(THIS_MODEL, own), ...(live ? rows(CHAMPION, live) : [])] };
}

function areaText(name, { metrics, champion }) {
  const parts = [`${THIS_MODEL} ${metricText(metrics[name]?.value)}`];
  if (champion) parts.push(`champion ${metricText(champion.metrics[name]?.value)}`);
  return `Area under it: ${parts.join(", ").replace(/^T/, "t")}.`;
}

function rocFigure(evidence, roc, liveRoc, slider) {
  const { positive, negative } = evidence;
  const x = { ...SHARE, label: `Share of “${shortened(negative, 16)}” called “${shortened(positive, 16)}”` };
  const y = { ...SHARE, label: `Share of “${shortened(positive, 16)}” found` };
  const area = areaText("auc", evidence);
  const plot = plotOf({ x, y, description: `ROC curve. ${area}` });
  const own = pairs(roc.false_positive_rates, roc.true_positive_rates);
  const live = liveRoc && pairs(liveRoc.false_positive_rates, liveRoc.true_positive_rates);
  drawLine(plot, [[0, 0], [1, 1]], "chance");
  if (live) drawLine(plot, live, "champion");
  drawLine(plot, own, "challenger");
  followThreshold(plot, evidence, slider, ({ tp, fp, tn, fn }) => [fp / (fp + tn), tp / (tp + fn)]);
  const legend = [...modelLegend("line", live), ["line", "chance", "Guessing"], ...thresholdLegend(evidence)];
  const data = curveData(["Called positive wrongly", "Found"], own, live);
  return figure({ title: "ROC curve", plot, legend, reading: `${area} The further up and left, the better.`, data });
}

function precisionFigure(evidence, curve, liveCurve, slider) {
  const { positive, evaluation } = evidence;
  const x = { ...SHARE, label: `Recall: share of “${shortened(positive, 16)}” found` };
  const y = { ...SHARE, label: `Precision: share right of those called` };
  const area = areaText("precision_recall_auc", evidence);
  const plot = plotOf({ x, y, description: `Precision-recall curve. ${area}` });
  const own = pairs(curve.recalls, curve.precisions);
  const live = liveCurve && pairs(liveCurve.recalls, liveCurve.precisions);
  const { item_count: rows, positive_count: positives } = evaluation.dataset ?? {};
  const known = isNumber(positives) && rows > 0;
  if (known) drawLevel(plot, positives / rows, "chance");
  if (live) drawLine(plot, live, "champion");
  drawLine(plot, own, "challenger");
  followThreshold(plot, evidence, slider, ({ tp, fp, fn }) => [tp / (tp + fn), tp / (tp + fp)]);
  const guessing = known ? [["line", "chance", "Guessing"]] : [];
  const legend = [...modelLegend("line", live), ...guessing, ...thresholdLegend(evidence)];
  const data = curveData(["Recall", "Precision"], own, live);
  return figure({ title: "Precision and recall", plot, legend, reading: `${area} The further up and right, the better.`, data });
}

function thresholdLegend({ facts }) {
  return facts.thresholds ? [["point", "current", "At the chosen threshold"]] : [];
}

/** Wilson's score interval of a share (Wilson 1927). */
function wilson(share, rows) {
  const square = INTERVAL_Z ** 2;
  const middle = (share + square / (2 * rows)) / (1 + square / rows);
  const half = (INTERVAL_Z / (1 + square / rows)) * Math.sqrt((share * (1 - share)) / rows + square / (4 * rows * rows));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

function calibrationFigure(evidence, curve, liveCurve) {
  const { positive, metrics } = evidence;
  const x = { ...SCORE, label: "Mean score of a bin" };
  const y = { ...SHARE, label: `Share of “${shortened(positive, 16)}” in it` };
  const error = `Mean distance to the diagonal: ${metricText(metrics.calibration_error?.value)}.`;
  const plot = plotOf({ x, y, description: `Calibration curve. ${error}` });
  drawLine(plot, [[0, 0], [1, 1]], "chance");
  if (liveCurve) drawBins(plot, liveCurve, "champion");
  curve.mean_scores.forEach((score, at) => {
    const [low, high] = wilson(curve.positive_ratios[at], curve.item_counts[at]);
    drawSegment(plot, [score, low], [score, high], "challenger");
  });
  drawBins(plot, curve, "challenger");
  const legend = [...modelLegend("line", liveCurve), ["segment", "challenger", "95 % interval"], ["line", "chance", "Perfect"]];
  const rows = (model, bins) =>
    bins.mean_scores.map((score, at) => [
      model,
      metricText(score),
      percentText(bins.positive_ratios[at]),
      countText(bins.item_counts[at]),
    ]);
  const columns = ["Model", "Mean score", `Share of “${positive}”`, "Rows"];
  const data = { columns, rows: () => [...rows(THIS_MODEL, curve), ...(liveCurve ? rows(CHAMPION, liveCurve) : [])] };
  const reading = `${error} A score of 0.7 should mean that 7 of 10 are “${positive}”; short bars are bins of many rows.`;
  return figure({ title: "Calibration", plot, legend, reading, data });
}

function drawBins(plot, { mean_scores: scores, positive_ratios: shares, item_counts: counts }, kind) {
  drawLine(plot, pairs(scores, shares), kind);
  scores.forEach((score, at) => {
    const title = `score ${metricText(score)}: ${percentText(shares[at])} of ${several(counts[at], "row")}`;
    drawPoint(plot, score, shares[at], kind, title, 3.5);
  });
}
