/* Every metric of both models, and whether their difference is more than chance. */

function metricsSection({ metrics, champion, championError, evaluation }) {
  const names = Object.keys(TITLES).filter((name) => metrics[name] && "value" in metrics[name]);
  if (!names.length) return [note(`Metrics: ${NOT_MEASURED}.`)];
  return [
    champion
      ? comparisonTable(names, metrics, champion)
      : dataTable(
          "Metrics",
          ["Metric", "This model"],
          names.map((name) => [metricHead(name), withDeviation(metrics[name])]),
        ),
    championError ? element("p", { class: "warning" }, `The champion could not be scored: ${championError}`) : null,
    evaluation.champion ? null : note("There is no champion to compare with: no version of this model is live."),
    note("± is the standard deviation over resampled test sets."),
    champion ? comparisonNote(champion) : null,
  ];
}

function comparisonTable(names, metrics, champion) {
  const rows = names.map((name) => {
    const difference = champion.differences?.[name] ?? plainDifference(metrics[name], champion.metrics[name]);
    return [
      metricHead(name),
      withDeviation(metrics[name]),
      withDeviation(champion.metrics[name]),
      differenceCell(difference),
      readingMark(name, difference),
    ];
  });
  const columns = ["Metric", THIS_MODEL, CHAMPION, "Difference (95 % interval)", words("This model is")];
  return dataTable("Metrics of this model and of the champion", columns, rows);
}

/** Of an evaluation that did not measure how sure a difference is. */
function plainDifference(own, live) {
  return isNumber(own?.value) && isNumber(live?.value)
    ? { value: own.value - live.value, standard_deviation: null }
    : null;
}

/** "version 6" of …:model-package/<name>/6. */
function versionOf(arn) {
  const version = /:model-package\/[^/]+\/(\d+)$/.exec(arn ?? "")?.[1];
  return version && `version ${version}`;
}

const METHODS = { delong: "DeLong's variance", "paired-bootstrap": "a paired bootstrap" };

function comparisonNote({ package_arn: arn, differences }) {
  return note(
    `Difference: this model − champion, which is ${versionOf(arn) ?? "the live version"}, on the same test rows. `,
    differences ? intervalNote(differences) : "How sure the differences are was not measured.",
  );
}

function intervalNote(differences) {
  const used = [...new Set(Object.values(differences).map(({ method }) => METHODS[method]))].filter(Boolean);
  const how = used.length ? `, which ${used.join(" and ")} ${used.length > 1 ? "give" : "gives"}` : "";
  const meaning = "“not told apart” means that it holds 0, each metric read by itself.";
  return `Their interval is ± 1.96 standard deviations${how}; ${meaning}`;
}
