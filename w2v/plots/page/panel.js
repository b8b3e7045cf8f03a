/* The panel beside the map. */

/* The count and the group of a name, as text. */
function facts(at) {
  const count = data.counts ? [plural(data.counts[at], data.counted)] : [];
  return [...count, ...(data.groups.length ? [data.groups[data.group[at]]] : [])].join(" · ");
}

/* Fill the panel: the selected name with its nearest neighbours, or else the title and a hint; then the
   groups with their colours. Also list the highlighted names in the header. */
function showPanel() {
  const panel = element("panel");
  panel.replaceChildren();
  if (selected >= 0) {
    const top = text("div", "", panel, { class: "top" });
    text("h1", data.names[selected], top);
    button("×", top, () => select(-1), { "aria-label": "Clear the selection", title: "Clear the selection ( Esc )" });
    text("p", facts(selected), panel);
    button(marked.has(selected) ? "Highlighted" : "Highlight", panel, () => toggle(selected),
      { id: "mark", "aria-pressed": marked.has(selected) });
    const list = text("ol", "", panel, { "aria-label": "Nearest neighbours with cosine similarity" });
    data.near[selected].forEach((at, rank) => {
      const row = text("li", "", list);
      if (at < data.names.length) button(nameOf(at), row, () => find(at));
      else text("span", nameOf(at), row, { title: "This name is not on the map" });
      text("b", data.cosines[selected][rank].toFixed(4), row);
    });
  } else {
    text("h1", data.title, panel);
    text("p", data.about, panel);
    text("p", "Click a name to list its nearest neighbours. Shift-click a name to highlight it.", panel,
      { class: "help" });
  }
  if (data.groups.length) {
    const list = text("ul", "", panel, { "aria-label": "Groups and their colours" });
    data.groups.forEach((name, group) => {
      const made = button("", text("li", "", list), () => toggleGroup(group), { "aria-pressed": group === activeGroup });
      dot(group, made);
      text("span", name, made);
    });
  }
  const list = element("marked");
  list.replaceChildren();
  for (const at of marked) button(`${data.names[at]} ×`, text("li", "", list), () => toggle(at),
    { "aria-label": `Remove the highlight of ${data.names[at]}`, title: data.names[at] });
}
