/* The report's sections, in their order. */

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

function showReport() {
  const evidence = evidenceOf(jsonOf("evaluation"), jsonOf("run"));
  const slider = { watchers: [], start() {} };
  showPage({ head: headOf(evidence), sections: SECTIONS, facts: [evidence, slider], source: "evaluation.json" });
  slider.start();
}

showReport();
