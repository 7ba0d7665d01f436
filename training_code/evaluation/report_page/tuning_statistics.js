/* What the trials say of each hyperparameter. trials: those that ended with an objective. */

/** Ranks from 1; equal values share their mean rank. */
function ranksOf(values) {
  const order = values.map((_, at) => at).sort((one, other) => values[one] - values[other]);
  const ranks = new Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1]] === values[order[start]]) end += 1;
    for (let at = start; at <= end; at += 1) ranks[order[at]] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return ranks;
}

function meanOf(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Rank correlation (Spearman 1904); null where either does not vary. */
function spearman(across, up) {
  const [one, other] = [ranksOf(across), ranksOf(up)];
  const [middle, level] = [meanOf(one), meanOf(other)];
  let [shared, first, second] = [0, 0, 0];
  one.forEach((rank, at) => {
    shared += (rank - middle) * (other[at] - level);
    first += (rank - middle) ** 2;
    second += (other[at] - level) ** 2;
  });
  return first && second ? shared / Math.sqrt(first * second) : null;
}

/** η²: the share of the values' variance that lies between groups; null where the values do not vary. */
function etaSquared(groups, values) {
  const level = meanOf(values);
  const whole = values.reduce((sum, value) => sum + (value - level) ** 2, 0);
  const byGroup = new Map();
  groups.forEach((group, at) => byGroup.set(group, [...(byGroup.get(group) ?? []), values[at]]));
  const between = [...byGroup.values()].reduce((sum, held) => sum + held.length * (meanOf(held) - level) ** 2, 0);
  return whole ? between / whole : null;
}

/** A value's place on the range, 0 to 1, on the scale that it was searched on. Null for categories. */
function placeInRange(value, { type, min, max, scaling }) {
  if (type === "categorical" || !(max > min)) return null;
  const scales = { Logarithmic: Math.log, ReverseLogarithmic: (at) => -Math.log1p(-at) };
  const scale = scales[scaling] ?? ((at) => at);
  return (scale(value) - scale(min)) / (scale(max) - scale(min));
}

const EDGE = 0.01;

/** "lower" or "upper" where the value lies within 1 % of that end of its range; else null. */
function edgeOf(value, range) {
  const place = placeInRange(value, range);
  if (place === null) return null;
  if (place <= EDGE) return "lower";
  return place >= 1 - EDGE ? "upper" : null;
}

/** How closely the objective follows each hyperparameter, closest first: {name, measure, strength, trend}. */
function influences(trials, ranges) {
  const found = Object.entries(ranges).map(([name, range]) => influenceOf(name, range, trials));
  return found.sort((one, other) => (other.strength ?? -1) - (one.strength ?? -1));
}

function influenceOf(name, range, trials) {
  const known = trials.filter(({ hyperparameters }) => hyperparameters?.[name] !== undefined);
  const values = known.map(({ hyperparameters }) => hyperparameters[name]);
  const objectives = known.map(({ objective }) => objective);
  if (known.length < 3) return { name, measure: null, strength: null };
  if (range.type === "categorical") return { name, measure: "η²", strength: etaSquared(values, objectives) };
  const correlation = spearman(values.map(Number), objectives);
  const strength = correlation === null ? null : Math.abs(correlation);
  return { name, measure: "|Spearman's ρ|", strength, trend: correlation };
}
