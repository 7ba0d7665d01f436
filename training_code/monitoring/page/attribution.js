/* Which features the scores lean on, now and on the test split. */

const MOST_LEANED = 15;

function attributionSection(findings) {
  const part = dimensionOf(findings, "attribution");
  const features = part.features ?? [];
  const rows = isNumber(part.rows) ? ` Measured on ${several(part.rows, "row")}.` : "";
  return [
    silenceNote(part),
    isNumber(part.ndcg)
      ? paragraph(
          `The features' order agrees with the baseline's to ${plainText(part.ndcg)} (NDCG; 1 is the same order).`,
          boundText(part),
          rows,
        )
      : null,
    features.length ? [figures(leanFigure(features)), leanTable(features)] : null,
  ];
}

function boundText({ bound }) {
  return isNumber(bound) ? ` Below ${plainText(bound)} it is drift.` : "";
}

function leanFigure(features) {
  const shown = features.slice(0, MOST_LEANED);
  const plot = rowPlot({
    names: shown.map(({ name }) => name),
    x: shareAxisOf(shown),
    description: "Shares of the features in the scores' SHAP values, now and on the test split",
  });
  shown.forEach(({ name, share, baseline_share: before }, row) => drawThenAndNow(plot, row, name, share, before));
  const more = shown.length < features.length ? ` The ${shown.length} first of ${countText(features.length)}.` : "";
  const reading = `How much of all effects on the scores is the feature's.${more}`;
  return figure({ title: "Share of the effects", plot, legend: distributionLegend("point"), reading });
}

function shareAxisOf(features) {
  const axis = shareAxis(features.flatMap(({ share, baseline_share: before }) => [share, before]));
  return { ...axis, label: "Share of mean |SHAP value|" };
}

function leanTable(features) {
  const rows = features.map((feature) => [
    feature.name,
    rankText(feature.rank),
    rankText(feature.baseline_rank),
    movedRank(feature),
    percentText(feature.share),
    percentText(feature.baseline_share),
  ]);
  const columns = ["Feature", "Rank now", "Rank, baseline", words("Moved"), "Share now", "Share, baseline"];
  const table = dataTable("Ranks of the features by their share of the effects", columns, rows);
  return features.length > LONG_TABLE ? folded(`All ${several(features.length, "feature")}`, table) : table;
}

function rankText(rank) {
  return isNumber(rank) ? `${countText(rank)}.` : "–";
}

function movedRank({ rank, baseline_rank: before }) {
  if (!isNumber(rank) || !isNumber(before)) return "–";
  if (rank === before) return "same";
  const places = several(Math.abs(rank - before), "place");
  return rank < before ? `▲ up ${places}` : `▼ down ${places}`;
}
