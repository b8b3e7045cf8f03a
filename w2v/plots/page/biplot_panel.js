/* The panel beside the map of an LSA: all topics, a topic with its two ends, or a word or document. */
const OF_ITEM = 6; // topics that are listed for a word or document
const ENDS = ["Positive end", "Negative end"];
const signed = (value, digits) => value.toFixed(digits).replace("-", "−");
const explained = data.explains ? "of the squared norm" : "of the squared singular values";

function showTopics(panel) {
  text("h1", data.title, panel);
  const of = `${plural(data.allDocuments, "document")} and ${plural(data.allWords, "word")}`;
  text("p", `${plural(data.allTopics, "topic")} of ${of}`
    + (data.explains ? `, which explain${data.allTopics === 1 ? "s" : ""} ${percent(data.explains)} of the squared norm` : "") + "."
    + (topics.length < data.allTopics ? ` The page has the first ${topics.length} of them.` : ""), panel);
  const help = text("details", "", panel, innerWidth > 700 ? { open: "" } : {});
  text("summary", "How to read the map", help);
  text("p", `The map has ${plural(wordPoints, "word")} and ${plural(points - wordPoints, "document")}, chosen for the `
    + "length of their vectors and as ends of topics. A word that lies in the direction of a document, far from the "
    + "middle, has a high weight in it, as far as two topics can show it. At a right angle the weight is near "
    + "zero, and in the opposite direction it is negative.", help);
  text("p", "Select a topic to see its two ends. Select a word or document to see what is near it.", help);
  if (data.groups.length) showGroups(panel);
  const list = text("ol", "", panel, { "aria-label": `Topics with their shares ${explained}`, class: "topics" });
  const largest = Math.max(...data.sizes);
  for (const each of data.order) topicLine(list, each, data.sizes[each], largest, names[each] ? 0 : END_WORDS);
}

/* A line for a word in a list, with a number and its share of the largest one. */
function wordLine(list, at, share, number) {
  const row = text("li", "", list, { class: "line" });
  nameIn(row, at, "span");
  bar(row, share);
  text("small", number, row);
}

/* Entries for a document in a list: its name, a number and its beginning. */
function documentLine(list, at, number) {
  const row = text("li", "", list), head = text("div", "", row);
  const name = nameIn(head, at, "b");
  if (data.groups.length && at < points) name.prepend(dot(data.group[at - wordPoints], name));
  text("small", number, head);
  const beginning = data.beginnings[at - wordPoints];
  if (beginning) text("div", beginning, row, { class: "beginning" });
}

/* The name of an item: a button if it is on the map. The map shows it while the pointer is on its line. */
function nameIn(parent, at, tag) {
  if (at >= points) return text(tag, items[at], parent, { title: "Not on the map" });
  parent.onpointerenter = () => { hovered = at, drawMap(); };
  parent.onpointerleave = () => { hovered = -1, drawMap(); };
  return button(items[at], parent, () => choose(at), { title: facts(at) });
}

function showTopic(panel) {
  topicHead(panel, topic);
  text("p", `${percent(data.sizes[topic], 2)} ${explained}. Which end is positive has no meaning.`, panel);
  const both = text("div", "", panel, { class: "ends" }), { words } = data.ends[topic];
  const most = Math.max(...words.flatMap(([, weights]) => weights.map(Math.abs)), 1e-9);
  words.forEach(([found, weights], end) => {
    const part = text("div", "", both, { class: end ? "negative" : "positive" });
    text("h2", `${ENDS[end]}: words`, part);
    const list = text("ol", "", part, { class: "words", "aria-label": `${ENDS[end]}: words with their weights` });
    found.forEach((at, rank) => wordLine(list, at, Math.abs(weights[rank]) / most, signed(weights[rank], 3)));
    if (!found.length) text("p", "No word has a weight on this side.", part);
  });
}

function showDocuments(panel) {
  const both = text("div", "", panel, { class: "ends" });
  data.ends[topic].documents.forEach(([found, weights], end) => {
    const part = text("div", "", both, { class: end ? "negative" : "positive" });
    text("h2", `${ENDS[end]}: documents`, part);
    const list = text("ol", "", part, { class: "documents" });
    found.forEach((at, rank) => documentLine(list, at, signed(weights[rank], 3)));
    if (!found.length) text("p", "No document is on this side.", part);
  });
  hintAtBeginnings(panel);
}

function hintAtBeginnings(panel) {
  if (!data.beginnings.some(Boolean)) text("p", "To read how documents begin, name their files after the "
    + "model: w2v topics MODEL CORPUS -o FILE.", panel);
}

function showItem(panel) {
  const top = text("div", "", panel, { class: "top" }), shares = topicsOf(item);
  text("h1", items[item], top);
  closeButton(top);
  text("p", `A ${facts(item)}.`, panel);
  if (isDocument(item) && data.beginnings[item - wordPoints])
    text("p", data.beginnings[item - wordPoints], panel, { class: "beginning" });
  text("h2", "Topics with most of its squared length", panel);
  const list = text("ol", "", panel, { class: "topics", id: "of-item" });
  for (const [each, share] of shares.slice(0, OF_ITEM)) topicLine(list, each, share, shares[0][1] || 1, 2);
  if (topics.length > 1) button("Show it in the plane of the first two", panel,
    () => look(shares.slice(0, 2).map(([each]) => each)), { id: "look" });
}

/* The nearest words in one section, and the nearest documents in the other. */
function showNearest(panel, others) {
  const [words, documents] = nearest(item);
  near = [...words, ...documents].map(([at]) => at);
  text("h2", "Nearest words on the map, by cosine", panel);
  const list = text("ol", "", panel, { class: "words", id: "near-words" });
  for (const [at, cosine] of words) wordLine(list, at, Math.max(cosine, 0), signed(cosine, 3));
  text("h2", "Nearest documents on the map, by cosine", others);
  const rows = text("ol", "", others, { class: "documents", id: "near-documents" });
  for (const [at, cosine] of documents) documentLine(rows, at, signed(cosine, 3));
  hintAtBeginnings(others);
}

/* The values of the field that colours the documents. */
function showGroups(panel) {
  text("h2", `Documents by ${data.by}`, panel);
  const list = text("ul", "", panel, { id: "groups", class: "keys" });
  data.groups.forEach((name, group) => {
    const row = text("li", name, list);
    row.prepend(dot(group, row));
  });
}

/* Fill the panel for what is selected. */
function showPanel() {
  const [chosen, more] = [element("chosen"), element("more")];
  chosen.replaceChildren();
  more.replaceChildren();
  near = [];
  if (topic >= 0) showTopic(chosen), showDocuments(more);
  else if (item >= 0) showItem(chosen), showNearest(chosen, more);
  else showTopics(chosen);
  if (data.groups.length && topic >= 0) showGroups(more);
  more.hidden = !more.children.length;
  element("panel").scrollTop = chosen.scrollTop = more.scrollTop = 0;
}
