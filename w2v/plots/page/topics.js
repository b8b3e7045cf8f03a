/* The data and the map of the page of topics.

   `data` has for each topic its number (its index), `names`, `sizes` (shares of the tokens), x, y, `npmi`,
   and in `topics` its listed `words` with log p(word | topic), log lift, and tokens in the topic. `order` has
   the topics by descending size. `words` and `counts` are the words of the text, the most frequent first.
   `topicsOfWords` has p(topic | word) of the largest topics of each word. `ids`, `beginnings` and `lengths`
   are those of the documents, and `documents` and `documentShares` list the ones of each topic. `by` has
   the topics' shares by the values of a field, or is null. */
const TOP_WORDS = 8; // words of a topic in a list of topics
const lettering = new Lettering(element("drawing"));
const topics = data.sizes.map((_, topic) => topic);
const wordTopics = {
  counts: decoded(data.topicsOfWords.counts, Uint8Array),
  topics: decoded(data.topicsOfWords.topics, topics.length <= 256 ? Uint8Array : Uint16Array),
  shares: decoded(data.topicsOfWords.shares, Uint16Array),
};
wordTopics.starts = new Uint32Array(data.words.length + 1);
wordTopics.counts.forEach((count, word) => { wordTopics.starts[word + 1] = wordTopics.starts[word] + count; });

let topic = -1, word = -1; // what is selected: a topic, a word or nothing
let lambda = 0.6; // the weight of frequency in the order of words
let hovered = -1; // the word whose topics are shown while the pointer is on it

/* The listed words of a topic by their relevance (Sievert and Shirley 2014): indices in its lists. */
function ranked(topic, weight = lambda) {
  const { words, logP, logLift } = data.topics[topic];
  const relevance = words.map((_, at) => weight * logP[at] + (1 - weight) * logLift[at]);
  return [...words.keys()].sort((a, b) => relevance[b] - relevance[a] || a - b).slice(0, data.listed);
}

const startWords = topics.map(topic =>
  ranked(topic, 0.6).slice(0, TOP_WORDS).map(at => data.words[data.topics[topic].words[at]]));

/* A topic in a few letters: its number with its name, or else with its first words. */
const label = (topic, words = 2) => `${topic}: ${names[topic] || startWords[topic].slice(0, words).join(" ")}`;

const summary = topic => startWords[topic].join(" ");

/* The topics that a word is in: pairs of a topic and p(topic | word), the largest first. */
function topicsOf(word) {
  const [begin, end] = [wordTopics.starts[word], wordTopics.starts[word + 1]];
  return [...wordTopics.topics.subarray(begin, end)].map((topic, at) =>
    [topic, wordTopics.shares[begin + at] / 65535]);
}

/* The share that sets the area of each circle: of a word if one is selected, else of the whole text. */
function areas() {
  const shown = hovered >= 0 ? hovered : word;
  if (shown < 0) return data.sizes;
  const shares = topics.map(() => 0);
  for (const [topic, share] of topicsOf(shown)) shares[topic] = share;
  return shares;
}

let circles = []; // [x, y, radius] of each topic, in pixels
function drawMap() {
  const box = element("map"), [width, height] = [box.clientWidth, box.clientHeight];
  const unit = Math.sqrt(0.16 * width * height / Math.PI) * Math.sqrt(plane.zoom);
  const radii = areas().map(share => Math.max(unit * Math.sqrt(share), 2.5));
  const largest = Math.sqrt(0.16 * width * height / Math.PI * Math.max(...data.sizes));
  plane.fit(width, height, [Math.max(largest + 12, Math.min(70, width / 6)), largest + 22]);
  circles = topics.map(topic => [...plane.pixel(topic), radii[topic]]);
  const [ink, faint, halo, accent, fill] = ["--ink", "--faint", "--paper", "--accent", "--circle"].map(colour);
  const shown = hovered >= 0 ? hovered : word, shares = areas();
  lettering.clear();
  const bySize = [...topics].sort((a, b) => radii[b] - radii[a]);
  for (const each of bySize.filter(each => each !== topic)) circle(each, shares[each] ? fill : faint, halo);
  if (topic >= 0) circle(topic, accent, halo);
  const first = topic >= 0 ? [topic, ...bySize.filter(each => each !== topic)] : bySize;
  for (const each of first) {
    if (shown >= 0 && !shares[each]) continue;
    const chosen = each === topic;
    lettering.name(each, label(each), circles[each].slice(0, 2), {
      halo, gap: radii[each] + 3, inside: radii[each], size: chosen ? 14 : 12, bold: chosen,
      colour: ink, matters: chosen,
    });
  }
  lettering.write();
}

function circle(topic, fill, ring) {
  const [x, y, radius] = circles[topic], { ink } = lettering;
  Object.assign(ink, { fillStyle: fill, strokeStyle: ring, lineWidth: 1.5, globalAlpha: 0.55 });
  ink.beginPath();
  ink.arc(x, y, radius, 0, 2 * Math.PI);
  ink.fill();
  ink.globalAlpha = 1;
  ink.stroke();
}

/* The topic at a pixel: the smallest circle there, or else the name that is written there; -1: none. */
function topicAt(x, y) {
  const near = topics.filter(each =>
    Math.hypot(circles[each][0] - x, circles[each][1] - y) <= Math.max(circles[each][2], 9));
  return near.length ? near.reduce((a, b) => circles[a][2] <= circles[b][2] ? a : b) : lettering.at(x, y);
}

function hover(x, y) {
  const tip = element("tip"), at = x === undefined ? -1 : topicAt(x, y);
  tip.hidden = at < 0;
  element("drawing").style.cursor = at < 0 ? "grab" : "pointer";
  if (at < 0) return;
  tip.replaceChildren();
  text("b", names[at] ? `Topic ${at}: ${names[at]}` : `Topic ${at}`, tip);
  text("div", `${percent(data.sizes[at])} of all words`, tip);
  text("div", summary(at), tip);
  putTip(x, y);
}

const plane = new Plane(element("drawing"), data.x, data.y, {
  onchange: () => drawMap(),
  onclick: (x, y) => select(topicAt(x, y)),
  onhover: hover,
});
