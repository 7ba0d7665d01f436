/* Several classes: each by itself, and which are taken for which. */

function classesSection({ task, facts, metrics, champion }) {
  if (task !== "multiclass") return null;
  const matrix = metrics.confusion_matrix;
  const byClass = facts.scores?.per_class ?? (matrix && classShares(matrix));
  const live = champion?.metrics.confusion_matrix;
  return [
    byClass ? classFigures(byClass, live && classShares(live)) : note(`Metrics by class: ${NOT_MEASURED}.`),
    matrix ? element("h3", {}, "Confusion matrix") : null,
    matrix ? confusionOfClasses(THIS_MODEL, matrix) : null,
    live ? confusionOfClasses(CHAMPION, live) : null,
  ];
}

/** {label: {precision, recall, f1, support}}; null where a class does not occur. */
function classShares(matrix) {
  const labels = Object.keys(matrix);
  const called = (label) => labels.reduce((sum, actual) => sum + (matrix[actual]?.[label] ?? 0), 0);
  return Object.fromEntries(
    labels.map((label) => {
      const tp = matrix[label][label] ?? 0;
      const support = Object.values(matrix[label]).reduce((sum, count) => sum + count, 0);
      const { precision, recall, f1 } = sharesOf({ tp, fp: called(label) - tp, fn: support - tp, tn: 0 });
      return [label, { precision, recall, f1, support }];
    }),
  );
}

const MOST_CLASS_ROWS = 30;

function classFigures(byClass, live) {
  const labels = Object.keys(byClass);
  const columns = [
    "Class",
    "Test rows",
    ...["Precision", "Recall", "F1"].flatMap((title) => (live ? [title, `${title}, champion`] : [title])),
  ];
  const rows = labels.map((label) => [
    `“${label}”`,
    countText(byClass[label].support),
    ...["precision", "recall", "f1"].flatMap((name) => {
      const own = shareText(byClass[label][name] ?? null);
      return live ? [own, shareText(live[label]?.[name] ?? null)] : [own];
    }),
  ]);
  const table = dataTable("Metrics by class", columns, rows);
  const chart = classFigure(labels, byClass, live);
  return [chart, labels.length > MOST_CLASS_ROWS ? folded(`All ${labels.length} classes`, table) : table];
}

/** The classes that are told worst, when there are many. */
function classFigure(labels, byClass, live) {
  const worst = [...labels].sort((one, other) => (byClass[one].f1 ?? 2) - (byClass[other].f1 ?? 2));
  const shown = labels.length > MOST_SHOWN_CLASSES ? worst.slice(0, MOST_SHOWN_CLASSES) : labels;
  const plot = rowPlot({ names: shown, x: { ...SHARE, label: "F1" }, description: "F1 of each class" });
  shown.forEach((label, row) => {
    const points = [[byClass, "challenger"], ...(live ? [[live, "champion"]] : [])];
    for (const [model, kind] of points) {
      const value = model[label]?.f1;
      if (isNumber(value)) drawPoint(plot, value, row, kind, `${label}: ${percentText(value)}`, 5);
    }
  });
  const title = shown.length < labels.length ? `F1 by class: the ${shown.length} lowest` : "F1 by class";
  return figures(figure({ title, plot, legend: modelLegend("point", live) }));
}
