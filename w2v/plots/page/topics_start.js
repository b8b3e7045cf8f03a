/* Selecting topics and words, the page's address, and the keys. */
function show() {
  hovered = -1;
  showPanel();
  drawMap();
  remember();
  element("all").disabled = topic < 0 && word < 0;
  element("said").textContent = topic >= 0 ? `Topic ${topic}: ${startWords[topic].join(" ")}` : word >= 0
    ? `${data.words[word]}: ` + topicsOf(word).map(([each, share]) => `topic ${each} ${percent(share, 0)}`).join(", ") : "";
}

/* Select a topic; -1: select nothing. */
function select(at) {
  [topic, word] = [at, -1];
  show();
}

function selectWord(at) {
  [topic, word] = [-1, at];
  show();
}

function clear() {
  select(-1);
}

/* Select the topic after or before the selected one, in the order of their sizes. */
function step(by) {
  const at = data.order.indexOf(topic), count = topics.length;
  select(data.order[topic < 0 ? (by > 0 ? 0 : count - 1) : (at + by + count) % count]);
}

/* Keep what is selected in the page's address, so that a link or a bookmark restores it. */
let remembered = "";
function remember() {
  const state = new URLSearchParams();
  if (topic >= 0) state.set("topic", topic);
  if (word >= 0) state.set("word", data.words[word]);
  if (lambda !== 0.6) state.set("lambda", lambda);
  remembered = `#${state}`;
  history.replaceState(null, "", remembered);
}

function recall() {
  const state = new URLSearchParams(location.hash.slice(1));
  const number = Number(state.get("topic") ?? -1), weight = Number(state.get("lambda") ?? 0.6);
  topic = topics.includes(number) ? number : -1;
  word = topic < 0 && state.has("word") ? data.words.indexOf(state.get("word")) : -1;
  lambda = weight >= 0 && weight <= 1 ? weight : 0.6;
  show();
}

/* Topics are found by their names and numbers, and words by a part of them. */
const searched = {
  none: "No word or topic matches.",
  names: () => [...topics.map(each => names[each] || `Topic ${each}`), ...data.words],
  fill(row, at) {
    const isTopic = at < topics.length;
    text("span", isTopic ? `Topic ${label(at)}` : data.words[at - topics.length], row);
    text("small", isTopic ? percent(data.sizes[at]) : data.counts[at - topics.length].toLocaleString("en"), row);
  },
  take(at) {
    if (at < topics.length) select(at);
    else selectWord(at - topics.length);
  },
};

function whole() {
  plane.all();
  drawMap();
}

/* Zoom around the selected topic, or else around the middle. */
function zoom(factor) {
  if (topic >= 0) plane.zoomAt(factor, ...circles[topic]);
  else plane.zoomAt(factor);
}

element("previous").onclick = () => step(-1);
element("next").onclick = () => step(1);
element("all").onclick = clear;
element("in").onclick = () => zoom(1.5);
element("out").onclick = () => zoom(1 / 1.5);
element("whole").onclick = whole;
addEventListener("keydown", event => {
  if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
  const inPanel = element("panel").contains(event.target);
  const by = { ArrowRight: 1, ArrowLeft: -1, ...(inPanel ? {} : { ArrowDown: 1, ArrowUp: -1 }) }[event.key];
  if (event.key === "/") element("search").focus();
  else if (event.key === "Escape" && (topic >= 0 || word >= 0)) clear();
  else if (event.key === "0") whole();
  else if ("+=-".includes(event.key)) zoom(event.key === "-" ? 1 / 1.5 : 1.5);
  else if (by) step(by);
  else return;
  event.preventDefault();
});
addEventListener("hashchange", () => { if (location.hash !== remembered) recall(); });
new ResizeObserver(drawMap).observe(element("map"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawMap);
recall();
