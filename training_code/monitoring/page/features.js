/* Which features moved, how far, since when, and what it did to the scores; then every feature. */

const MOST_CARDS = 6;
const MOST_FAR = 15;
const LONG_TABLE = 20;

function featuresSection(findings) {
  const part = dimensionOf(findings, "data-quality");
  const features = part.features ?? [];
  const moved = features.filter(({ status }) => status === "drift");
  const [shown, others] = [moved.slice(0, MOST_CARDS), moved.slice(MOST_CARDS)];
  return [
    silenceNote(part),
    features.length ? paragraph(`${countText(moved.length)} of ${several(features.length, "feature")} moved.`) : null,
    moved.length > 1 ? figures(farFigure(moved)) : null,
    shown.map((feature) => featureCard(feature, findings)),
    others.length ? folded(`${several(others.length, "more feature")} that moved`, laterCards(others, findings)) : null,
    features.length ? everyFeature(features, findings) : null,
  ];
}

/** As multiples of each one's bound: distances of numbers and of categories cannot be compared otherwise. */
function farFigure(moved) {
  const far = moved.filter(({ distance, bound }) => isNumber(distance) && bound > 0).slice(0, MOST_FAR);
  if (!far.length) return null;
  const times = far.map(({ distance, bound }) => distance / bound);
  const plot = rowPlot({
    names: far.map(({ name }) => name),
    x: { from: 0, to: Math.max(...times, 1) * 1.05, label: "Distance, as a multiple of its bound" },
    description: "How far the features have moved, as multiples of their bounds",
  });
  far.forEach(({ name }, row) =>
    drawRowBar(plot, row, times[row], "now", `${name}: ${plainText(times[row])} times its bound`),
  );
  drawUpright(plot, 1, "bound");
  const rows = () => far.map(({ name, distance, bound }) => [name, distanceText(distance), plainText(bound)]);
  return figure({
    title: "How far they moved",
    plot,
    legend: [
      ["bar", "now", "Distance"],
      ["segment", "bound", "Bound"],
    ],
    reading: far.length < moved.length ? `The ${far.length} that moved farthest.` : null,
    data: { columns: ["Feature", "Distance", "Bound"], rows },
  });
}

function laterCards(features, findings) {
  return features.map((feature) => foldedLater(feature.name, () => featureCard(feature, findings)));
}

function featureCard(feature, findings) {
  const { name, bound } = feature;
  const of = ({ features }) => features?.[name]?.distance;
  const drawn = [distributionFigure(feature), distanceTrend(findings.trend, name, of, bound)].filter(Boolean);
  return element(
    "article",
    { class: "moved" },
    element("h3", {}, name),
    element(
      "ul",
      { class: "reasons" },
      violationTexts(feature, findings).map((text) => element("li", {}, text)),
    ),
    descriptions(factsOf(feature, findings)),
    drawn.length ? figures(drawn) : null,
    exampleOf(feature),
  );
}

function violationTexts({ violations }, findings) {
  return (violations ?? []).map((index) => findings.violations?.[index]?.description).filter(Boolean);
}

function factsOf(feature, findings) {
  const { distance, bound, psi, since, score_effect: effect, importance } = feature;
  return [
    [measureText(feature), isNumber(distance) ? `${distanceText(distance)} (bound ${plainText(bound)})` : null],
    ["Stability index (PSI)", isNumber(psi) ? distanceText(psi) : null],
    ["Since", timeText(since)],
    ["Effect on the scores", isNumber(effect) ? `${signedPlain(effect)} ${effectUnit(findings)}, mean` : null],
    ["Importance in the baseline", isNumber(importance) ? percentText(importance, 0) : null],
    ...movedNumbers(feature),
    ...movedShares(feature),
  ];
}

/** "17.9 (baseline 36.4)" */
function against(now, before, text) {
  if (!isNumber(now) && !isNumber(before)) return null;
  return `${text(now)} (baseline ${text(before)})`;
}

function movedNumbers(feature) {
  return [
    ["Mean", against(feature.mean, feature.baseline_mean, plainText)],
    ["Deviation", against(feature.deviation, feature.baseline_deviation, plainText)],
    ["Least", against(feature.minimum, feature.baseline_minimum, plainText)],
    ["Most", against(feature.maximum, feature.baseline_maximum, plainText)],
  ];
}

function movedShares(feature) {
  const { missing_share: missing, baseline_missing_share: before } = feature;
  const some = (share) => (share > 0 ? percentText(share) : null);
  return [
    ["Missing", missing > 0 || before > 0 ? against(missing, before, percentText) : null],
    ["Not seen in training", unseenText(feature)],
    ["Not numbers", some(feature.unreadable_share)],
    ["Outside the baseline's range", some(feature.outside_share)],
  ];
}

function unseenText({ unseen_share: share, unseen_examples: examples }) {
  if (!(share > 0)) return null;
  const some = Object.entries(examples ?? {}).slice(0, 3);
  const said = some.map(([value, count]) => `“${shortened(value, 40)}” (${countText(count)})`).join(", ");
  return `${percentText(share)}${said ? `, such as ${said}` : ""}`;
}

function exampleOf({ name, example }) {
  if (!example?.record) return null;
  const score = isNumber(example.score) ? ["Score", plainText(example.score)] : ["Answer", example.label];
  const columns = ["Column", words("Value")];
  const rows = Object.entries(example.record).map(([column, value]) => [column, recordText(value)]);
  return folded(`A record with such a ${name}`, [
    descriptions([score, ["Event", example.event_id && code(example.event_id)]]),
    dataTable(`A record in which ${name} is as it has become`, columns, rows),
  ]);
}

function recordText(value) {
  if (value === null || value === undefined || value === "") return element("span", { class: "hint" }, "no value");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
