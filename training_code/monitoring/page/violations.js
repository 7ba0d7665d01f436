/* Every violation, as constraint_violations.json has them, and how it was decided what is one. */

function violationsSection({ violations }) {
  if (!violations?.length) return [note("There are none.")];
  const rows = violations.map((one) => [
    one.feature_name ?? one.metric_name ?? "–",
    DIMENSIONS.find(([name]) => name === one.dimension)?.[1] ?? String(one.dimension ?? "–"),
    one.constraint_check_type ? code(one.constraint_check_type) : "–",
    one.description ?? "–",
    timeText(one.since) ?? "–",
  ]);
  const columns = ["Feature or metric", words("Part"), words("Kind"), words("What"), words("Since")];
  const table = dataTable("Violations", columns, rows);
  return violations.length > LONG_TABLE ? [folded(`All ${several(violations.length, "violation")}`, table)] : [table];
}

function methodSection(findings) {
  const { testing, analyzer, engine } = findings;
  return [testing ? testingText(testing) : note(`How it was tested: ${NOT_MEASURED}.`), analyzerText(analyzer, engine)];
}

function testingText({ significance, tests, correction }) {
  const level = isNumber(significance) ? percentText(significance, significance < 0.01 ? 2 : 0) : "the set level";
  const many = isNumber(tests) ? `${several(tests, "test")}` : "all tests";
  return [
    paragraph(
      `Something has drifted where two things hold: a statistical test shows that it moved (p below ${level} after `,
      `${correction ?? "a"} correction over ${many} of this check together), `,
      "and it moved at least as far as its bound. ",
      "So a check in which nothing changed says drift in at most ",
      `${level} of cases, whatever the number of features, and a change too small to matter is not called one.`,
    ),
    note("“Adjusted p” is after that correction. The bounds stand in the definition's section monitoring."),
  ];
}

function analyzerText(analyzer, engine) {
  if (!analyzer && !engine) return null;
  const by = analyzer ? ["Analysed by ", code(analyzer)] : ["Analysed"];
  return paragraph(by, engine ? [", started by ", ENGINES[engine] ?? String(engine)] : null, ".");
}
