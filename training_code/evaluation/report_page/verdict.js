/* The head of the page: which model it is, what the gate says of it and why, and how to answer. */

const VERDICTS = {
  pass: ["✓", "The gate passes this model"],
  fail: ["✕", "The gate rejects this model"],
  "needs-human": ["!", "A person must decide"],
};

const OUTCOMES = {
  fail: ["✕", "failed"],
  "needs-human": ["!", "needs a person"],
  skipped: ["–", "skipped"],
  pass: ["✓", "passed"],
};

const STATUSES = { PendingManualApproval: "waiting for approval", Approved: "approved", Rejected: "rejected" };

/** A failed check whose failure is a person's to judge is not a failure of the model. */
function outcomeOf(check) {
  return check.outcome === "fail" && check.on_failure === "needs-human" ? "needs-human" : check.outcome;
}

function headOf({ facts, run }) {
  const name = run?.model ?? facts.title;
  const title = run?.version ? `${name}, version ${run.version}` : name;
  const lineage = run?.lineage ?? {};
  const about = [
    ["Run", lineage.run_id],
    ["Data", lineage.data_version && code(lineage.data_version)],
    ["Stage", run?.stage],
    [run ? "Registered" : "Evaluated", timeText(run?.registered_at ?? facts.made_at)],
    ["Status when registered", STATUSES[run?.status] ?? run?.status],
  ];
  document.title = `${title}: evaluation report`;
  return [element("p", { class: "kind" }, "Evaluation report"), element("h1", {}, title), descriptions(about)];
}

function verdictSection({ run, ...evidence }) {
  if (!run) return [verdictBanner("none", "–", "Not registered", [unregistered(evidence.facts)]), testSet(evidence)];
  const [sign, said] = VERDICTS[run.verdict] ?? ["–", `The gate's verdict: ${run.verdict ?? NOT_MEASURED}`];
  const reasons = [run.summary ?? []].flat();
  return [
    verdictBanner(run.verdict, sign, said, [tally(run.checks ?? []), reasonList(run, reasons)]),
    testSet(evidence),
    checksOf(run.checks ?? []),
  ];
}

function unregistered({ made_at: time }) {
  const when = timeText(time);
  return paragraph(
    `evaluate.py made this page${when ? ` on ${when}` : ""}, and no gate has judged the model. A run registers it, `,
    "and completes the page with the gate's verdict, what was run and how to approve it.",
  );
}

function tally(checks) {
  const parts = Object.entries(OUTCOMES).map(([outcome, [, name]]) => {
    const count = checks.filter((check) => outcomeOf(check) === outcome).length;
    return count ? `${count} ${name}` : null;
  });
  const said = parts.filter(Boolean).join(", ");
  return said ? paragraph(`Of ${several(checks.length, "check")}: ${said}.`) : null;
}

/** What speaks against the model; the summary says the passed and the skipped ones as well, which stand below. */
function reasonList({ checks }, summary) {
  const serious = (checks ?? []).filter((check) => ["fail", "needs-human"].includes(outcomeOf(check)));
  const ordered = Object.keys(OUTCOMES).flatMap((outcome) => serious.filter((check) => outcomeOf(check) === outcome));
  const reasons = checks?.length ? ordered.map((check) => check.reason) : summary;
  return reasons.length
    ? element(
        "ul",
        { class: "reasons" },
        reasons.map((reason) => element("li", {}, reason)),
      )
    : null;
}

function testSet({ evaluation, task, positive }) {
  const { item_count: rows, positive_count: positives } = evaluation.dataset ?? {};
  if (!isNumber(rows)) return null;
  const share = task === "binary" && isNumber(positives) ? `, ${countText(positives)} of them “${positive}”` : "";
  const threshold = isNumber(evaluation.threshold)
    ? ` A score of at least ${plainText(evaluation.threshold)} is called “${positive}”.`
    : "";
  return paragraph(`Measured on ${several(rows, "test row")} that training never saw${share}.${threshold}`);
}

function checksOf(checks) {
  if (!checks.length) return null;
  const ordered = Object.keys(OUTCOMES).flatMap((outcome) => checks.filter((check) => outcomeOf(check) === outcome));
  return [element("h3", {}, "Every check"), outcomeList(ordered.map(checkItem))];
}

function checkItem(check) {
  const outcome = outcomeOf(check);
  const [sign, said] = OUTCOMES[outcome] ?? ["?", String(outcome)];
  const measured = [
    ["measured", check.value],
    ["bound", check.bound],
  ].filter(([, value]) => value !== null && value !== undefined);
  const numbers = measured.map(([term, value]) => `${term} ${plainText(value)}`).join(", ");
  const content = [check.reason, numbers ? element("span", { class: "hint" }, ` (${numbers})`) : null];
  return outcomeItem({ tone: outcome, sign, name: check.name, said, content });
}

function answerSection({ run }) {
  const commands = run?.commands;
  if (!commands) return null;
  const state = STATUSES[run.status] ? `When it was registered, this version was ${STATUSES[run.status]}. ` : "";
  return [
    paragraph(state, "Approving it puts it into production; rejecting it keeps it out, or takes it out."),
    commandsOf("Approve", [commands.approve, commands.aws_approve]),
    commandsOf("Reject", [commands.reject, commands.aws_reject]),
  ];
}

function commandsOf(title, [own, aws]) {
  const lines = [
    [own, "with sluice"],
    [aws, "or with the AWS command line"],
  ].filter(([command]) => command);
  if (!lines.length) return null;
  return [element("h3", {}, title), lines.map(([command, how]) => commandLine(command, `${title}, ${how}`))];
}

function commandLine(command, label) {
  const copy = element("button", { type: "button" }, "Copy", unseen(`: ${label}`));
  const text = element("pre", { tabindex: "0", "aria-label": label }, commandWords(command));
  copy.addEventListener("click", () => copyText(command, text, copy));
  return element("div", { class: "command" }, note(label), element("div", {}, text, copy));
}

/** Where a browser does not let a page write to the clipboard, the command is selected instead. */
async function copyText(command, text, button) {
  try {
    await navigator.clipboard.writeText(command);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(text);
    button.textContent = "Selected";
  }
}
