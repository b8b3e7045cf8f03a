/* The data and the map of the page of LSA: words and documents in one plane (a biplot, Gabriel 1971).

   `items` are names, and a name is referred to by its index there, called `at`. First come those on the map, the
   points: `wordPoints` words, and then documents up to `points`. Up to `documentsEnd` follow documents and then
   words that only a list has. `counts` are the numbers of times of words, and of words in documents. `beginnings`
   are those of documents, from `wordPoints` on. `coordinates` has for words and for documents the rows of V Σ^½
   and U Σ^½, packed topic by topic; a number is to be multiplied by the topic's number in `scales`. `sigma` are
   the singular values, and `sizes` what each topic explains. `ends` has for each topic two lists of words and two
   of documents, [indices, weights]: those of the positive and of the negative end. `group` has the value of a
   field for each document on the map, as an index in `groups` with their `colours`; without a field, both are
   empty. */
const END_WORDS = 4; // words of each end in a list of topics
const NEAR = [15, 10]; // words and documents in a list of the nearest
const WRITTEN = [110, 25], TRIED = 500; // words and documents written at once, and tried
const WIDE = 500; // on a map of more pixels, all names of the nearest are written, if need be farther from the point
const RADIUS = 10; // a click selects a point within this many pixels
const lettering = new Lettering(element("drawing"));
const topics = data.sizes.map((_, topic) => topic);
const { items, points, wordPoints, documentsEnd } = data;
const isDocument = at => at >= wordPoints && at < documentsEnd;
const packs = [data.coordinates.words, data.coordinates.documents].map(({ scales, values }) =>
  ({ scales, values: decoded(values, Int16Array) }));
const ranges = [[0, wordPoints], [wordPoints, points]]; // of the points that are words, and documents

let topic = -1, item = -1; // what is selected: a topic, a word or document on the map, or nothing
let axes = [0, -1]; // the topics of the plane, to the right and up; -1: none, for a model of one topic
let hovered = -1; // the item on whose line in a list the pointer is
let near = []; // the points that are listed as the nearest of the selected one
const isShown = [true, true]; // whether words and documents are on the map

/* The coordinates of all words (0) or documents (1) in a topic, without their scale. */
function column(kind, topic) {
  const count = ranges[kind][1] - ranges[kind][0];
  return packs[kind].values.subarray(topic * count, (topic + 1) * count);
}

function coordinate(topic, at) {
  const kind = Number(isDocument(at));
  return topic < 0 ? 0 : column(kind, topic)[at - ranges[kind][0]] * packs[kind].scales[topic];
}

/* The words of a topic's ends, such as "+ sun moon − rain". */
function ends(topic, words) {
  return data.ends[topic].words.map(([found], end) =>
    found.length ? `${"+−"[end]} ${found.slice(0, words).map(at => items[at]).join(" ")}` : "")
    .filter(Boolean).join(" ");
}

/* A topic in a few letters: its number with its name, or else with the first words of its ends. */
const label = (topic, words = 1) => `${topic}: ${names[topic] || ends(topic, words)}`;
const summary = topic => ends(topic, END_WORDS);

/* The cosines of a point with all points. Vectors of the same kind are rows of V Σ or of U Σ, as in w2v similar;
   a word is compared with documents in V Σ^½ and U Σ^½ (Deerwester et al. 1990). */
function cosines(at) {
  const own = Number(isDocument(at)), found = new Float64Array(points);
  for (const kind of [0, 1]) {
    const [begin, end] = ranges[kind], squares = new Float64Array(end - begin);
    let square = 0;
    for (const each of topics) {
      const weight = kind === own ? data.sigma[each] : 1, scale = packs[kind].scales[each];
      const here = coordinate(each, at), values = column(kind, each);
      square += weight * here * here;
      for (let n = 0; n < values.length; n++) {
        const there = values[n] * scale;
        found[begin + n] += weight * here * there;
        squares[n] += weight * there * there;
      }
    }
    for (let n = 0; n < squares.length; n++) found[begin + n] /= Math.sqrt(squares[n] * square) || Infinity;
  }
  return found;
}

/* The words and the documents with the largest cosines to a point: two lists of [at, cosine]. */
function nearest(at) {
  const found = cosines(at);
  return ranges.map(([begin, end], kind) =>
    Array.from({ length: end - begin }, (_, n) => begin + n).filter(other => other !== at)
      .sort((a, b) => found[b] - found[a] || a - b).slice(0, NEAR[kind]).map(other => [other, found[other]]));
}

/* The topics that have most of a point's squared length in V Σ or U Σ: pairs of a topic and a share. */
function topicsOf(at) {
  const squares = topics.map(each => data.sigma[each] * coordinate(each, at) ** 2);
  const all = squares.reduce((sum, square) => sum + square, 0) || 1;
  return topics.map(each => [each, squares[each] / all]).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

/* The places of the points in the plane. The last place is the origin. */
const places = [0, 1].map(() => new Float64Array(points + 1));
let prominent = [[], []]; // words, and documents, the farthest from the origin first

/* Place the points for the two axes. Words are multiplied by the number by which documents are divided, so that
   both reach equally far from the origin, and their inner products stay the same. */
function arrange() {
  const far = at => Math.hypot(places[0][at], places[1][at]);
  const reach = ranges.map(([begin, end]) => {
    let most = 0;
    for (let at = begin; at < end; at++) {
      axes.forEach((each, n) => { places[n][at] = coordinate(each, at); });
      most = Math.max(most, far(at));
    }
    return most;
  });
  const stretch = reach[0] && reach[1] ? Math.sqrt(reach[1] / reach[0]) : 1;
  for (let at = 0; at < points; at++)
    for (const values of places) values[at] *= at < wordPoints ? stretch : 1 / stretch;
  prominent = ranges.map(([begin, end]) =>
    Array.from({ length: end - begin }, (_, n) => begin + n).sort((a, b) => far(b) - far(a) || a - b));
  plane.all();
}

/* A function from a point to its colour. */
function paints() {
  const [word, document] = ["--word", "--document"].map(colour);
  return at => at < wordPoints ? word : data.groups.length ? data.colours[data.group[at - wordPoints]] : document;
}

function drawMap() {
  const { clientWidth: width, clientHeight: height } = element("map"), { ink } = lettering;
  plane.fit(width, height, [Math.min(70, width / 6), 58]);
  lettering.clear();
  lettering.above = element("axes").offsetHeight;
  lettering.below = element("kinds").offsetHeight + 12;
  drawAxes(width, height);
  const seen = at => {
    const [x, y] = plane.pixel(at);
    return isShown[Number(isDocument(at))] && x >= -5 && y >= -5 && x <= width + 5 && y <= height + 5;
  };
  const fill = paints();
  const size = clamp(Math.hypot(width, height) / 420, 1.3, 2.6);
  ink.globalAlpha = item >= 0 ? 0.25 : 0.5;
  for (let at = points - 1; at >= 0; at--) if (seen(at)) mark(at, fill(at), size);
  ink.globalAlpha = 1;
  drawNames(seen);
}

/* A square for a word, and a circle for a document. */
function mark(at, fill, size) {
  const [x, y] = plane.pixel(at), { ink } = lettering;
  ink.fillStyle = fill;
  if (at < wordPoints) return ink.fillRect(x - size, y - size, 2 * size, 2 * size);
  ink.beginPath();
  ink.arc(x, y, size + 0.4, 0, 2 * Math.PI);
  ink.fill();
}

/* The axes through the origin, with the numbers of their topics at their ends. */
function drawAxes(width, height) {
  const [x, y] = plane.pixel(points), { ink } = lettering, family = lettering.family;
  Object.assign(ink, { strokeStyle: colour("--line"), fillStyle: colour("--faint"), lineWidth: 1, font: `12px ${family}` });
  ink.beginPath();
  ink.moveTo(0, y), ink.lineTo(width, y);
  ink.moveTo(x, 0), ink.lineTo(x, height);
  ink.stroke();
  const write = (content, left, top, align) => {
    const wide = ink.measureText(content).width, begin = align === "right" ? left - wide : left;
    ink.fillText(content, begin, top);
    lettering.dots.push([begin, top - 8, begin + wide, top + 8]); // names are not written there
  };
  write(`topic ${axes[0]} −`, 6, y - 9, "left");
  write(`topic ${axes[0]} +`, width - 6, y - 9, "right");
  if (axes[1] >= 0) {
    write(`topic ${axes[1]} +`, x + 6, lettering.above + 12, "left");
    write(`topic ${axes[1]} −`, x + 6, height - lettering.below - 8, "left");
  }
}

/* Write names: the selected one, those nearest to it or at the ends of the topic, then the most prominent. */
function drawNames(seen) {
  const [ink, faint, halo, accent, blue] = ["--ink", "--faint", "--paper", "--accent", "--document"].map(colour);
  const put = (at, style) => lettering.name(at, items[at], plane.pixel(at), {
    halo, gap: 6, size: 12, colour: isDocument(at) ? blue : ink, ...style });
  const taken = new Set(), fill = paints();
  for (const at of [hovered, item].filter(at => at >= 0 && at < points)) {
    if (taken.has(at)) continue;
    taken.add(at);
    lettering.line(plane.pixel(points), plane.pixel(at), accent);
    lettering.dot(plane.pixel(at), 5, accent, halo);
    put(at, { size: 15, bold: true, gap: 9, colour: accent, matters: true });
  }
  for (const at of near.filter(at => !taken.has(at) && seen(at))) {
    taken.add(at);
    lettering.dot(plane.pixel(at), 3.5, fill(at), accent);
    put(at, { size: 13, gap: 8, matters: element("map").clientWidth > WIDE });
  }
  const listed = topic < 0 ? [] : data.ends[topic].words.flatMap(([found]) => found).filter(at => at < points);
  const rest = [...listed.map(at => [at, 0]), ...prominent.flatMap((found, kind) => found.map(at => [at, kind]))];
  const tried = [0, 0], written = [0, 0];
  for (const [at, kind] of rest) {
    if (tried[kind] >= TRIED || written[kind] >= WRITTEN[kind] || taken.has(at) || !seen(at)) continue;
    taken.add(at);
    tried[kind]++;
    written[kind] += put(at, item >= 0 ? { colour: faint } : {});
  }
  lettering.write();
}

/* The point at a pixel: that of the name which is written there, or else the nearest one; -1: none. */
function pointAt(x, y) {
  const written = lettering.at(x, y);
  if (written >= 0) return written;
  let best = -1, least = RADIUS ** 2;
  for (let at = 0; at < points; at++) {
    if (!isShown[Number(isDocument(at))]) continue;
    const [px, py] = plane.pixel(at), far = (px - x) ** 2 + (py - y) ** 2;
    if (far < least) [best, least] = [at, far];
  }
  return best;
}

/* What is known about an item, as text. */
const facts = at => isDocument(at)
  ? `document of ${plural(data.counts[at], "word")}`
    + (data.groups.length && at < points ? ` · ${data.by}: ${data.groups[data.group[at - wordPoints]]}` : "")
  : `word, which occurs ${plural(data.counts[at], "time")}`;

function hover(x, y) {
  const tip = element("tip"), at = x === undefined ? -1 : pointAt(x, y);
  tip.hidden = at < 0;
  element("drawing").style.cursor = at < 0 ? "grab" : "pointer";
  if (at < 0) return;
  tip.replaceChildren();
  text("b", items[at], tip);
  text("div", facts(at), tip);
  if (isDocument(at) && data.beginnings[at - wordPoints]) text("div", data.beginnings[at - wordPoints], tip);
  putTip(x, y);
}

const plane = new Plane(element("drawing"), ...places, {
  onchange: () => drawMap(),
  onclick: (x, y) => choose(pointAt(x, y)),
  onhover: hover,
});
