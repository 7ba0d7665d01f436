/* Two classes: what another threshold would do. The slider moves the tables here and the marks of other figures. */

function countsAt(counts, at) {
  return { tp: counts.tp[at], fp: counts.fp[at], fn: counts.fn[at], tn: counts.tn[at] };
}

/** Shares at one threshold; null where they are not defined, as the precision where no row is called positive. */
function sharesOf({ tp, fp, fn, tn }) {
  const share = (part, whole) => (whole ? part / whole : null);
  return {
    precision: share(tp, tp + fp),
    recall: share(tp, tp + fn),
    f1: share(2 * tp, 2 * tp + fp + fn),
    accuracy: share(tp + tn, tp + fp + fn + tn),
    called: share(tp + fp, tp + fp + fn + tn),
  };
}

function nearest(values, wanted) {
  const distance = (at) => Math.abs(values[at] - wanted);
  return values.reduce((best, _, at) => (distance(at) < distance(best) ? at : best), 0);
}

/** slider.watchers are told {at, threshold, championThreshold} whenever it moves; start() tells them first. */
function thresholdSection(evidence, slider) {
  const { facts, evaluation, task, champion, positive } = evidence;
  const { thresholds } = facts;
  if (task !== "binary") return null;
  if (!thresholds?.at?.length) return matricesWithoutSlider(evidence);
  const own = nearest(thresholds.at, evaluation.threshold ?? 0.5);
  const controls = sliderControls(thresholds.at, own, positive, thresholds.champion && champion?.threshold);
  const [matrices, table] = [element("div", { class: "figures" }), element("div", {})];
  const chart = thresholdFigure(evidence, own, slider);
  const show = () => {
    const at = Number(controls.range.value);
    const championAt = controls.pinned.checked ? nearest(thresholds.at, champion.threshold) : at;
    const [threshold, championThreshold] = [thresholds.at[at], thresholds.at[championAt]];
    controls.say(threshold, at === own);
    matrices.replaceChildren(...matricesAt(evidence, at, championAt));
    table.replaceChildren(thresholdTable(evidence, at, championAt));
    slider.watchers.forEach((watcher) => watcher({ at, threshold, championThreshold }));
  };
  for (const control of [controls.range, controls.pinned]) control.addEventListener("input", show);
  controls.back.addEventListener("click", () => {
    controls.range.value = own;
    show();
  });
  slider.start = show;
  return [controls.node, matrices, figures(table, chart)];
}

function sliderControls(at, own, positive, championThreshold) {
  const marks = element("datalist", { id: "own-threshold" }, element("option", { value: own }));
  const steps = { min: 0, max: at.length - 1, step: 1, value: own, list: "own-threshold" };
  const range = element("input", { type: "range", id: "threshold-slider", ...steps });
  const value = element("output", { for: "threshold-slider", id: "threshold-value" });
  const back = element("button", { type: "button", id: "own" }, `Back to the model's own, ${plainText(at[own])}`);
  const pinned = element("input", { type: "checkbox", id: "pinned" });
  const pin = element(
    "label",
    { class: "pin" },
    pinned,
    ` Keep the champion at its own, ${plainText(championThreshold)}`,
  );
  const label = element("label", { for: "threshold-slider" }, `Call a row “${positive}” from a score of `, value);
  const say = (threshold, isOwn) => {
    value.textContent = `${plainText(threshold)}${isOwn ? ", the model's own" : ""}`;
    range.setAttribute("aria-valuetext", `threshold ${value.textContent}`);
    back.disabled = isOwn;
  };
  const buttons = element("div", { class: "buttons" }, back, isNumber(championThreshold) ? pin : null);
  return { node: element("div", { class: "controls" }, label, range, marks, buttons), range, pinned, back, say };
}

function matricesAt(evidence, at, championAt) {
  const { at: values, challenger, champion } = evidence.facts.thresholds;
  const own = binaryMatrix(evidence, THIS_MODEL, countsAt(challenger, at), values[at]);
  return champion ? [own, binaryMatrix(evidence, CHAMPION, countsAt(champion, championAt), values[championAt])] : [own];
}

function thresholdTable({ facts, positive }, at, championAt) {
  const { challenger, champion } = facts.thresholds;
  const mine = sharesOf(countsAt(challenger, at));
  const theirs = champion && sharesOf(countsAt(champion, championAt));
  const titles = { ...TITLES, called: `Share called “${positive}”` };
  const rows = Object.keys(mine).map((name) => {
    const cells = [titles[name], shareText(mine[name])];
    return theirs ? [...cells, shareText(theirs[name]), gapText(mine[name], theirs[name])] : cells;
  });
  const columns = ["At this threshold", THIS_MODEL, ...(theirs ? [CHAMPION, "Difference"] : [])];
  return dataTable("Precision, recall and others at the chosen threshold", columns, rows);
}

function shareText(share) {
  return share === null ? NOT_DEFINED : percentText(share);
}

/** In percentage points. */
function gapText(own, live) {
  if (own === null || live === null) return NOT_DEFINED;
  const points = 100 * (own - live);
  return `${points > 0 ? "+" : ""}${grouped(points, 1, 1)} points`;
}

/** Rows as they are, columns as they were called; each cell with its share of the row. */
function binaryMatrix({ positive, negative }, model, { tp, fp, fn, tn }, threshold) {
  const labels = [negative, positive];
  const counts = [
    [tn, fp],
    [fn, tp],
  ];
  const caption = `${model} at ${plainText(threshold)}`;
  return element("div", { class: "matrix" }, element("h3", {}, caption), confusionTable(caption, labels, counts));
}

function matricesWithoutSlider({ metrics, champion, evaluation, ...evidence }) {
  const drawn = [
    metrics.confusion_matrix && matrixOfDocument(evidence, THIS_MODEL, metrics.confusion_matrix, evaluation.threshold),
    champion?.metrics.confusion_matrix &&
      matrixOfDocument(evidence, CHAMPION, champion.metrics.confusion_matrix, champion.threshold),
  ].filter(Boolean);
  return drawn.length ? [figures(drawn), note(`Other thresholds: ${NOT_MEASURED}.`)] : null;
}

function matrixOfDocument(evidence, model, matrix, threshold) {
  const counts = { tp: matrix[1][1], fp: matrix[0][1], fn: matrix[1][0], tn: matrix[0][0] };
  return binaryMatrix(evidence, model, counts, threshold);
}

const THRESHOLD_LINES = [
  ["precision", "precision"],
  ["recall", "recall"],
  ["f1", "f1"],
];

function thresholdFigure({ facts, evaluation }, own, slider) {
  const { at, challenger } = facts.thresholds;
  const shares = at.map((_, position) => sharesOf(countsAt(challenger, position)));
  const x = { ...SCORE, label: "Threshold" };
  const plot = plotOf({
    x,
    y: { ...SHARE, label: "Share" },
    description: "This model's precision, recall and F1 by threshold",
  });
  for (const [name, kind] of THRESHOLD_LINES)
    drawLine(
      plot,
      at.map((value, position) => [value, shares[position][name]]),
      kind,
    );
  if (isNumber(evaluation.threshold)) drawUpright(plot, at[own], "own");
  const move = drawUpright(plot, at[own], "current");
  slider.watchers.push(({ threshold }) => move(threshold));
  const lines = THRESHOLD_LINES.map(([name, kind]) => ["line", kind, titleOf(name)]);
  const legend = [...lines, ["segment", "current", "Chosen threshold"], ["segment", "own", "The model's own"]];
  const rows = () =>
    at.map((value, position) => [
      plainText(value),
      ...THRESHOLD_LINES.map(([name]) => shareText(shares[position][name])),
    ]);
  const data = { columns: ["Threshold", "Precision", "Recall", "F1"], rows };
  return figure({ title: "This model at other thresholds", plot, legend, data });
}
