/* What was counted, and what was not: a check that drops records says so. */

/** A count's name, its place in the findings, and what it means. */
const COUNTS = [
  ["Requests", "requests", "answered in the window, counted once each"],
  ["Rows", "rows", "compared: a request may hold several"],
  ["Late", "late", "of earlier hours, captured since the last check; counted"],
  ["Duplicates", "duplicates", "captured again under the same event id; not counted again"],
  ["Other versions", "other_versions", "answered by another version; not used"],
  ["Outside the window", "outside_window", "of another time than the window's; not used"],
  ["Unanswered", "unanswered", "without a usable answer; their scores are not known"],
];

function recordsSection({ records, source }) {
  if (!records) return [note(`Records: ${NOT_MEASURED}.`)];
  const unreadable = records.unreadable ?? {};
  const rows = COUNTS.filter(([, name]) => isNumber(records[name])).map(([title, name, meaning]) => [
    title,
    countText(records[name]),
    meaning,
  ]);
  if (isNumber(unreadable.count)) rows.push(["Unreadable", countText(unreadable.count), "could not be read; not used"]);
  return [
    source === "batch" ? note("A batch is one file of rows: it has no requests.") : null,
    dataTable("Records by what became of them", ["Records", "Count", words("Which")], rows),
    clockWarning(records),
    unreadableTable(unreadable),
  ];
}

function clockWarning({ outside_window: outside, requests }) {
  if (!(outside > 0)) return null;
  const share = requests > 0 ? ` (${percentText(outside / (outside + requests))} of all)` : "";
  return element(
    "p",
    { class: "warning" },
    `${several(outside, "record is", "records are")} of a time outside the window${share}. `,
    "Is a clock wrong, or did captures arrive later than monitoring.lateness_hours allows?",
  );
}

function unreadableTable({ count, examples }) {
  if (!examples?.length) return null;
  const rows = examples.map(({ file, line, reason }) => [code(file ?? "–"), countText(line), reason ?? "–"]);
  const table = dataTable("Records that could not be read", [words("File"), "Line", words("Why")], rows);
  const more = count > examples.length ? note(`The first ${countText(examples.length)} of ${countText(count)}.`) : null;
  return [element("h3", {}, "Unreadable records"), table, more];
}
