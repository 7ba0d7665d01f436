/* The head of the page: what was checked, when and where, what came of it, and how the checks before it went. */

const DIMENSIONS = [
  ["data-quality", "Features", "features"],
  ["predictions", "Predictions", "predictions"],
  ["model-quality", "Model quality", "quality"],
  ["bias", "Bias", "bias"],
  ["attribution", "What the model leans on", "attribution"],
  ["operations", "Operations", "operations"],
];

const VERDICTS = {
  drift: ["fail", "!", "Drift"],
  "no-drift": ["pass", "✓", "No drift"],
  "not-enough-data": ["needs-human", "…", "Not enough data"],
};

const ENGINES = { "scheduled-job": "a scheduled job", "model-monitor": "a Model Monitor schedule" };

function nameOfCheck({ model, version }) {
  const name = model ?? "model";
  return isNumber(version) ? `${name}, version ${version}` : String(name);
}

function titleOfCheck(findings) {
  const [, , said] = VERDICTS[findings.verdict] ?? [null, null, String(findings.verdict ?? NOT_MEASURED)];
  return `${nameOfCheck(findings)}: ${said.toLowerCase()}`;
}

function headOf(findings) {
  const { analyzer, engine } = findings;
  const about = [
    ["Window", windowText(findings)],
    ["Where", placeText(findings)],
    ["Check", findings.check_id && code(findings.check_id)],
    ["Checked", timeText(findings.checked_at)],
    ["Checked by", [analyzer, ENGINES[engine] ?? engine].filter(Boolean).join(", as ")],
  ];
  return [
    element("p", { class: "kind" }, "Check of production"),
    element("h1", {}, nameOfCheck(findings)),
    descriptions(about),
  ];
}

function verdictSection(findings) {
  const [tone, sign, said] = VERDICTS[findings.verdict] ?? [
    "none",
    "–",
    `Verdict: ${findings.verdict ?? NOT_MEASURED}`,
  ];
  const where = [placeText(findings), windowText(findings)].filter(Boolean).join(", ");
  const version = isNumber(findings.version) ? `, against version ${findings.version}’s baseline` : "";
  const words = `${said}${where ? `: ${where}${version}` : version}`;
  return [
    verdictBanner(tone, sign, words, [findings.summary ? paragraph(findings.summary) : null, countedNote(findings)]),
    element("h3", {}, "What was looked at"),
    outcomeList(DIMENSIONS.map(([name, title, id]) => dimensionItem(findings, name, title, id))),
    verdictTrend(findings),
  ];
}

function countedNote({ records, labelled_rows: labelled, violations }) {
  const parts = [
    isNumber(records?.rows) && several(records.rows, "row"),
    isNumber(labelled) && `${several(labelled, "labelled row")} kept for training`,
    violations && several(violations.length, "violation"),
  ].filter(Boolean);
  return parts.length ? note(capital(parts.join(", ")), ".") : null;
}

function dimensionItem(findings, name, title, id) {
  const part = dimensionOf(findings, name);
  const [tone, sign, said] = statusOf(part);
  const found = (findings.violations ?? []).filter(({ dimension }) => dimension === name);
  const content = part.reason ?? dimensionText(part, name, found);
  return outcomeItem({ tone, sign, name: element("a", { href: `#${id}` }, title), said, content });
}

function dimensionText(part, name, found) {
  if (name === "operations") {
    return isNumber(part.invocations) ? `${several(part.invocations, "invocation")} in the window.` : "";
  }
  if (!found.length) return part.status === "no-drift" ? quietText(part) : "";
  const names = [...new Set(found.map((one) => one.feature_name ?? one.metric_name).filter(Boolean))];
  const shown = names.slice(0, 6).map((one) => shortened(one, 40));
  const rest = names.length > shown.length ? ` and ${countText(names.length - shown.length)} more` : "";
  return `${shown.join(", ")}${rest}`;
}

/** Beyond its bound and yet no drift is what the test cannot tell from chance. */
function quietText(part) {
  const far = beyondBound(part);
  if (!far.length) return "Nothing beyond its bound.";
  const shown = far.slice(0, 6).map((name) => shortened(name, 40));
  return `${shown.join(", ")}: beyond the bound, but so few rows cannot tell it from chance.`;
}

function beyondBound({ features, outputs, labels, metrics, gaps, ndcg, bound }) {
  const apart = [...(features ?? []), ...(outputs ?? []), ...(labels ? [labels] : [])];
  const names = [
    ...apart.filter((one) => isNumber(one.distance) && one.distance >= one.bound).map(({ name }) => name),
    ...(metrics ?? []).filter((one) => one.judged && one.loss >= one.bound).map(({ name }) => titleOf(name)),
    ...(gaps ?? []).filter((one) => Math.abs(one.change) >= one.bound).map(({ column }) => column),
  ];
  if (isNumber(ndcg) && ndcg < bound) names.push("the order of the features");
  return [...new Set(names.filter(Boolean))];
}
