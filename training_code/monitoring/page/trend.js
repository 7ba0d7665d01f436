/* The checks one after another: how much had moved in each, and how far a feature was from its baseline. */

const VERDICT_KINDS = { drift: "found", "no-drift": "quiet", "not-enough-data": "thin" };

function checkAxis(trend) {
  const last = trend.length - 1;
  const ticks = last < 1 ? [0] : last < 4 ? [0, last] : [0, Math.round(last / 2), last];
  return {
    from: -0.5,
    to: last + 0.5,
    label: "Checks, by the end of their windows (UTC)",
    ticks,
    format: endAt(trend),
  };
}

function endAt(trend) {
  return (position) => endText(trend[position]?.end);
}

/** "11-20 14:00" */
function endText(end) {
  return timeText(end)?.slice(5, 16) ?? "–";
}

/** A check without violations stands there too, as a low bar. */
function verdictTrend({ trend }) {
  if (!trend?.length) return null;
  if (trend.length === 1) return note("This is the first check: there are none before it to compare with.");
  const counts = trend.map(({ violations }) => violations?.length ?? 0);
  const plot = plotOf({
    x: checkAxis(trend),
    y: countAxis(counts),
    description: `How many things had moved in the last ${countText(trend.length)} checks, the newest at the right`,
    height: 180,
  });
  const least = 0.05 * Math.max(...counts, 1);
  trend.forEach(({ verdict }, position) => {
    const edges = [position - 0.35, position + 0.35];
    drawBars(plot, edges, [Math.max(counts[position], least)], VERDICT_KINDS[verdict] ?? "thin");
  });
  const drawn = figure({
    title: `The last ${countText(trend.length)} checks`,
    plot,
    legend: [
      ["bar", "found", "Drift"],
      ["bar", "quiet", "No drift"],
      ["bar", "thin", "Not enough data"],
    ],
    data: {
      columns: ["Window's end", words("Check"), words("Verdict"), "Moved"],
      rows: () => checkRows(trend, counts),
    },
  });
  return figures(drawn);
}

function countAxis(counts) {
  const most = Math.max(...counts, 1);
  const ticks = [...new Set([0, Math.ceil(most / 2), most])];
  return { from: 0, to: most * 1.1, label: "Things that moved", format: countText, ticks };
}

function checkRows(trend, counts) {
  return trend.map(({ check_id: id, end, verdict }, position) => [
    timeText(end) ?? "–",
    id ? code(id) : "–",
    STATUSES[verdict]?.[2] ?? String(verdict ?? "–"),
    countText(counts[position]),
  ]);
}

/** of(point): the distance at a check. Null with fewer than two. */
function distanceTrend(trend, name, of, bound) {
  const values = (trend ?? []).map((point) => of(point) ?? null);
  const known = values.filter(isNumber);
  if (known.length < 2) return null;
  const plot = plotOf({
    x: checkAxis(trend),
    y: { from: 0, to: Math.max(...known, bound ?? 0) * 1.1 || 1, label: "Distance from the baseline" },
    description: `Distance of ${name} from the baseline in ${countText(known.length)} checks`,
    height: 220,
  });
  if (isNumber(bound)) drawLevel(plot, bound, "bound");
  drawLine(
    plot,
    values.map((value, position) => [position, value]),
    "now",
  );
  values.forEach((value, position) => {
    if (!isNumber(value)) return;
    drawPoint(plot, position, value, "now", `${timeText(trend[position].end) ?? "–"}: ${plainText(value)}`, 3);
  });
  const legend = [["line", "now", "Distance"], ...(isNumber(bound) ? [["segment", "bound", "Bound"]] : [])];
  const rows = () => trend.map(({ end }, position) => [timeText(end) ?? "–", plainText(values[position])]);
  return figure({ title: "Check by check", plot, legend, data: { columns: ["Window's end", "Distance"], rows } });
}

const SPARK = { width: 84, height: 20 };

/** A line as high as a row of text; the dash is the bound. */
function sparkline(trend, name, bound) {
  const values = (trend ?? []).map(({ features }) => features?.[name]?.distance);
  const known = values.filter(isNumber);
  if (known.length < 2) return "–";
  const most = Math.max(...known, bound ?? 0) * 1.1 || 1;
  const y = scaleOf({ from: 0, to: most }, SPARK.height - 2, 2);
  const x = scaleOf({ from: 0, to: values.length - 1 }, 2, SPARK.width - 2);
  const points = values.flatMap((value, position) =>
    isNumber(value) ? `${fixed(x(position))},${fixed(y(value))}` : [],
  );
  const said = `from ${plainText(known[0])} to ${plainText(known.at(-1))} in ${several(known.length, "check")}`;
  const level = { class: "segment bound", x1: 0, x2: SPARK.width, y1: fixed(y(bound)), y2: fixed(y(bound)) };
  return shape(
    "svg",
    { class: "spark", viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, role: "img", "aria-label": said },
    isNumber(bound) ? shape("line", level) : null,
    shape("polyline", { class: "line now", points: points.join(" ") }),
  );
}
