/* Numbers and names as a person reads them. */

const TITLES = {
  auc: "ROC AUC",
  weighted_auc: "ROC AUC, weighted",
  accuracy: "Accuracy",
  precision: "Precision",
  recall: "Recall",
  f1: "F1",
  weighted_precision: "Precision, weighted",
  weighted_recall: "Recall, weighted",
  weighted_f1: "F1, weighted",
  macro_precision: "Precision, mean of the classes",
  macro_recall: "Recall, mean of the classes",
  macro_f1: "F1, mean of the classes",
  precision_recall_auc: "Precision-recall AUC",
  log_loss: "Log loss",
  brier: "Brier score",
  calibration_error: "Calibration error",
  r2: "R²",
  rmse: "Root mean squared error",
  mae: "Mean absolute error",
  mse: "Mean squared error",
  mape: "Mean relative error",
};

const LOWER_IS_BETTER = new Set(["log_loss", "brier", "calibration_error", "mae", "mse", "rmse", "mape"]);

const NOT_DEFINED = "not defined";
const NOT_MEASURED = "not measured";

function titleOf(metric) {
  return TITLES[metric] ?? metric;
}

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** With a true minus sign, which is as wide as a digit. */
function grouped(value, most, least = 0) {
  const text = value.toLocaleString("en-US", { minimumFractionDigits: least, maximumFractionDigits: most });
  return text.replace("-", "−");
}

/** Four decimals; of large numbers, such as a squared error in cents, fewer. */
function metricText(value) {
  if (!isNumber(value)) return NOT_DEFINED;
  const size = Math.abs(value);
  return size < 1000 ? grouped(value, 4, 4) : grouped(value, size < 1e6 ? 1 : 0);
}

function signedText(value) {
  if (!isNumber(value)) return NOT_DEFINED;
  return (value > 0 ? "+" : "") + metricText(value);
}

/** At most four significant digits. */
function plainText(value) {
  if (value === null || value === undefined) return "–";
  if (!isNumber(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) return value.toExponential(2).replaceAll("-", "−");
  const decimals = size === 0 ? 0 : Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(size))));
  return grouped(value, decimals);
}

/** Two significant digits, as many as a deviation deserves. */
function deviationText(value) {
  const size = Math.abs(value);
  const decimals = size === 0 ? 0 : Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(size))));
  return grouped(value, decimals, decimals);
}

/** A hyperparameter as one writes it: no thousands separator, and no more digits than one can read. */
function settingText(value) {
  if (value === undefined || value === null || value === "") return "–";
  const number = Number(value);
  if (typeof value === "boolean" || !Number.isFinite(number)) return String(value);
  return String(value).length <= 8 ? String(value) : String(Number(number.toPrecision(4)));
}

function countText(value) {
  return isNumber(value) ? grouped(value, 0) : "–";
}

function percentText(share, decimals = 1) {
  return isNumber(share) ? `${grouped(100 * share, decimals, decimals)} %` : "–";
}

function durationText(seconds) {
  if (!isNumber(seconds)) return "–";
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${grouped(Math.floor(whole / 3600), 0)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function dollarText(value) {
  if (!isNumber(value)) return "not priced";
  return `$${grouped(value, value < 1 ? 4 : 2, value < 1 ? 4 : 2)}`;
}

/** In UTC: whoever reads it may sit elsewhere than whoever wrote it. */
function timeText(text) {
  const time = new Date(text);
  if (!text || Number.isNaN(time.getTime())) return text ? String(text) : null;
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** "1 row", "2 rows". */
function several(count, one, many = `${one}s`) {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** Both ends stay: names often share their beginning. */
function shortened(text, most) {
  const letters = [...String(text)];
  if (letters.length <= most) return String(text);
  const tail = Math.floor((most - 1) / 3);
  return `${letters.slice(0, most - 1 - tail).join("")}…${letters.slice(letters.length - tail).join("")}`;
}

/** A part of the rows by a column's value. The kind tells a value "other" from the other values. */
function partName({ value, kind }) {
  const words = { other: "all other values", unseen: "not in training", missing: "no value" };
  return words[kind] ?? String(value ?? "–");
}
