/* What the sections read: the facts of evaluate.py, and those of the registration, where there was one. */

const METRICS_KEYS = {
  binary: "binary_classification_metrics",
  multiclass: "multiclass_classification_metrics",
  regression: "regression_metrics",
};

/** run: null where the page comes straight from evaluate.py. champion: null where there is none that was scored. */
function evidenceOf(facts, run) {
  const evaluation = facts.evaluation ?? {};
  const task =
    facts.task ?? evaluation.task ?? Object.keys(METRICS_KEYS).find((name) => METRICS_KEYS[name] in evaluation);
  const key = METRICS_KEYS[task];
  const champion = evaluation.champion ?? null;
  const classes = facts.classes ?? [];
  return {
    facts,
    run,
    evaluation,
    task,
    metrics: evaluation[key] ?? {},
    champion: champion?.[key] ? { ...champion, metrics: champion[key] } : null,
    championError: champion?.error ?? null,
    classes,
    positive: facts.positive_label ?? classes[1] ?? "positive",
    negative: classes.find((label) => label !== facts.positive_label) ?? "negative",
  };
}

/** Where a difference of the two models lies with a confidence of 95 %; null where it was not measured. */
function intervalOf(difference) {
  const { value, standard_deviation: deviation } = difference ?? {};
  if (!isNumber(value) || !isNumber(deviation)) return null;
  return [value - 1.96 * deviation, value + 1.96 * deviation];
}

/** challenger − champion in words, by whether the interval is on one side of 0. */
function readingOf(metric, difference) {
  const interval = intervalOf(difference);
  if (!interval) return null;
  if (difference.value === 0 && difference.standard_deviation === 0) return "equal";
  if (interval[0] <= 0 && interval[1] >= 0) return "not told apart";
  return interval[0] > 0 === !LOWER_IS_BETTER.has(metric) ? "better" : "worse";
}

function readingMark(metric, difference) {
  const reading = readingOf(metric, difference);
  if (!reading) return NOT_MEASURED;
  const signs = { better: "▲ ", worse: "▼ " };
  return element("span", { class: `reading ${reading.replaceAll(" ", "-")}` }, signs[reading] ?? "", reading);
}

/** The interval apart, so that it can stand below the value where the screen is narrow. */
function differenceCell(difference) {
  const interval = difference && intervalOf(difference);
  if (!interval) return differenceText(difference);
  const bounds = `(${signedText(interval[0])} to ${signedText(interval[1])})`;
  return [signedText(difference.value), " ", element("span", { class: "interval" }, bounds)];
}

function differenceText(difference) {
  if (!difference) return NOT_MEASURED;
  const interval = intervalOf(difference);
  const value = signedText(difference.value);
  return interval ? `${value} (${signedText(interval[0])} to ${signedText(interval[1])})` : value;
}

function withDeviation(metric) {
  return metric ? scattered(metric.value, metric.standard_deviation) : NOT_MEASURED;
}
