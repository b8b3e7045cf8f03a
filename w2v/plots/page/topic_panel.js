/* The panel beside the map: all topics, a topic, or a word. */
const ORDERS = ["rare elsewhere", "frequent here"]; // the ends of the slider

function showTopics(panel) {
  text("h1", data.title, panel);
  const share = percent(data.variance, 0);
  const earlier = data.earlierTokens ? `, and ${plural(data.earlierTokens, "word")} of earlier documents` : "";
  text("p", `${plural(topics.length, "topic")} of ${plural(data.allDocuments, "document")} with `
    + `${plural(data.allTokens - data.earlierTokens, "word")}${earlier}. The area of a circle is the topic's share of all words. Topics that `
    + `use similar words are near each other, as far as a plane can show it: it shows ${share} of the differences.`, panel);
  const seen = data.by ? `words, its documents, and its shares by ${data.by.name}` : "words and documents";
  text("p", `Select a topic to see its ${seen}. Find a word to see its topics.`, panel);
  const list = text("ol", "", panel, { "aria-label": "Topics with their shares of all words", class: "topics" });
  const largest = Math.max(...data.sizes);
  for (const each of data.order) topicLine(list, each, data.sizes[each], largest, names[each] ? 0 : TOP_WORDS);
}

function showTopic(panel) {
  topicHead(panel, topic);
  const npmi = data.npmi[topic];
  text("p", `${percent(data.sizes[topic])} of all words` + (npmi === undefined || npmi === null ? ""
    : `. Coherence ${npmi.toFixed(2)}: from −1 to 1, high if its words often occur together`) + ".", panel);
  const slider = text("div", "", panel, { class: "slider" });
  text("span", ORDERS[0], slider);
  const range = text("input", "", slider, { type: "range", id: "lambda", min: 0, max: 1, step: 1 / data.steps,
    "aria-label": `Order of the words, from ${ORDERS[0]} to ${ORDERS[1]}`,
    title: "λ: the relevance of Sievert and Shirley 2014" });
  text("span", ORDERS[1], slider);
  range.value = lambda;
  range.oninput = () => {
    lambda = Number(range.value);
    listWords();
    remember();
  };
  const legend = text("p", "", panel, { class: "legend" });
  text("i", "", legend, { class: "in" });
  legend.append("in this topic ");
  text("i", "", legend, { class: "of" });
  legend.append("in all documents");
  text("output", "", legend);
  text("ol", "", panel, { id: "words",
    "aria-label": "Words with how often they are in this topic, and in all documents" });
  listWords();
}

/* List the words of the topic in the order of the slider. */
function listWords() {
  const list = element("words"), { words, tokens } = data.topics[topic], order = ranked(topic);
  document.querySelector("#panel output").textContent = `λ = ${lambda.toFixed(2)}`;
  element("lambda").setAttribute("aria-valuetext", `${percent(lambda, 0)} ${ORDERS[1]}`);
  const most = Math.max(...order.map(at => data.counts[words[at]]), 1);
  list.replaceChildren();
  for (const at of order) {
    const each = words[at], row = text("li", "", list, { class: "line" });
    const count = data.counts[each], here = Math.min(tokens[at], count);
    button(data.words[each], row, () => selectWord(each));
    bar(row, here / most, count / most);
    text("small", `${here.toLocaleString("en")} of ${count.toLocaleString("en")}`, row);
    row.onpointerenter = () => { hovered = each, drawMap(); };
    row.onpointerleave = () => { hovered = -1, drawMap(); };
  }
}

function showWord(panel) {
  const top = text("div", "", panel, { class: "top" }), found = topicsOf(word);
  text("h1", data.words[word], top);
  closeButton(top);
  text("p", `This word occurs ${plural(data.counts[word], "time")}. The topics that it is in, with their `
    + "shares of these times; the area of a circle shows the same:", panel);
  const list = text("ol", "", panel, { id: "of-word", class: "topics",
    "aria-label": "Topics of this word, with their shares of it" });
  for (const [each, share] of found) topicLine(list, each, share, found[0][1], 4);
  const rest = 1 - found.reduce((sum, [, share]) => sum + share, 0);
  if (rest > 0.005) text("p", `Other topics: ${percent(rest)}.`, panel);
}

function showDocuments(panel) {
  text("h2", "Documents with most of this topic", panel);
  const list = text("ol", "", panel, { id: "documents", class: "documents" });
  data.documents[topic].forEach((each, rank) => {
    const row = text("li", "", list), head = text("div", "", row);
    text("b", data.ids[each], head);
    text("small", `${percent(data.documentShares[topic][rank], 0)} of ${plural(data.lengths[each], "word")}`, head);
    if (data.beginnings[each]) text("div", data.beginnings[each], row, { class: "beginning" });
  });
  if (!data.documents[topic].length) text("p", "No document has this topic.", panel);
  else if (!data.beginnings.some(Boolean)) text("p", "To read how documents begin, name their files after the "
    + "model: w2v topics MODEL CORPUS -o FILE.", panel);
}

/* Fill the panel for what is selected. */
function showPanel() {
  const [chosen, more] = [element("chosen"), element("more")];
  chosen.replaceChildren();
  more.replaceChildren();
  if (topic >= 0) showTopic(chosen);
  else if (word >= 0) showWord(chosen);
  else showTopics(chosen);
  if (data.by && word < 0) showShares(more);
  if (topic >= 0) showDocuments(more);
  more.hidden = !more.children.length;
  element("panel").scrollTop = chosen.scrollTop = more.scrollTop = 0;
}
