/* The committee chart: one tab stop, arrow keys to the nearest person, Enter shows them. */
(() => {
  const { members, lines, deals, words } = TIELINE;
  const nodes = [...document.querySelectorAll("#chart .node")];
  const panel = document.getElementById("panel");
  const role = document.getElementById("role");
  const names = Object.fromEntries(members.map((m) => [m.person, m.name]));
  let current = 0;

  function spoken(word) { return word ? words[word] || word : ""; }

  function stop(place, focus) {
    nodes[current].setAttribute("tabindex", "-1");
    current = place;
    nodes[current].setAttribute("tabindex", "0");
    if (focus) nodes[current].focus();
  }
  function facts(member) {
    const said = lines.filter((l) => l.kind !== "reports" && (l.from === member.person || l.to === member.person));
    return [
      ["Title", member.title], ["Department", member.department], ["E-mail", member.email],
      ["Roles", member.roles.map(spoken).join(", ")], ["Support", spoken(member.support)],
      ["Coverage", spoken(member.coverage)], ["Influence", spoken(member.influence)],
      ["Reports to", names[member.reports_to] || ""], ["Approach", member.approach],
      ...said.map((l) => [spoken(l.kind), l.from === member.person ? "→ " + names[l.to] : "← " + names[l.from]]),
      ["Tags", member.tags.join(", ")], ["Elsewhere", member.elsewhere],
      ["Known since", member.date ? member.date + " (" + member.age + " days)" : "no date"],
      ["Confidence", member.confidence === null ? "" : Math.round(member.confidence * 100) + " %"],
      ["Source", member.sources.join(", ")],
      ["In their own words", member.words.flatMap((w) => Object.entries(w.words)
        .map(([vendor, word]) => vendor + ": " + word)).join("; ")],
    ].filter(([, value]) => value);
  }
  function show(node) {
    for (const other of nodes) other.setAttribute("aria-pressed", String(other === node));
    const member = members[Number(node.dataset.place)];
    const list = make("dl");
    for (const [name, value] of facts(member)) {
      const said = make("dd", {}, make("bdi", { textContent: value }));
      list.append(make("div", {}, make("dt", { textContent: name }), said));
    }
    const head = make("h3", {}, make("bdi", { textContent: member.name }));
    panel.replaceChildren(head, list);
    node.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  function nearest(from, key) {
    const x = Number(from.dataset.x), y = Number(from.dataset.y);
    let best = null, least = Infinity;
    nodes.forEach((node, place) => {
      const dx = Number(node.dataset.x) - x, dy = Number(node.dataset.y) - y;
      const ahead = { ArrowRight: dx, ArrowLeft: -dx, ArrowDown: dy, ArrowUp: -dy }[key];
      if (!(ahead > 0)) return;
      const aside = key === "ArrowRight" || key === "ArrowLeft" ? Math.abs(dy) : Math.abs(dx);
      const far = ahead + 2 * aside;
      if (far < least) { least = far; best = place; }
    });
    return best;
  }
  nodes.forEach((node, place) => {
    node.addEventListener("click", () => { stop(place, true); show(node); });
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(node); return; }
      let next = null;
      if (event.key.startsWith("Arrow")) next = nearest(node, event.key);
      if (event.key === "Home") next = 0;
      if (event.key === "End") next = nodes.length - 1;
      if (next === null) return;
      event.preventDefault();
      stop(next, true);
    });
  });
  for (const toggle of document.querySelectorAll(".toggle")) {
    toggle.addEventListener("click", () => {
      const on = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", String(on));
      for (const line of document.querySelectorAll(".line." + toggle.dataset.kind)) {
        line.classList.toggle("off", !on);
      }
    });
  }
  if (role) role.addEventListener("change", () => {
    for (const node of nodes) {
      const has = members[Number(node.dataset.place)].roles.includes(role.value);
      node.classList.toggle("dim", Boolean(role.value) && !has);
    }
  });
  if (nodes.length) stop(0, false);
  listing(document.getElementById("deals-table"), deals.columns, deals.rows, "opportunities");
})();
