/* The panel beside the map, and what is said of a name. */
function text(tag, content, parent, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = content;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
  return made;
}

function button(content, parent, onclick, attributes = {}) {
  const made = text("button", content, parent, { type: "button", ...attributes });
  made.onclick = onclick;
  return made;
}

function facts(at) {
  const count = data.counts ? [plural(data.counts[at], data.counted)] : [];
  return [...count, ...(data.groups.length ? [data.groups[data.group[at]]] : [])].join(" · ");
}

function dot(group, parent) {
  text("i", "", parent, { class: "dot" }).style.background = data.colours[group];
}

/* The panel: a name and what is nearest to it, or what is drawn; and what the colours mean. */
function tell() {
  const panel = element("panel");
  panel.replaceChildren();
  if (word >= 0) {
    const top = text("div", "", panel, { class: "top" });
    text("h1", data.names[word], top);
    button("×", top, () => select(-1), { "aria-label": "Back to the map", title: "Back ( Esc )" });
    text("p", facts(word), panel);
    button(marked.has(word) ? "Highlighted" : "Highlight", panel, () => toggle(word),
      { id: "mark", "aria-pressed": marked.has(word) });
    const list = text("ol", "", panel, { "aria-label": "Nearest, with their cosines" });
    data.near[word].forEach((at, rank) => {
      const row = text("li", "", list);
      if (at < data.names.length) button(nameOf(at), row, () => find(at));
      else text("span", nameOf(at), row, { title: "not on the map" });
      text("b", data.cosines[word][rank].toFixed(4), row);
    });
  } else {
    text("h1", data.title, panel);
    text("p", data.about, panel);
    text("p", "Click a name for those nearest to it; with Shift it is highlighted.", panel,
      { class: "help" });
  }
  if (data.groups.length) {
    const list = text("ul", "", panel, { "aria-label": "Colours" });
    data.groups.forEach((name, group) => {
      const made = button("", text("li", "", list), () => light(group), { "aria-pressed": group === lit });
      dot(group, made);
      text("span", name, made);
    });
  }
  const list = element("marked");
  list.replaceChildren();
  for (const at of marked) button(`${data.names[at]} ×`, text("li", "", list), () => toggle(at),
    { "aria-label": `Do not highlight ${data.names[at]}`, title: data.names[at] });
}
