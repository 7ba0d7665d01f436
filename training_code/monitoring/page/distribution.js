/* How values lie: now, and in the rows that the baseline was made of. */

const MOST_EDGES = 5;

function distributionFigure(feature, title = "Then and now") {
  const bins = feature.bins ?? [];
  if (!bins.length) return null;
  return feature.type === "categorical" ? levelFigure(feature, title) : rangeFigure(feature, title);
}

/** Each range of values is as wide as any other: the figure shows where shares went, at whatever scale. */
function rangeFigure({ name, bins, baseline_minimum: least }, title) {
  const shares = bins.map(({ share }) => share ?? 0);
  const before = bins.map(({ baseline_share: share }) => share ?? 0);
  const places = bins.map((_, position) => position);
  const plot = plotOf({
    x: { from: 0, to: bins.length, label: "Value", ticks: edgeTicks(bins), format: (edge) => edgeText(bins, edge) },
    y: shareAxis([...shares, ...before]),
    description: `How the values of ${name} are distributed, now and in the baseline`,
    height: 240,
  });
  const edges = [...places, bins.length];
  drawBars(plot, edges, shares, "now");
  drawSteps(plot, edges, before, "baseline");
  return figure({
    title,
    plot,
    legend: distributionLegend("line"),
    reading: "Bars are ranges of values, drawn equally wide.",
    data: distributionData(
      bins.map((bin) => rangeText(bin, least)),
      bins,
      "Values",
    ),
  });
}

function shareAxis(shares) {
  const most = Math.max(...shares.filter(isNumber), 0) * 1.05 || 1;
  return { from: 0, to: most, label: "Share of the rows", format: (share) => percentText(share, most < 0.05 ? 1 : 0) };
}

function distributionLegend(mark) {
  return [
    ["bar", "now", NOW],
    [mark, "baseline", BASELINE],
  ];
}

function distributionData(names, bins, title) {
  const rows = () =>
    bins.map(({ share, baseline_share: before }, position) => [
      names[position],
      percentText(share),
      percentText(before),
      isNumber(share) && isNumber(before) ? pointsText(share - before) : "–",
    ]);
  return { columns: [title, NOW, BASELINE, "Change"], rows };
}

/** Between bins; some of them, evenly chosen. */
function edgeTicks(bins) {
  const inner = bins.slice(1).map((_, position) => position + 1);
  const step = Math.max(1, Math.ceil(inner.length / MOST_EDGES));
  const ticks = inner.filter((edge) => (edge - 1) % step === Math.floor(step / 2) % step);
  return ticks.length > 1 || !inner.length ? ticks : inner;
}

function edgeText(bins, edge) {
  return plainText(bins[edge]?.from ?? bins[edge - 1]?.to);
}

/** Ranges go from above one edge up to the next; the baseline's smallest value belongs to the one that it begins. */
function rangeText({ from, to }, least) {
  if (!isNumber(from) && !isNumber(to)) return "all values";
  if (!isNumber(from)) return `${to === least ? "below" : "up to"} ${plainText(to)}`;
  const begin = `${from === least ? "from" : "above"} ${plainText(from)}`;
  return isNumber(to) ? `${begin} to ${plainText(to)}` : begin;
}

function levelFigure({ name, bins }, title) {
  const names = bins.map(partName);
  const plot = rowPlot({
    names,
    x: shareAxis(bins.flatMap(({ share, baseline_share: before }) => [share, before])),
    description: `Shares of the values of ${name}, now and in the baseline`,
  });
  bins.forEach((one, row) => drawThenAndNow(plot, row, names[row], one.share, one.baseline_share));
  return figure({ title, plot, legend: distributionLegend("point"), data: distributionData(names, bins, "Value") });
}

/** In a row plot of shares: a bar for now, a point for the baseline. */
function drawThenAndNow(plot, row, name, share, before) {
  const said = `${name}: ${percentText(share)}, baseline ${percentText(before)}`;
  if (isNumber(share)) drawRowBar(plot, row, share, "now", said);
  if (isNumber(before)) drawPoint(plot, before, row, "baseline", said, 4.5);
}
