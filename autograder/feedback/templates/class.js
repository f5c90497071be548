"use strict";
// Sorting and finding in the table of students. Without this script it is a plain table.
(() => {
  const table = document.getElementById("class");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const headings = Array.from(table.tHead.rows[0].cells);
  const tools = document.getElementById("tools");
  const find = document.getElementById("find");
  const only = document.getElementById("only");
  const shown = document.getElementById("shown");
  const FIRST_ANSWER = 5;
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const haystack = new Map(rows.map((row) => [row, (row.cells[0].textContent + "\n" + row.dataset.f).toLowerCase()]));

  const value = (row, column, isNumber) => {
    const cell = row.cells[column];
    const text = cell.dataset.v || cell.textContent.trim();
    if (!isNumber) return text;
    const number = parseFloat(text.replaceAll(",", ""));
    return Number.isNaN(number) ? -1 : number;
  };

  const sort = (column) => {
    const heading = headings[column];
    const isNumber = heading.classList.contains("number");
    const before = heading.getAttribute("aria-sort");
    // Of numbers the highest come first, of words the first of the alphabet; a second press turns it round.
    const descending = before ? before === "ascending" : isNumber;
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const keys = new Map(rows.map((row) => [row, value(row, column, isNumber)]));
    const sign = descending ? -1 : 1;
    rows.sort((a, b) => {
      const x = keys.get(a);
      const y = keys.get(b);
      return sign * (isNumber ? x - y : names.compare(x, y));
    });
    body.append(...rows);
  };

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const [column, state] = only.value.split(":");
    let number = 0;
    for (const row of rows) {
      const text = haystack.get(row);
      const about = column === "s" ? row : column ? row.cells[FIRST_ANSWER + Number(column)] : null;
      const fits = words.every((word) => text.includes(word)) && (!about || about.dataset.s === state);
      row.hidden = !fits;
      number += fits ? 1 : 0;
    }
    shown.value = number === rows.length
      ? `${number.toLocaleString("en")} students`
      : `${number.toLocaleString("en")} of ${rows.length.toLocaleString("en")} students`;
  };

  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sort(column));
    heading.replaceChildren(button);
  });
  find.addEventListener("input", filter);
  only.addEventListener("change", filter);
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.hidden = false;
  filter();
})();
