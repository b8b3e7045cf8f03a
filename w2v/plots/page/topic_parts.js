/* What the pages of topics share: numbers, packed arrays, and parts of the panel. A page has label(topic, words)
   and summary(topic), a topic in few and in more words, and the functions select(topic) and clear(). */
const FEW = 0.05; // shares that are all smaller are written with two digits
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}\u202f%`;

/* Numbers that are packed as little-endian bytes in base64. */
function decoded(letters, array) {
  const text = atob(letters), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return new array(bytes.buffer);
}

function bar(parent, share, ofWhole = 0) {
  const made = text("span", "", parent, { class: "bar", "aria-hidden": true });
  const width = part => part > 0 ? `max(1px, ${100 * part}%)` : 0;
  if (ofWhole) text("i", "", made, { class: "whole" }).style.width = width(ofWhole);
  text("i", "", made).style.width = width(share);
}

/* A line of a list of topics with their shares. */
function topicLine(list, each, share, largest, words) {
  const row = text("li", "", list, { class: "line" });
  button(label(each, words), row, () => select(each), { title: summary(each) });
  bar(row, share / largest);
  text("small", percent(share, largest < FEW ? 2 : 1), row);
}

function closeButton(top) {
  button("×", top, clear, { "aria-label": "Clear the selection", title: "Clear the selection ( Esc )" });
}

/* The heading of a topic, with the field for its name. */
function topicHead(panel, topic) {
  const top = text("div", "", panel, { class: "top" });
  text("h1", `Topic ${topic}`, top);
  const field = text("input", "", top, { id: "name", type: "text", placeholder: "Give this topic a name",
    "aria-label": `Name of topic ${topic}`, autocomplete: "off", maxlength: 80 });
  field.value = names[topic];
  field.oninput = () => rename(topic, field.value);
  field.onkeydown = event => { if (["Enter", "Escape"].includes(event.key)) field.blur(); };
  closeButton(top);
}
