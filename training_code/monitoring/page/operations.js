/* How the endpoint did: asked how often, how quick, how many errors. Alarms watch this, the check only tells. */

const LATENCIES = { average: "Average", p50: "Median", p99: "99th percentile", maximum: "Slowest" };

function operationsSection(findings) {
  const part = dimensionOf(findings, "operations");
  const { model_latency_ms: model, overhead_latency_ms: overhead } = part;
  return [
    silenceNote(part),
    descriptions([
      ["Invocations", counted(part.invocations)],
      ["Refused requests (4xx)", errorText(part.errors_4xx, part.invocations)],
      ["Errors (5xx)", errorText(part.errors_5xx, part.invocations)],
      ["Cold starts", counted(part.cold_starts)],
      ["Instances", counted(part.instances)],
      ["Concurrency", counted(part.concurrency)],
    ]),
    model || overhead ? latencyTable(model ?? {}, overhead ?? {}) : null,
  ];
}

function errorText(count, all) {
  if (!isNumber(count)) return null;
  return all > 0 ? `${countText(count)} (${percentText(count / all, 2)})` : countText(count);
}

function latencyTable(model, overhead) {
  const rows = Object.entries(LATENCIES)
    .filter(([name]) => isNumber(model[name]) || isNumber(overhead[name]))
    .map(([name, title]) => [title, latencyText(model[name]), latencyText(overhead[name])]);
  return rows.length ? dataTable("Latencies in the window", ["Latency", "Model", "Around it"], rows) : null;
}

function latencyText(milliseconds) {
  return isNumber(milliseconds) ? `${plainText(milliseconds)} ms` : "–";
}
