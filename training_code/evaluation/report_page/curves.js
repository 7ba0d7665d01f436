/* Two classes: the ROC, precision-recall and calibration curves and the scores, of both models. */

const SHARE = { from: 0, to: 1, format: (value) => percentText(value, 0) };
const SCORE = { from: 0, to: 1, label: "Score" };

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
  ].filter(Boolean);
  const scores = scoreFigures(evidence, slider);
  return [
    drawn.length ? figures(drawn) : note(`Curves: ${NOT_MEASURED}.`),
    scores.length ? figures(scores) : note(`Distribution of the scores: ${NOT_MEASURED}.`),
  ];
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
  return {
    columns: ["Model", ...columns],
    rows: () => [...rows(THIS_MODEL, own), ...(live ? rows(CHAMPION, live) : [])],
  };
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
  drawDiagonal(plot, 0, 1);
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
  return figure({
    title: "Precision and recall",
    plot,
    legend,
    reading: `${area} The further up and right, the better.`,
    data,
  });
}

function thresholdLegend({ facts }) {
  return facts.thresholds ? [["point", "current", "At the chosen threshold"]] : [];
}
