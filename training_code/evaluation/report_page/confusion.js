/* Which classes are taken for which. */

const MOST_SHOWN_CLASSES = 20;
const MOST_CONFUSIONS = 20;

/** counts: by actual, then by predicted class, in the labels' order. Each cell is as dark as its share of its row. */
function confusionTable(caption, labels, counts) {
  const columns = ["actually", ...labels.map((label) => ({ title: ["called ", labelName(label)] }))];
  const rows = counts.map((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return [
      labelName(labels[actual]),
      ...row.map((count, predicted) => confusionCell(count, total, actual === predicted)),
    ];
  });
  const table = dataTable(`Confusion matrix: ${caption}`, columns, rows);
  table.classList.remove("stacks");
  table.classList.add("confusion");
  return table;
}

function labelName(label) {
  return element("span", { title: label }, `“${shortened(label, 40)}”`);
}

function confusionCell(count, total, right) {
  const share = total ? count / total : 0;
  const cell = element(
    "span",
    { class: `cell ${right ? "right" : "wrong"}` },
    countText(count),
    element(
      "span",
      { class: "hint" },
      percentText(total ? share : null, 0),
      unseen(right ? " of the row, right" : " of the row, wrong"),
    ),
  );
  cell.style.setProperty("--share", share.toFixed(3));
  return cell;
}

/** Of several classes. matrix: evaluation.json's, by label. */
function confusionOfClasses(model, matrix) {
  const labels = Object.keys(matrix);
  if (labels.length > MOST_SHOWN_CLASSES) return frequentConfusions(model, matrix);
  const counts = labels.map((actual) => labels.map((predicted) => matrix[actual]?.[predicted] ?? 0));
  return element("div", { class: "matrix wide" }, element("h3", {}, model), confusionTable(model, labels, counts));
}

function frequentConfusions(model, matrix) {
  const wrong = Object.entries(matrix).flatMap(([actual, row]) =>
    Object.entries(row)
      .filter(([predicted, count]) => predicted !== actual && count > 0)
      .map(([predicted, count]) => [actual, predicted, count]),
  );
  const most = wrong.sort((one, other) => other[2] - one[2]).slice(0, MOST_CONFUSIONS);
  const caption = `${model}: the most frequent confusions`;
  const rows = most.map(([actual, predicted, count]) => [`“${actual}”`, `“${predicted}”`, countText(count)]);
  return element(
    "div",
    { class: "matrix wide" },
    element("h3", {}, caption),
    dataTable(caption, ["actually", words("called"), "Rows"], rows),
    note(`Of ${countText(Object.keys(matrix).length)} classes; the whole matrix is in evaluation.json.`),
  );
}
