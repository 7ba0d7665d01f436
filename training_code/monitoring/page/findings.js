/* What the sections read of the findings, and how they say it. Any part may be absent. */

const NOW = "Now";
const BASELINE = "Baseline";

/** By status: tone, sign, and the word beside them. */
const STATUSES = {
  drift: ["fail", "!", "drift"],
  "no-drift": ["pass", "✓", "no drift"],
  reported: ["none", "✓", "reported"],
  "not-enough-data": ["needs-human", "…", "not enough data"],
  "not-measured": ["none", "–", "not measured"],
};

function statusOf(part) {
  return STATUSES[part?.status] ?? ["none", "–", part?.status ? String(part.status) : NOT_MEASURED];
}

function dimensionOf({ dimensions }, name) {
  return dimensions?.[name] ?? {};
}

/** Why nothing is said of a dimension; null where something is. */
function silenceNote(part) {
  if (["drift", "no-drift", "reported"].includes(part.status)) return null;
  const [, , said] = statusOf(part);
  return note(`${capital(said)}. `, part.reason ?? "The check does not say why.");
}

function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : text;
}

function measureText({ measure }) {
  const names = { kolmogorov_smirnov: "Kolmogorov–Smirnov distance", jensen_shannon: "Jensen–Shannon distance" };
  return names[measure] ?? (measure ? String(measure) : "Distance");
}

/** Of distances and stability indices: what is below a thousandth is none. */
function distanceText(value) {
  return isNumber(value) ? grouped(value, 3, 3) : "–";
}

/** A probability: of small ones their size is all that matters. */
function chanceText(value) {
  if (!isNumber(value)) return "–";
  return value < 1e-4 ? "< 0.0001" : grouped(value, 4, value < 0.1 ? 4 : 2);
}

/** "2026-11-20 13:00 to 14:00 UTC"; of a batch without a beginning "up to …". */
function windowText({ window: span }) {
  const [start, end] = [timeText(span?.start), timeText(span?.end)];
  if (start && start === end) return start;
  if (!start || !end) return end ? `up to ${end}` : start && `from ${start}`;
  const sameDay = start.slice(0, 10) === end.slice(0, 10);
  return `${start.replace(" UTC", "")} to ${sameDay ? end.slice(11) : end}`;
}

function placeText({ source, endpoint_name: endpoint }) {
  if (source === "batch") return "a scored batch";
  return endpoint ? `endpoint ${endpoint}` : null;
}

/** What the model's raw output is counted in. */
function effectUnit(findings) {
  const { outputs = [], labels } = dimensionOf(findings, "predictions");
  if (outputs.length !== 1 || outputs[0].name !== "score") return "of the raw output";
  return labels ? "log-odds" : "in the target's unit";
}

function signedPlain(value) {
  if (!isNumber(value)) return "–";
  return (value > 0 ? "+" : "") + plainText(value);
}

/** Of shares: "+3.0 points". */
function pointsText(value) {
  return isNumber(value) ? `${value > 0 ? "+" : ""}${grouped(100 * value, 1, 1)} points` : "–";
}
