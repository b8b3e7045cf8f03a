/* The page of LSA: the choice of the axes, selecting, what the address holds, and what can be searched. */
const ACROSS = ["across", "up"]; // where the topic of an axis lies
const FIRST = [0, topics.length > 1 ? 1 : -1]; // the axes at the start

element("search").placeholder = "Find any name  ( / )";
element("search").setAttribute("aria-label", "Find a word, a document or a topic");
element("found").setAttribute("aria-label", "Matching words, documents and topics");
element("map").setAttribute("aria-label", "Map of words and documents. Arrow keys select the next topic, plus and "
  + "minus zoom, 0 shows the whole map.");
element("map").classList.add("biplot");

if (data.groups.length) for (const name of ["--word", "--document"])
  document.documentElement.style.setProperty(name, "var(--faint)"); // documents have the colours of their values

/* The fields above the map in which the reader chooses the topics of the axes. */
const chooser = text("div", "", element("map"), { id: "axes" });
const fields = ACROSS.slice(0, Math.min(2, topics.length)).map((direction, n) => {
  const field = text("select", "", text("label", `${"→↑"[n]} `, chooser), { "aria-label": `The topic ${direction}` });
  topics.forEach(each => text("option", "", field, { value: each }));
  field.onchange = () => {
    const chosen = Number(field.value);
    look(chosen === axes[1 - n] ? [axes[1], axes[0]] : axes.map((each, at) => at === n ? chosen : each));
  };
  return field;
});

/* Buttons that show or hide the words and the documents; they tell their marks. */
const legend = text("div", "", element("map"), { id: "kinds" });
["words", "documents"].forEach((kind, n) => {
  const made = button("", legend, () => {
    isShown[n] = !isShown[n];
    made.setAttribute("aria-pressed", isShown[n]);
    drawMap();
  }, { "aria-pressed": true, title: `Show or hide the ${kind}` });
  text("i", "", made, { class: `dot ${kind}` });
  made.append(kind);
});

function renamed() {
  for (const field of fields)
    [...field.options].forEach((option, each) => { option.textContent = label(each, 2); });
  drawMap();
}

/* Show the plane of two topics. */
function look(pair) {
  axes = pair;
  arrange();
  show();
}

function show() {
  hovered = -1;
  fields.forEach((field, n) => { field.value = axes[n]; });
  showPanel();
  drawMap();
  remember();
  element("said").textContent = topic >= 0 ? `Topic ${topic}: ${summary(topic)}` : item >= 0
    ? `${items[item]}: near ${near.slice(0, 5).map(at => items[at]).join(", ")}` : "";
}

/* The plane of a topic and the next one; of the last topic, the one before. */
const planeOf = each => each < 0 || topics.length < 2 ? FIRST : [each, each + 1 < topics.length ? each + 1 : each - 1];

/* Select a topic, and show its plane; -1: select nothing. */
function select(at) {
  [topic, item] = [at, -1];
  if (at >= 0) look(planeOf(at));
  else show();
}

/* Select a word or document of the map; -1: select nothing. */
function choose(at) {
  [topic, item] = [-1, at];
  show();
}

function clear() {
  select(-1);
}

/* What the address holds. A name may belong to a word and to a document. */
function state() {
  const state = new URLSearchParams(), usual = planeOf(topic);
  if (topic >= 0) state.set("topic", topic);
  if (item >= 0) state.set(isDocument(item) ? "document" : "word", items[item]);
  if (axes.some((each, n) => each !== usual[n])) ["x", "y"].forEach((name, n) => state.set(name, axes[n]));
  return state;
}

function recall() {
  const state = new URLSearchParams(location.hash.slice(1));
  const numberOf = name => topics.indexOf(Number(state.get(name) ?? -1));
  const within = (name, [begin, end]) => {
    const at = state.has(name) ? items.slice(begin, end).indexOf(state.get(name)) : -1;
    return at < 0 ? -1 : begin + at;
  };
  topic = numberOf("topic");
  item = topic >= 0 ? -1 : Math.max(within("word", ranges[0]), within("document", ranges[1]));
  const pair = [numberOf("x"), numberOf("y")];
  look(pair.every(each => each >= 0) && pair[0] !== pair[1] ? pair : planeOf(topic));
}

/* Topics are found by their names and numbers, words and documents by a part of their names. */
const searched = {
  none: "No word, document or topic on this page matches.",
  names: () => [...topics.map(each => names[each] || `Topic ${each}`), ...items.slice(0, points)],
  fill(row, found) {
    const at = found - topics.length;
    text("span", at < 0 ? `Topic ${label(found, 2)}` : items[at], row);
    text("small", at < 0 ? percent(data.sizes[found], 2) : isDocument(at) ? "document"
      : data.counts[at].toLocaleString("en"), row);
  },
  take(found) {
    if (found < topics.length) select(found);
    else choose(found - topics.length);
  },
};

const isSelected = () => topic >= 0 || item >= 0;
const middle = () => item >= 0 ? plane.pixel(item) : [];
renamed();
