/* The search for hyperparameters: what was tried, what mattered, and whether to look further. */

function tuningSection({ run, facts }) {
  const tuning = run?.tuning ?? facts.tuning;
  if (!tuning) return null;
  const trials = tuning.trials ?? [];
  const ended = trials.filter(({ objective }) => isNumber(objective));
  return [
    tuningSummary(tuning, trials),
    edgeWarnings(tuning),
    ended.length ? figures(progressFigure(tuning, trials, ended)) : note("No training job of the search gave a value."),
    influenceTable(tuning, ended.filter(({ status }) => status === "Completed")),
    ended.length ? figures(Object.keys(tuning.ranges ?? {}).map((name) => rangeFigure(name, tuning, ended))) : null,
    trials.length ? folded(`All ${several(trials.length, "training job")}`, trialTable(tuning, trials)) : null,
  ];
}

function minimizes({ objective }) {
  return objective?.type === "Minimize";
}

function tuningSummary(tuning, trials) {
  const { counts = {}, best, baseline, warm_start: warm } = tuning;
  const metric = tuning.objective?.metric ?? "objective";
  const ends = ["completed", "stopped", "failed"]
    .filter((kind) => counts[kind])
    .map((kind) => `${counts[kind]} ${kind}`);
  return [
    tuning.reason ? paragraph(tuning.reason) : null,
    descriptions([
      ["Search", `${tuning.strategy}, ${several(trials.length, "training job")}: ${ends.join(", ")}`],
      ["Took", durationText(tuning.seconds)],
      ["Objective", `${metric}, ${minimizes(tuning) ? "less" : "more"} is better`],
      ["Best of the search", best && metricText(best.objective)],
      [
        baseline?.source === "champion" ? "The champion's hyperparameters" : "The definition's hyperparameters",
        baseline && metricText(baseline.objective),
      ],
      [
        "Chosen",
        tuning.chosen &&
          (tuning.chosen === "tuned" ? "the best of the search" : "the hyperparameters without the search"),
      ],
      ["Went on from", warm && `${warm.job} (${warm.type})`],
      ["Job", tuning.job && code(tuning.job)],
    ]),
  ];
}

/** Where the best lies at an end of its range, a better one may lie beyond. */
function edgeWarnings({ best, ranges }) {
  const edges = Object.entries(ranges ?? {})
    .map(([name, range]) => [name, range, edgeOf(Number(best?.hyperparameters?.[name]), range)])
    .filter(([, , edge]) => edge);
  if (!best) return null;
  if (!edges.length) return note("The best values lie within their ranges, none at an end.");
  return element(
    "ul",
    { class: "warnings" },
    edges.map(([name, range, edge]) => {
      const place = `at the ${edge} end of ${settingText(range.min)} to ${settingText(range.max)}`;
      const value = settingText(best.hyperparameters[name]);
      return element("li", {}, `The best ${name} is ${value}, ${place}: beyond it may lie a better one.`);
    }),
  );
}

function statusKind({ status }) {
  return { Completed: "challenger", Stopped: "stopped", Failed: "failed" }[status] ?? "stopped";
}

/** Minutes from the search's start to a trial's end; without times, the trial's number. */
function trialClock(trials) {
  const times = trials.map((trial) => [Date.parse(trial.started_at), Date.parse(trial.ended_at)]);
  const start = Math.min(...times.map(([started]) => started));
  const timed = times.every(([started, ended]) => Number.isFinite(started) && Number.isFinite(ended));
  if (!timed) return { label: "Training job", at: (trial) => trial.number };
  return { label: "Minutes since the search began", at: (trial) => (Date.parse(trial.ended_at) - start) / 60_000 };
}

function progressFigure(tuning, trials, ended) {
  const clock = trialClock(ended);
  const inOrder = [...ended].sort((one, other) => clock.at(one) - clock.at(other));
  const objectives = ended.map(({ objective }) => objective);
  const base = tuning.baseline?.objective;
  const plot = plotOf({
    x: { ...spanOf(inOrder.map(clock.at), { zero: true }), label: clock.label },
    y: { ...spanOf([...objectives, base]), label: tuning.objective?.metric },
    description: `${tuning.objective?.metric} of each training job, over time`,
  });
  if (isNumber(base)) drawLevel(plot, base, "champion");
  drawLine(plot, bestSoFar(inOrder, clock, minimizes(tuning)), "challenger");
  for (const trial of inOrder) {
    const title = `job ${trial.number}: ${metricText(trial.objective)}, ${trial.status}`;
    drawPoint(plot, clock.at(trial), trial.objective, trialKind(trial, tuning), title, 4);
  }
  const legend = [
    ["point", "challenger", "Completed"],
    ...(ended.some(({ status }) => status === "Stopped") ? [["point", "stopped", "Stopped early"]] : []),
    ["point", "best", "Best"],
    ["line", "challenger", "Best so far"],
    ...(isNumber(base) ? [["segment", "champion", "Without the search"]] : []),
  ];
  const failed = trials.length - ended.length;
  const reading = failed ? `${several(failed, "training job")} gave no value.` : null;
  return figure({ title: "The search over time", plot, legend, reading });
}

function trialKind(trial, { best }) {
  return trial.job === best?.job ? "best" : statusKind(trial);
}

function bestSoFar(inOrder, clock, less) {
  let best = null;
  return inOrder.flatMap((trial) => {
    const before = best;
    best = best === null ? trial.objective : Math[less ? "min" : "max"](best, trial.objective);
    return [...(before === null ? [] : [[clock.at(trial), before]]), [clock.at(trial), best]];
  });
}

/** A trial that was stopped early tells less than it would have reached: it says nothing of its hyperparameters. */
function influenceTable(tuning, completed) {
  const found = completed.length ? influences(completed, tuning.ranges ?? {}) : [];
  if (!found.length) return null;
  const rows = found.map(({ name, measure, strength, trend }) => {
    const range = tuning.ranges[name];
    return [
      name,
      strengthBar(strength),
      measure ?? "–",
      trendText(trend),
      rangeText(range),
      settingText(tuning.best?.hyperparameters?.[name]),
    ];
  });
  const columns = ["Hyperparameter", "Influence", words("Measure"), words("Objective"), words("Searched"), "Best"];
  return [
    element("h3", {}, "Which mattered most"),
    dataTable("Influence of each hyperparameter on the objective", columns, rows),
    note(
      `Influence: how closely the objective follows the hyperparameter over ${several(completed.length, "completed job")}, `,
      "from 0 to 1; of few jobs, chance alone makes a third. ",
      "|Spearman's ρ| is of the ranks; η², of categories, is the share of the variance between the groups. ",
      "It sees each one alone, not how they act together.",
    ),
  ];
}

function strengthBar(strength) {
  if (!isNumber(strength)) return NOT_DEFINED;
  const bar = element("span", { class: "strength", "aria-hidden": "true" });
  bar.style.setProperty("--share", strength.toFixed(3));
  return [grouped(strength, 2, 2), bar];
}

function trendText(trend) {
  if (!isNumber(trend) || Math.abs(trend) < 0.1) return "–";
  return trend > 0 ? "rises with it" : "falls with it";
}

function rangeText({ type, min, max, values, scaling }) {
  if (type === "categorical") return (values ?? []).map(settingText).join(", ");
  const scales = { Logarithmic: ", logarithmic", ReverseLogarithmic: ", reverse logarithmic" };
  return `${settingText(min)} to ${settingText(max)}${scales[scaling] ?? ""}`;
}

function rangeFigure(name, tuning, ended) {
  const range = tuning.ranges[name];
  const known = ended.filter(({ hyperparameters }) => hyperparameters?.[name] !== undefined);
  const categories = (range.values ?? []).map(String);
  const place = range.type === "categorical" ? (text) => categories.indexOf(String(text)) : Number;
  const plot = plotOf({
    x: rangeAxis(name, range, categories),
    y: { ...spanOf(known.map(({ objective }) => objective)), label: tuning.objective?.metric },
    description: `${tuning.objective?.metric} against ${name}`,
    height: 230,
  });
  const best = known.filter((trial) => trial.job === tuning.best?.job);
  for (const trial of [...known.filter((one) => !best.includes(one)), ...best]) {
    const value = trial.hyperparameters[name];
    const title = `job ${trial.number}: ${name} ${settingText(value)}, ${metricText(trial.objective)}`;
    drawPoint(plot, place(value), trial.objective, trialKind(trial, tuning), title, best.includes(trial) ? 5.5 : 3.5);
  }
  return figure({
    title: name,
    plot,
    legend: [
      ["point", "challenger", "Training job"],
      ["point", "best", "Best"],
    ],
  });
}

function rangeAxis(name, { type, min, max, scaling }, categories) {
  if (type === "categorical") {
    const format = (at) => shortened(settingText(categories[at]), Math.max(4, Math.floor(44 / categories.length)));
    return { from: -0.5, to: categories.length - 0.5, ticks: categories.map((_, at) => at), format, label: name };
  }
  if (scaling === "Logarithmic" && max > min) return { from: min, to: max, log: true, label: `${name} (logarithmic)` };
  return max > min ? { from: min, to: max, label: name } : { ...spanOf([min]), label: name };
}

function trialTable({ ranges = {}, objective, best }, trials) {
  const names = Object.keys(ranges);
  const rows = trials.map((trial) => [
    trial.job === best?.job ? `${trial.number}, best` : trial.number,
    trial.status,
    isNumber(trial.objective) ? metricText(trial.objective) : "–",
    ...names.map((name) => settingText(trial.hyperparameters?.[name])),
    durationText(trial.seconds),
  ]);
  return dataTable(
    "Training jobs of the search",
    ["Job", words("Status"), objective?.metric ?? "Objective", ...names, "Took"],
    rows,
  );
}
