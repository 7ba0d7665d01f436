/* Puts the page together. A section that cannot be drawn says so, and does not take the others with it. */

const SECTIONS = [
  ["verdict", "Verdict", verdictSection],
  ["answer", "Approve or reject", answerSection],
  ["metrics", "Metrics", metricsSection],
  ["threshold", "Threshold", thresholdSection],
  ["curves", "Curves and scores", curvesSection],
  ["classes", "Classes", classesSection],
  ["predictions", "Predictions", numbersSection],
  ["slices", "Slices", slicesSection],
  ["features", "What the model uses", featuresSection],
  ["learning", "Learning curves", learningSection],
  ["tuning", "Tuning", tuningSection],
  ["data", "Data", dataSection],
  ["lineage", "Lineage", lineageSection],
];

function jsonOf(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

function sectionOf([id, title, content], evidence, slider) {
  let held;
  try {
    held = [content(evidence, slider) ?? []].flat(Infinity).filter(Boolean);
  } catch (error) {
    console.error(error);
    held = [
      element(
        "p",
        { class: "warning" },
        `This section could not be drawn (${error.message}); its numbers are in evaluation.json.`,
      ),
    ];
  }
  if (!held.length) return null;
  return element(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    element("h2", { id: `${id}-title` }, title),
    held,
  );
}

function contentsOf(sections) {
  const links = sections.map(({ id, firstChild }) =>
    element("li", {}, element("a", { href: `#${id}` }, firstChild.textContent)),
  );
  return element("ul", {}, links);
}

/** What is folded is printed too, and is folded again afterwards. */
function openForPrint() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open]):not(.chart-data)")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
}

function showReport() {
  const evidence = evidenceOf(jsonOf("evaluation"), jsonOf("run"));
  const slider = { watchers: [], start() {} };
  const sections = SECTIONS.map((section) => sectionOf(section, evidence, slider)).filter(Boolean);
  document.getElementById("head").append(...headOf(evidence));
  document.getElementById("contents").append(contentsOf(sections));
  document.getElementById("content").append(...sections);
  slider.start();
  openForPrint();
}

showReport();
