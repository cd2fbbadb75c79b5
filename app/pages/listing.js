"use strict";
/* Tables that can be searched and sorted; every value is set as text, never as markup. */
const TIELINE = JSON.parse(document.getElementById("data").textContent);
const PAGE = 50;

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  for (const child of children) element.append(child);
  return element;
}

function shown(value) {
  if (Array.isArray(value)) return value[0]; /* text, and what it is sorted by */
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return value.toLocaleString("en-US");
  return String(value);
}

function compare(first, second) {
  const [a, b] = [first, second].map((x) => (Array.isArray(x) ? (x[0] ? x[1] : "") : x));
  const blank = (x) => x === null || x === undefined || x === "";
  if (blank(a) || blank(b)) return blank(a) - blank(b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en");
}

function listing(place, columns, rows, name) {
  let sorted = rows.slice(), order = null, most = PAGE, words = "";
  const body = make("tbody"), head = make("tr");
  const status = make("p", { className: "hint" });
  status.setAttribute("role", "status");
  const more = make("button", { type: "button", className: "more", textContent: "Show more" });
  const search = make("input", { type: "search", placeholder: "Search" });
  search.setAttribute("aria-label", "Search in " + name);

  function matching() {
    if (!words) return sorted;
    return sorted.filter((row) => row.some((cell) => shown(cell).toLowerCase().includes(words)));
  }
  function draw() {
    const found = matching();
    body.replaceChildren(...found.slice(0, most).map((row) => make("tr", {}, ...row.map((cell, i) => {
      const box = make("td", { className: columns[i].kind });
      box.append(make("bdi", { textContent: shown(cell) }));
      return box;
    }))));
    status.textContent = found.length.toLocaleString("en-US") + " of " +
      rows.length.toLocaleString("en-US") + (found.length > most ? ", the first " + most : "");
    more.hidden = found.length <= most;
  }
  columns.forEach((column, i) => {
    const button = make("button", { type: "button", className: "sort", textContent: column.name });
    const th = make("th", { className: column.kind, scope: "col" }, button);
    button.addEventListener("click", () => {
      const down = order && order[0] === i && order[1] === 1;
      order = [i, down ? -1 : 1];
      sorted.sort((a, b) => compare(a[i], b[i]) * order[1]);
      for (const other of head.children) other.removeAttribute("aria-sort");
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      draw();
    });
    head.append(th);
  });
  search.addEventListener("input", () => { words = search.value.trim().toLowerCase(); draw(); });
  more.addEventListener("click", () => { most += PAGE; draw(); });
  const table = make("table", {}, make("thead", {}, head), body);
  place.replaceChildren(make("div", { className: "bar" }, search, status),
    make("div", { className: "wide" }, table), more);
  draw();
}
