"use strict";
// The table of students: drawn from the page's own data, some rows at a time, sorted and filtered without a server.
// Without this script it is a plain table of the first students.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("class");
  const body = table.tBodies[0];
  const headings = Array.from(table.tHead.rows[0].cells);
  const tools = document.getElementById("tools");
  const find = document.getElementById("find");
  const only = document.getElementById("only");
  const shown = document.getElementById("shown");
  const pager = document.getElementById("pager");
  const previous = document.getElementById("previous");
  const next = document.getElementById("next");
  const where = document.getElementById("where");
  const [NAME, HREF, FILE, STATUS, SCORE, SHARE, PERCENT, OPEN, ANSWERS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const FIRST_ANSWER = 5;
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const haystack = data.rows.map((row) => `${row[NAME]}\n${row[FILE]}`.toLowerCase());
  const sets = new Map(Object.entries(data.sets).map(([key, rows]) => [key, new Set(rows)]));
  let order = data.rows.map((_, index) => index);
  let fitting = order;
  let start = 0;

  const figure = (text) => {
    const number = parseFloat(text.replaceAll(data.words.thousands, "").replace(data.words.decimal, "."));
    return Number.isNaN(number) ? -1 : number;
  };
  const grouped = (number) => number.toLocaleString("en").replaceAll(",", data.words.thousands);
  const said = (words, numbers) => words.replace(/\{(\w+)\}/g, (_, name) => grouped(numbers[name]));
  const value = (row, column) => {
    if (column === 0) return row[NAME];
    if (column === 1) return figure(row[SCORE]);
    if (column === 2) return row[SHARE];
    if (column === 3) return figure(row[OPEN]);
    if (column === 4) return data.submissions[row[STATUS]];
    const answer = row[ANSWERS][column - FIRST_ANSWER];
    return answer ? figure(answer[1]) : -1;
  };
  const cell = (kind, text, name) => {
    const made = document.createElement(kind);
    if (name) made.className = name;
    made.textContent = text;
    return made;
  };
  const drawn = (row) => {
    const line = document.createElement("tr");
    line.dataset.s = row[STATUS];
    const link = document.createElement("a");
    link.href = row[HREF];
    link.append(cell("bdi", row[NAME]));
    const head = cell("th", "");
    head.scope = "row";
    head.append(link);
    line.append(head, cell("td", row[SCORE]), cell("td", row[PERCENT]), cell("td", row[OPEN]), cell("td", data.submissions[row[STATUS]], "w"));
    for (const answer of row[ANSWERS]) {
      const state = answer ? data.statuses[answer[0]] : "";
      const made = cell("td", answer ? answer[1] : "–", answer ? `a s-${state}` : "a");
      if (answer) made.dataset.s = state;
      line.append(made);
    }
    return line;
  };
  const draw = (all) => {
    const end = all ? fitting.length : Math.min(start + data.size, fitting.length);
    body.replaceChildren(...fitting.slice(all ? 0 : start, end).map((index) => drawn(data.rows[index])));
    pager.hidden = fitting.length <= data.size;
    previous.disabled = start === 0;
    next.disabled = end >= fitting.length;
    where.value = said(data.words.range, { first: start + 1, last: end, number: fitting.length });
  };
  const sort = (column) => {
    const heading = headings[column];
    const isNumber = heading.classList.contains("number");
    const before = heading.getAttribute("aria-sort");
    // Of numbers the highest come first, of words the first of the alphabet; a second press turns it round.
    const descending = before ? before === "ascending" : isNumber;
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const keys = data.rows.map((row) => value(row, column));
    const sign = descending ? -1 : 1;
    order.sort((a, b) => sign * (isNumber ? keys[a] - keys[b] : names.compare(keys[a], keys[b])));
    filter();
  };
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const within = sets.get(only.value);
    fitting = order.filter((index) => (!within || within.has(index)) && words.every((word) => haystack[index].includes(word)));
    start = 0;
    const all = fitting.length === order.length;
    shown.value = said(all ? data.words.all : data.words.some, { shown: fitting.length, number: order.length });
    draw(false);
  };
  const turn = (by) => {
    start = Math.max(0, start + by);
    draw(false);
    // At an end the button that was pressed can no longer hold the focus.
    if (next.disabled) previous.focus();
    if (previous.disabled) next.focus();
    table.scrollIntoView({ block: "start" });
  };

  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.dataset.name = heading.textContent;
    button.addEventListener("click", () => sort(column));
    heading.replaceChildren(button);
  });
  for (const link of document.querySelectorAll("[data-pick]")) {
    link.addEventListener("click", () => { find.value = ""; only.value = link.dataset.pick; filter(); });
  }
  find.addEventListener("input", filter);
  only.addEventListener("change", filter);
  previous.addEventListener("click", () => turn(-data.size));
  next.addEventListener("click", () => turn(data.size));
  addEventListener("beforeprint", () => draw(true));
  addEventListener("afterprint", () => draw(false));
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.hidden = false;
  filter();
})();
