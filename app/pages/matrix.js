/* The matrix: one tab stop, arrow keys between cells, a cell opens the list of what is in it. */
(() => {
  const { matrix, listing: table, sections } = TIELINE;
  const buttons = [...document.querySelectorAll("#matrix .cell")];
  const wide = matrix.columns.length;
  const metric = document.getElementById("metric");
  let current = 0;

  function cellOf(button) {
    return matrix.cells[Number(button.dataset.row)][Number(button.dataset.column)];
  }
  function named(button) {
    return matrix.rows[Number(button.dataset.row)] + " × " + matrix.columns[Number(button.dataset.column)];
  }
  function stop(place, focus) {
    if (!buttons.length) return;
    buttons[current].tabIndex = -1;
    current = Math.max(0, Math.min(buttons.length - 1, place));
    buttons[current].tabIndex = 0;
    if (focus) buttons[current].focus();
  }
  function measure() {
    const m = metric ? Number(metric.value) : 0;
    for (const button of buttons) {
      const { text, level } = cellOf(button).shown[m];
      button.textContent = text;
      button.className = "cell q" + level;
      button.setAttribute("aria-label", named(button) + ": " + (text === "–" ? "no" : text) + " " + matrix.metrics[m]);
    }
  }
  function open(button) {
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    const cell = cellOf(button);
    document.getElementById("drill-title").textContent = named(button);
    document.getElementById("drill-status").textContent = cell.note || "";
    const rows = cell.rows.map((i) => table.rows[i]);
    const place = document.getElementById("drill-table");
    if (rows.length) listing(place, table.columns, rows, named(button));
    else place.replaceChildren();
    document.getElementById("drill").scrollIntoView({ block: "nearest" });
  }
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide };
  buttons.forEach((button, place) => {
    button.addEventListener("click", () => { stop(place, false); open(button); });
    button.addEventListener("keydown", (event) => {
      const row = Math.floor(place / wide) * wide;
      let next = event.key in steps ? place + steps[event.key] : null;
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
        next = Math.max(row, Math.min(row + wide - 1, next));
      }
      if (event.key === "Home") next = row;
      if (event.key === "End") next = row + wide - 1;
      if (next === null || next < 0 || next >= buttons.length) return;
      event.preventDefault();
      stop(next, true);
    });
  });
  if (metric) metric.addEventListener("change", measure);
  stop(0, false);
  for (const place of document.querySelectorAll(".listing")) {
    const section = sections[Number(place.dataset.list)];
    listing(place, section.columns, section.rows, section.title);
  }
})();
