/* Whether the model treats the parts of the data as differently as it did on the test split. */

const RATES = {
  selection_rate: "Selection rate",
  true_positive_rate: "True positive rate",
  false_positive_rate: "False positive rate",
};

function biasSection(findings) {
  const part = dimensionOf(findings, "bias");
  const [gaps, slices] = [part.gaps ?? [], part.slices ?? []];
  const columns = [...new Set(slices.map(({ column }) => column))];
  return [
    silenceNote(part),
    gaps.length ? gapTable(gaps) : null,
    columns.map((column) =>
      sliceRates(
        column,
        slices.filter((slice) => slice.column === column),
      ),
    ),
  ];
}

function gapTable(gaps) {
  const columns = [
    "Column",
    words("Rate"),
    words("Between"),
    "Gap now",
    "Gap, baseline",
    "Change",
    "Bound",
    "Adjusted p",
    words("Judged"),
  ];
  const rows = gaps.map((gap) => [
    gap.column,
    RATES[gap.measure] ?? String(gap.measure ?? "–"),
    gap.between?.map((value) => shortened(value, 30)).join(" minus ") ?? "–",
    pointsText(gap.gap),
    pointsText(gap.baseline_gap),
    pointsText(gap.change),
    isNumber(gap.bound) ? `${grouped(100 * gap.bound, 1, 1)} points` : "–",
    chanceText(gap.adjusted_p_value),
    violatedWord(gap.violated),
  ]);
  return [
    dataTable("Gaps between the slices of a column", columns, rows),
    note("A gap is the rate of the one minus that of the other: of the two values whose rates moved apart the most."),
  ];
}

function sliceRates(column, slices) {
  const drawn = Object.keys(RATES)
    .map((rate) => rateFigure(column, slices, rate))
    .filter(Boolean);
  return [element("h3", {}, "By ", code(column)), drawn.length ? figures(drawn) : null, sliceTable(column, slices)];
}

function rateFigure(column, slices, rate) {
  const known = slices.filter((slice) => isNumber(slice[rate]));
  if (!known.length) return null;
  const title = RATES[rate];
  const ends = known.flatMap((slice) => [slice[rate], slice[`baseline_${rate}`]]);
  const plot = rowPlot({
    names: known.map(partName),
    x: { ...spanOf(ends, { zero: true }), label: title, format: (share) => percentText(share, 0) },
    description: `${title} by ${column}, now and on the test split`,
  });
  known.forEach((slice, row) => {
    drawThenAndNow(plot, row, partName(slice), slice[rate], slice[`baseline_${rate}`]);
  });
  return figure({ title, plot, legend: distributionLegend("point") });
}

function sliceTable(column, slices) {
  const columns = [column, "Rows", ...Object.values(RATES).flatMap((title) => [title, `${title}, baseline`])];
  const rows = slices.map((slice) => [
    partName(slice),
    countText(slice.rows),
    ...Object.keys(RATES).flatMap((rate) => [percentText(slice[rate]), percentText(slice[`baseline_${rate}`])]),
  ]);
  return dataTable(`Rates by ${column}`, columns, rows);
}
