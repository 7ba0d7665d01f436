/* What was decided, and by which parts. tone: pass, fail, needs-human, or another word for none of them. */

function verdictBanner(tone, sign, said, content) {
  return element(
    "div",
    { class: `verdict ${tone}` },
    element("span", { class: "sign", "aria-hidden": "true" }, sign),
    element("div", {}, element("p", { class: "words" }, said), ...content),
  );
}

function outcomeList(items) {
  return element("ul", { class: "checks" }, items);
}

/** said: the outcome in a word; the colour and the sign alone would not reach everybody. */
function outcomeItem({ tone, sign, name, said, content }) {
  return element(
    "li",
    { class: `check ${tone}` },
    element("span", { class: "sign", "aria-hidden": "true" }, sign),
    element("p", { class: "name" }, element("strong", {}, name), " ", element("span", { class: "outcome" }, said)),
    element("p", {}, content),
  );
}
