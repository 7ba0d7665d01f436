/* A metric's name and its value with how far it scatters. */

function metricHead(name) {
  return LOWER_IS_BETTER.has(name)
    ? [titleOf(name), element("span", { class: "hint" }, " less is better")]
    : titleOf(name);
}

/** "0.8412 ± 0.013"; deviation: a standard deviation, or none. */
function scattered(value, deviation) {
  if (!isNumber(value)) return NOT_DEFINED;
  const scatter = isNumber(deviation) && element("span", { class: "deviation" }, ` ± ${deviationText(deviation)}`);
  return [metricText(value), scatter];
}

/** The 95 % interval; a value alone where there is no deviation. */
function around(value, deviation) {
  if (!isNumber(value)) return [null, null];
  const half = 1.96 * (deviation ?? 0);
  return [value - half, value + half];
}
