/* How the scores of the two classes lie: one figure for each model, on the same axes. */

function scoreFigures(evidence, slider) {
  const { scores } = evidence.facts;
  if (!scores?.challenger || !scores.edges) return [];
  const models = [[THIS_MODEL, scores.challenger], ...(scores.champion ? [[CHAMPION, scores.champion]] : [])];
  const most = Math.max(
    ...models.flatMap(([, model]) => [...sharesOfTotal(model.positive), ...sharesOfTotal(model.negative)]),
  );
  return models.map(([name, model]) => scoreFigure(evidence, name, model, most, slider));
}

function sharesOfTotal(counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total ? count / total : 0));
}

/** One row for each bar, with its count of each of the lists. */
function barRows(edges, ...lists) {
  return lists[0].map((_, at) => [
    `${plainText(edges[at])} to ${plainText(edges[at + 1])}`,
    ...lists.map((counts) => countText(counts[at])),
  ]);
}

function scoreFigure(evidence, name, model, most, slider) {
  const { positive, negative, facts } = evidence;
  const { edges } = facts.scores;
  const x = { ...SCORE, from: edges[0], to: edges[edges.length - 1] };
  const y = {
    from: 0,
    to: most * 1.05 || 1,
    label: "Share of the class's rows",
    format: (share) => percentText(share, 0),
  };
  const plot = plotOf({ x, y, description: `Scores that ${name.toLowerCase()} gives the rows of each class` });
  for (const draw of [drawBars, drawSteps]) {
    for (const kind of ["negative", "positive"]) draw(plot, edges, sharesOfTotal(model[kind]), `class-${kind}`);
  }
  if (facts.thresholds) {
    const move = drawUpright(plot, facts.thresholds.at[0], "current");
    const champion = name === CHAMPION;
    slider.watchers.push(({ threshold, championThreshold }) => move(champion ? championThreshold : threshold));
  }
  const legend = [
    ["bar", "class-negative", `actually “${negative}”`],
    ["bar", "class-positive", `actually “${positive}”`],
    ...(facts.thresholds ? [["segment", "current", "Threshold"]] : []),
  ];
  const columns = ["Score", `Rows of “${negative}”`, `Rows of “${positive}”`];
  const data = { columns, rows: () => barRows(edges, model.negative, model.positive) };
  return figure({ title: `Scores: ${name.toLowerCase()}`, plot, legend, data });
}
