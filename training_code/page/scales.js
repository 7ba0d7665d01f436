/* From numbers to pixels, and the round numbers that an axis shows. */

/** axis: {from, to, log}. → a function from a value to its pixel between start and end. */
function scaleOf({ from, to, log = false }, start, end) {
  const place = log ? Math.log10 : (value) => value;
  const low = place(from);
  const width = place(to) - low;
  return (value) => start + ((place(value) - low) / width) * (end - start);
}

/** An axis of no width, as of values that are all the same, gets one. */
function widened(axis) {
  if (axis.from !== axis.to) return axis;
  const half = Math.abs(axis.from) / 2 || 0.5;
  return { ...axis, from: axis.from - half, to: axis.to + half };
}

/** Values that an axis shows, all within it. */
function ticksOf({ from, to, log = false, ticks = null }, count = 5) {
  if (ticks) return ticks;
  return log ? logTicks(from, to, count) : linearTicks(from, to, count);
}

function linearTicks(from, to, count) {
  const step = roundStep((to - from) / count);
  const ticks = [];
  for (let at = Math.ceil(from / step - 1e-9); at * step <= to + step * 1e-9; at += 1) ticks.push(at * step);
  return ticks.map((tick) => Number(tick.toPrecision(12)));
}

/** Of 1, 2, 5 × 10ⁿ the least that is not much below. */
function roundStep(raw) {
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.75);
}

/** Powers of ten; with few of them, their double and fivefold too. */
function logTicks(from, to, count) {
  const decades = Math.log10(to / from);
  const factors = decades > count ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const step = Math.max(1, Math.ceil(decades / count));
  const ticks = [];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= to; power += step) {
    ticks.push(...factors.map((factor) => factor * 10 ** power));
  }
  const kept = ticks.filter((tick) => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9));
  return kept.length > 1 ? kept : linearTicks(from, to, count);
}

/** An axis around the values: with a margin, never of no width. zero: it shall be on it. */
function spanOf(values, { margin = 0.05, zero = false } = {}) {
  const known = values.filter(isNumber);
  let from = zero ? 0 : Infinity;
  let to = zero ? 0 : -Infinity;
  for (const value of known) {
    from = Math.min(from, value);
    to = Math.max(to, value);
  }
  if (!known.length && !zero) return { from: 0, to: 1 };
  const width = to - from || Math.abs(from) || 1;
  return {
    from: zero && from === 0 ? 0 : from - width * margin,
    to: zero && to === 0 && from < 0 ? 0 : to + width * margin,
  };
}
