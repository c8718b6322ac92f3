"use strict";
const root = document.documentElement;

function speak(language) {
  root.dataset.language = language;
  root.lang = language;
}
speak((navigator.language || "en").startsWith("zh") ? "zh" : "en");

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed) return;
  if (pressed.dataset.language) speak(pressed.dataset.language);
  if ("theme" in pressed.dataset) root.dataset.theme = isDark() ? "light" : "dark";
  if (pressed.closest("thead")) sort(pressed.closest("th"));
  if (pressed.dataset.line) showAlone(pressed);
  if (pressed.classList.contains("film")) play(pressed);
  if ("playAll" in pressed.dataset) playAll(pressed);
});

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/* Rows by what a column says: numbers by their data-value, words by the alphabet; what is empty comes last. */
function sort(head) {
  const column = [...head.parentNode.children].indexOf(head);
  const rising = head.getAttribute("aria-sort") === "descending" || !head.hasAttribute("aria-sort") && !head.classList.contains("number");
  for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const body = head.closest("table").tBodies[0];
  const keyed = [...body.rows].map((row) => [row.cells[column].dataset.value ?? row.cells[column].innerText.trim(), row]);
  const isNumber = keyed.every(([key]) => key === "" || !isNaN(key));
  keyed.sort(([a], [b]) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    const order = isNumber ? a - b : a.localeCompare(b);
    return rising ? order : -order;
  });
  body.append(...keyed.map(([, row]) => row));
}

/* One curve of a chart alone, or all again. */
function showAlone(pressed) {
  const chosen = pressed.getAttribute("aria-pressed") !== "true";
  const figure = pressed.closest("figure");
  for (const other of figure.querySelectorAll("button[data-line]")) other.setAttribute("aria-pressed", chosen && other === pressed);
  const chart = figure.querySelector("svg");
  chart.classList.toggle("alone", chosen);
  for (const line of chart.querySelectorAll("g[data-line]")) line.classList.toggle("chosen", line.dataset.line === pressed.dataset.line);
}

/* A film is its frames side by side, of which one is seen. It ends with the last, and begins again after a while. */
function play(film, playing = film.getAttribute("aria-pressed") !== "true") {
  clearInterval(film.clock);
  film.setAttribute("aria-pressed", playing);
  const frames = Number(film.style.getPropertyValue("--frames"));
  const show = (frame) => film.style.setProperty("--at", Math.min(frame, frames - 1));
  if (!playing) return show(frames - 1);
  let frame = 0;
  show(0);
  film.clock = setInterval(() => show(frame = (frame + 1) % (frames + 4)), 220);
}

function playAll(pressed) {
  const films = [...pressed.closest("section").querySelectorAll(".film")];
  const playing = films.some((film) => film.getAttribute("aria-pressed") !== "true");
  pressed.setAttribute("aria-pressed", playing);
  for (const film of films) play(film, playing);
}

/* Printed, everything is open. */
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => (part.open = true)));
