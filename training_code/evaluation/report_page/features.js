/* Which features the model leans on, and which way they push. */

const MOST_FEATURES = 15;

function featuresSection({ evaluation, facts, champion, task }) {
  const { gain, shap } = evaluation.importance ?? {};
  const drawn = [
    importanceFigure(gain, "Gain", "Share of the total gain", (share) => percentText(share, 0)),
    importanceFigure(shap, "Mean effect", "Mean |SHAP value|", plainText),
    facts.shap?.features?.length ? shapFigure(facts.shap.features, task) : null,
  ].filter(Boolean);
  return [
    drawn.length ? figures(drawn) : note(`Importance: ${NOT_MEASURED}.`),
    drawn.length ? importanceTable(gain ?? {}, shap ?? {}) : null,
    featureChanges(champion?.features),
  ];
}

function importanceFigure(values, title, label, format) {
  const top = Object.entries(values ?? {}).slice(0, MOST_FEATURES);
  if (!top.length) return null;
  const most = Math.max(...top.map(([, value]) => value)) || 1;
  const x = { from: 0, to: most * 1.03, label, format };
  const plot = rowPlot({ names: top.map(([name]) => name), x, description: `${label} by feature` });
  top.forEach(([name, value], row) => drawRowBar(plot, row, value, "challenger", `${name}: ${plainText(value)}`));
  const all = Object.keys(values).length;
  const reading =
    title === "Gain"
      ? "What splits on a feature gained in training."
      : "How far a feature moves the model's raw output.";
  const shown = all > top.length ? ` The ${top.length} first of ${countText(all)} features.` : "";
  return figure({ title, plot, legend: [["bar", "challenger", THIS_MODEL]], reading: reading + shown });
}

function importanceTable(gain, shap) {
  const names = [...new Set([...Object.keys(shap), ...Object.keys(gain)])];
  const rows = names.map((name) => [name, name in gain ? percentText(gain[name]) : "–", plainText(shap[name])]);
  const table = dataTable("Importance of every feature", ["Feature", "Share of gain", "Mean |SHAP value|"], rows);
  return folded(`All ${several(names.length, "feature")}`, table);
}

function shapFigure(features, task) {
  const span = spanOf(
    features.flatMap(({ points }) => points.map(([effect]) => effect)),
    { zero: true },
  );
  const x = { ...span, label: task === "binary" ? "SHAP value (log-odds of the score)" : "SHAP value" };
  const plot = rowPlot({
    names: features.map(({ feature }) => feature),
    x,
    description: "SHAP values of single rows, by feature",
  });
  drawUpright(plot, 0, "chance");
  features.forEach(({ points }, row) => drawSwarm(plot, row, points));
  const legend = [
    ["point", "swarm low", "Low value of the feature"],
    ["point", "swarm middle", "middle"],
    ["point", "swarm high", "high"],
    ["point", "swarm none", "a category, or missing"],
  ];
  const columns = ["Feature", "Mean |SHAP value|", "Mean SHAP where low", "Mean SHAP where high"];
  const rows = () =>
    features.map(({ feature, mean_abs: mean, points }) => [
      feature,
      plainText(mean),
      plainText(meanEffect(points, (value) => value <= 1 / 3)),
      plainText(meanEffect(points, (value) => value >= 2 / 3)),
    ]);
  const reading = "Each point is a test row: right of the line its value pushes the output up, left of it down.";
  return figure({ title: "Effect by value", plot, legend, reading, data: { columns, rows } });
}

function meanEffect(points, chosen) {
  const effects = points.filter(([, value]) => isNumber(value) && chosen(value)).map(([effect]) => effect);
  return effects.length ? effects.reduce((sum, effect) => sum + effect, 0) / effects.length : null;
}

const SWARM_BIN = 3;
const SWARM_HALF = 9.5;

/** Points of equal effect are piled up and down from the row's middle; a high pile is pressed into the row. */
function drawSwarm(plot, row, points) {
  const bins = new Map();
  for (const point of points) {
    const bin = Math.round(plot.x(point[0]) / SWARM_BIN);
    bins.set(bin, [...(bins.get(bin) ?? []), point]);
  }
  for (const pile of bins.values()) {
    const step = Math.min(2.2, SWARM_HALF / Math.ceil(pile.length / 2));
    pile.forEach(([effect, value], at) => {
      const side = at % 2 ? 1 : -1;
      const y = plot.y(row) + side * Math.ceil(at / 2) * step;
      plot.marks.append(symbol(fixed(plot.x(effect)), fixed(y), `swarm ${swarmTone(value)}`, 1.9));
    });
  }
}

/** value: where the feature's value lies among all, 0 to 1. Seven tones, from low to high. */
function swarmTone(value) {
  if (!isNumber(value)) return "none";
  const tones = ["low", "tone-1", "tone-2", "middle", "tone-4", "tone-5", "high"];
  return tones[Math.min(6, Math.max(0, Math.round(value * 6)))];
}

function featureChanges(changes) {
  if (!changes) return null;
  const kinds = [
    ["new", changes.added],
    ["gone", changes.removed],
    ["of another type", changes.retyped],
  ].filter(([, names]) => names?.length);
  if (!kinds.length) return note("The champion has the same features.");
  const said = kinds.flatMap(([words, names], at) => [
    at ? "; " : "",
    `${words}: `,
    names.flatMap((name, position) => [position ? ", " : "", code(nameOfChange(name))]),
  ]);
  return paragraph("Against the champion's features: ", said, ".");
}

function nameOfChange(change) {
  return typeof change === "string" ? change : Object.values(change ?? {}).join(" ");
}
