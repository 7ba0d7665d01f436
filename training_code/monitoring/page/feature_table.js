/* Every feature in a row, those that moved first, and the distributions of the others where one asks for them. */

/** A column's title, and a feature's cell in it. */
const FEATURE_COLUMNS = [
  ["Feature", ({ name }) => name],
  [words("Status"), (feature) => statusWord(feature)],
  ["Distance", ({ distance }) => distanceText(distance)],
  ["Bound", ({ bound }) => plainText(bound)],
  ["Last checks", ({ name, bound }, { trend }) => sparkline(trend, name, bound)],
  ["Moved since", ({ since }) => timeText(since) ?? "–"],
  ["PSI", ({ psi }) => distanceText(psi)],
  ["Adjusted p", ({ adjusted_p_value: chance }) => chanceText(chance)],
  ["Missing (baseline)", (feature) => missingText(feature)],
  ["Not seen in training", ({ unseen_share: share }) => percentText(share)],
  ["Not numbers", ({ unreadable_share: share }) => percentText(share)],
  ["Out of range", ({ outside_share: share }) => percentText(share)],
];

function missingText({ missing_share: share, baseline_missing_share: before }) {
  return isNumber(before) ? `${percentText(share)} (${percentText(before)})` : percentText(share);
}

function statusWord(part) {
  const [tone, sign, said] = statusOf(part);
  return element("span", { class: `reading ${tone}` }, `${sign} ${said}`);
}

function everyFeature(features, findings) {
  const title = `All ${several(features.length, "feature")}`;
  const columns = FEATURE_COLUMNS.map(([name]) => name);
  const rows = features.map((feature) => FEATURE_COLUMNS.map(([, cell]) => cell(feature, findings)));
  const table = dataTable("Every feature against the baseline", columns, rows);
  const still = features.filter(({ status }) => status !== "drift");
  return [
    features.length > LONG_TABLE ? folded(title, table) : [element("h3", {}, title), table],
    still.length
      ? folded(`Distributions of the ${several(still.length, "other feature")}`, stillFeatures(still))
      : null,
  ];
}

function stillFeatures(features) {
  return features.map((feature) =>
    foldedLater(feature.name, () => {
      const drawn = distributionFigure(feature);
      return drawn ? figures(drawn) : note(feature.reason ?? `Its distribution: ${NOT_MEASURED}.`);
    }),
  );
}
