/* Where the model comes from: enough to make it again, and what it took. */

function lineageSection({ run, facts }) {
  const lineage = run?.lineage ?? {};
  return [
    run ? descriptions(originOf(run, lineage), "long") : null,
    hyperparameterTable(usedHyperparameters(facts, lineage), facts.learning?.best_iteration),
    jobTable(run?.jobs ?? [], run?.cost),
  ];
}

function originOf({ package_arn: arn, stage }, lineage) {
  const marked = (text) => text && code(text);
  return [
    ["Run", marked(lineage.run_id)],
    ["Version", marked(arn)],
    ["Stage", stage],
    ["Data version", marked(lineage.data_version)],
    ["Trained for", lineage.retrained_for],
    ["Training code (SHA-256)", marked(lineage.code_sha256)],
    ["Commit", lineage.commit_id === null ? "not known" : marked(lineage.commit_id)],
    ["Training job", marked(lineage.training_job_arn ?? lineage.training_job)],
    ["Definition", definitionOf(lineage.definition)],
    ["Evaluation", marked(lineage.evaluation_uri)],
  ];
}

/** An address, or the definition itself. */
function definitionOf(definition) {
  if (!definition) return null;
  if (typeof definition === "string") return code(definition);
  const text = element("pre", { tabindex: "0", "aria-label": "Definition" }, code(JSON.stringify(definition, null, 2)));
  return folded("as it was run", text);
}

/** What training says that it used, defaults included; of an image that says nothing, what it was sent. */
function usedHyperparameters({ hyperparameters }, lineage) {
  if (Object.keys(hyperparameters ?? {}).length) return hyperparameters;
  const sent = Object.entries(lineage.hyperparameters ?? {});
  return Object.fromEntries(sent.filter(([name]) => !/^(sagemaker_|_tuning_)/.test(name)));
}

function hyperparameterTable(hyperparameters, best) {
  const rows = Object.entries(hyperparameters).map(([name, value]) => [name, parameterText(value)]);
  if (isNumber(best) && best > 0) rows.push(["rounds kept", countText(best + 1)]);
  if (!rows.length) return null;
  return [element("h3", {}, "Hyperparameters"), dataTable("Hyperparameters", ["Name", words("Value")], rows)];
}

/** As it was given: 0.00012 is not to be rounded. */
function parameterText(value) {
  if (value !== null && typeof value === "object" && !Object.keys(value).length) return "none";
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
}

const STEPS = { preprocess: "Preprocess", train: "Train", tune: "Tune", evaluate: "Evaluate" };

function jobTable(jobs, cost) {
  if (!jobs.length) return null;
  const rows = jobs.map((job) => [
    STEPS[job.step] ?? job.step,
    job.name ? code(job.name) : "–",
    job.instance_type ? `${countText(job.instance_count)} × ${job.instance_type}` : "–",
    durationText(job.seconds),
    dollarText(job.cost_usd),
  ]);
  rows.push([
    "Together",
    "",
    "",
    durationText(jobs.reduce((sum, job) => sum + (job.seconds ?? 0), 0)),
    dollarText(cost?.total_usd),
  ]);
  const columns = ["Step", words("Job"), words("Machines"), "Took", "Estimated cost"];
  return [element("h3", {}, "Jobs"), dataTable("Jobs of the run", columns, rows), costNote(cost)];
}

function costNote(cost) {
  if (!cost) return note("The cost was not estimated.");
  const unpriced = cost.unpriced ?? [];
  const where = [cost.region && `in ${cost.region}`, cost.as_of && `as of ${cost.as_of}`].filter(Boolean).join(", ");
  return note(
    `Estimated from prices ${where}${cost.source ? `: ${cost.source}` : ""}.`,
    unpriced.length ? ` No price is known of ${unpriced.join(", ")}, so there is no sum.` : "",
  );
}
