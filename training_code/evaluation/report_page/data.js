/* The data behind the model: how many rows, which were not read, how it changed, and what each feature is like. */

const SPLITS = { train: "Training", validation: "Validation", test: "Test" };
const LONG_TABLE = 20;

function dataSection({ evaluation, facts }) {
  const { counts, previous, drift } = evaluation.data ?? {};
  return [
    counts ? rowTable(counts, previous) : note(`Row counts: ${NOT_MEASURED}.`),
    counts ? targetTable(counts, previous?.counts) : null,
    rejectedRows(counts, facts.rejects ?? []),
    driftPart(drift),
    featureTable(facts.data?.features ?? []),
  ];
}

function rowTable(counts, previous) {
  const before = previous?.counts;
  const total = ["rows", "train", "validation", "test"].some((name) => isNumber(counts[name]));
  if (!total) return null;
  const titles = { rows: "All rows", ...SPLITS, rejected: "Rejected" };
  const rows = Object.entries(titles)
    .filter(([name]) => isNumber(counts[name]))
    .map(([name, title]) => {
      const cells = [title, countText(counts[name])];
      return before ? [...cells, countText(before[name]), changeText(counts[name], before[name])] : cells;
    });
  const columns = ["Rows", "This run", ...(before ? ["Previous run", "Change"] : [])];
  return [
    dataTable("Rows of this run and of the previous one", columns, rows),
    before
      ? note("The previous run is ", code(previous.run_id ?? "unknown"), ".")
      : note("There is no previous run to compare with."),
  ];
}

function changeText(now, before) {
  if (!isNumber(now) || !before) return "–";
  const share = now / before - 1;
  return `${share > 0 ? "+" : ""}${percentText(share)}`;
}

/** Classes by their shares over all splits, or the mean of a number by split. */
function targetTable(counts, before) {
  if (counts.classes) return classShareTable(counts.classes, before?.classes);
  if (!counts.target_mean) return null;
  const rows = Object.entries(SPLITS)
    .filter(([split]) => isNumber(counts.target_mean[split]))
    .map(([split, title]) => {
      const cells = [title, plainText(counts.target_mean[split])];
      return before?.target_mean ? [...cells, plainText(before.target_mean[split])] : cells;
    });
  return dataTable(
    "Mean of the target by split",
    ["Mean target", "This run", ...(before?.target_mean ? ["Previous run"] : [])],
    rows,
  );
}

/** {label: rows} of all splits. */
function classTotals(classes) {
  const totals = {};
  for (const held of Object.values(classes ?? {})) {
    for (const [label, rows] of Object.entries(held)) totals[label] = (totals[label] ?? 0) + rows;
  }
  return totals;
}

function classShareTable(classes, before) {
  const [now, then] = [classTotals(classes), before && classTotals(before)];
  const shareIn = (totals, label) =>
    (totals[label] ?? 0) / (Object.values(totals).reduce((sum, rows) => sum + rows, 0) || 1);
  const labels = [...new Set([...Object.keys(now), ...Object.keys(then ?? {})])];
  const rows = labels.map((label) => {
    const cells = [`“${label}”`, countText(now[label] ?? 0), percentText(shareIn(now, label))];
    return then
      ? [...cells, percentText(shareIn(then, label)), gapText(shareIn(now, label), shareIn(then, label))]
      : cells;
  });
  const columns = ["Class", "Rows", "Share", ...(then ? ["Share in the previous run", "Change"] : [])];
  const table = dataTable("Rows by class", columns, rows);
  return labels.length > LONG_TABLE ? folded(`All ${several(labels.length, "class", "classes")}`, table) : table;
}

function rejectedRows(counts, rejects) {
  if (!rejects.length) return counts?.rejected === 0 ? note("Every row could be read.") : null;
  const rows = rejects.map(({ where, reason }) => [where, reason]);
  const table = dataTable("Rejected rows", ["Where", words("Why")], rows);
  const all = isNumber(counts?.rejected) ? ` of ${several(counts.rejected, "row")}` : "";
  return folded(`Rejected rows: the first ${several(rejects.length, "reason")}${all}`, table, rejects.length <= 5);
}

const DRIFT_MARKS = [
  [0.1, "small"],
  [0.25, "large"],
];

function driftPart(drift) {
  const title = element("h3", {}, "Change against the champion's training data");
  if (!drift)
    return [
      title,
      note(`${NOT_MEASURED[0].toUpperCase()}${NOT_MEASURED.slice(1)}: there is no champion, or its data is not known.`),
    ];
  if (drift.error) return [title, element("p", { class: "warning" }, `It could not be measured: ${drift.error}`)];
  const [known, unknown] = [true, false].map((is) => (drift.features ?? []).filter(({ psi }) => isNumber(psi) === is));
  return [
    title,
    known.length ? figures(driftFigure(known)) : note("No feature could be compared."),
    unknown.length ? unmeasuredDrift(unknown) : null,
  ];
}

function driftFigure(known) {
  const top = known.slice(0, MOST_FEATURES);
  const x = {
    from: 0,
    to: Math.max(0.3, ...top.map(({ psi }) => psi * 1.05)),
    label: "Population stability index (PSI)",
  };
  const plot = rowPlot({
    names: top.map(({ feature }) => feature),
    x,
    description: "Population stability index by feature",
  });
  top.forEach(({ feature, psi }, row) => drawRowBar(plot, row, psi, "challenger", `${feature}: ${plainText(psi)}`));
  for (const [at, kind] of DRIFT_MARKS) drawUpright(plot, at, `drift-${kind}`);
  const legend = [
    ["bar", "challenger", "This run against the champion's"],
    ...DRIFT_MARKS.map(([at, kind]) => ["segment", `drift-${kind}`, `${at}: a ${kind} shift`]),
  ];
  const reading =
    known.length > top.length ? `The ${top.length} largest of ${several(known.length, "feature")}.` : null;
  const rows = () => known.map(({ feature, type, psi }) => [feature, type, plainText(psi)]);
  const data = { columns: ["Feature", words("Type"), "PSI"], rows };
  return figure({ title: "Drift by feature", plot, legend, reading, data });
}

function unmeasuredDrift(unknown) {
  const rows = unknown.map(({ feature, reason }) => [feature, reason ?? NOT_MEASURED]);
  const table = dataTable("Features whose drift was not measured", ["Feature", words("Why")], rows);
  return folded(`Not measured: ${several(unknown.length, "feature")}`, table);
}

/** A column's title, and a feature's cell in it. */
const FEATURE_COLUMNS = [
  ["Feature", ({ feature }) => feature],
  [words("Type"), ({ type }) => type],
  ["Missing", ({ missing }) => percentText(missing)],
  ["Distinct", ({ distinct }) => countText(distinct)],
  ["Mean", ({ mean }) => plainText(mean)],
  ["Deviation", ({ std }) => plainText(std)],
  ["Least", ({ min }) => plainText(min)],
  ["Most", ({ max }) => plainText(max)],
  [words("Most frequent"), ({ levels }) => levelsText(levels)],
  ["PSI", ({ psi }) => plainText(psi)],
];

function featureTable(features) {
  if (!features.length) return null;
  const columns = FEATURE_COLUMNS.map(([title]) => title);
  const rows = features.map((feature) => FEATURE_COLUMNS.map(([, cell]) => cell(feature)));
  const table = dataTable("Features in the training rows", columns, rows);
  return [
    element("h3", {}, "Features"),
    features.length > LONG_TABLE ? folded(`All ${features.length} features`, table) : table,
  ];
}

function levelsText(levels) {
  if (!levels?.length) return "–";
  return levels.map(({ value, share }) => `${shortened(value, 24)}: ${percentText(share, 0)}`).join(", ");
}
