/* The sections of a check's page, in the order in which a person asks. */

const SECTIONS = [
  ["verdict", "Verdict", verdictSection],
  ["features", "Features", featuresSection],
  ["predictions", "Predictions", predictionsSection],
  ["quality", "Model quality", qualitySection],
  ["bias", "Bias", biasSection],
  ["attribution", "What the model leans on", attributionSection],
  ["operations", "Operations", operationsSection],
  ["records", "Records", recordsSection],
  ["violations", "Violations", violationsSection],
  ["method", "How it was tested", methodSection],
];

function showCheck() {
  const findings = jsonOf("findings");
  document.title = titleOfCheck(findings);
  showPage({ head: headOf(findings), sections: SECTIONS, facts: [findings], source: "drift.json" });
}

showCheck();
