"use strict";
// Keys for the page on which answers are read. Without this script it is a plain form.
(() => {
  const form = document.querySelector(".judge");
  const score = document.getElementById("score");
  const reason = document.getElementById("reason");
  const alike = form.querySelector("[name=alike]");
  const levels = Array.from(form.querySelectorAll("[data-points]"));

  const figure = (text) => Number(text.replace(",", "."));
  const press = () => {
    for (const level of levels) {
      const same = score.value !== "" && figure(score.value) === figure(level.dataset.points);
      level.setAttribute("aria-pressed", String(same));
    }
  };
  const say = (text) => {
    if (!reason.value.includes(text)) reason.value = reason.value.trim() ? `${reason.value.trimEnd()}\n${text}` : text;
  };
  const follow = (id) => {
    const link = document.getElementById(id);
    if (link) link.click();
  };
  const save = () => form.requestSubmit(form.querySelector(".save"));
  const acts = {
    j: () => follow("after"),
    k: () => follow("before"),
    u: () => follow("last"),
    c: () => reason.focus(),
    n: () => { const who = document.getElementById("who"); who.open = !who.open; },
    e: () => { if (alike) alike.checked = !alike.checked; },
    Enter: save,
  };

  for (const level of levels) {
    level.addEventListener("click", () => { score.value = level.dataset.points; press(); });
    acts[level.dataset.key] = () => level.click();
  }
  for (const comment of form.querySelectorAll("[data-comment]")) {
    comment.addEventListener("click", () => say(comment.dataset.comment));
    acts[comment.dataset.key] = () => comment.click();
  }
  score.addEventListener("input", press);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save();
      return;
    }
    if (event.key === "Escape") document.activeElement.blur();
    const busy = event.target.closest("input, textarea, button, a, summary, select");
    if (event.ctrlKey || event.metaKey || event.altKey || (busy && (event.key === "Enter" || busy.matches("input[type=text], textarea")))) return;
    if (Object.hasOwn(acts, event.key)) {
      event.preventDefault();
      acts[event.key]();
    }
  });
  press();
})();
