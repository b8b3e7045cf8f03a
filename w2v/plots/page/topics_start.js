/* Selecting topics and words, what the page's address holds, and what can be searched. */
function show() {
  hovered = -1;
  showPanel();
  drawMap();
  remember();
  element("said").textContent = topic >= 0 ? `Topic ${topic}: ${summary(topic)}` : word >= 0
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

/* What the address holds. */
function state() {
  const state = new URLSearchParams();
  if (topic >= 0) state.set("topic", topic);
  if (word >= 0) state.set("word", data.words[word]);
  if (lambda !== 0.6) state.set("lambda", lambda);
  return state;
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

const renamed = () => drawMap();
const isSelected = () => topic >= 0 || word >= 0;
const middle = () => topic >= 0 ? circles[topic].slice(0, 2) : [];
