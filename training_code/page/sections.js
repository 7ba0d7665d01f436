/* Puts a page together. A section that cannot be drawn says so, and does not take the others with it. */

function jsonOf(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/**
 * sections: [id, title, content] each; content(...facts) gives its nodes, or nothing where there is no such section.
 * head: nodes. source: the file that holds the page's numbers too.
 */
function showPage({ head, sections, facts, source }) {
  const shown = sections.map((section) => sectionOf(section, facts, source)).filter(Boolean);
  document.getElementById("head").append(...head);
  document.getElementById("contents").append(contentsOf(shown));
  document.getElementById("content").append(...shown);
  openForPrint();
}

function sectionOf([id, title, content], facts, source) {
  let held;
  try {
    held = [content(...facts) ?? []].flat(Infinity).filter(Boolean);
  } catch (error) {
    console.error(error);
    const said = `This section could not be drawn (${error.message}); its numbers are in ${source}.`;
    held = [element("p", { class: "warning" }, said)];
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
