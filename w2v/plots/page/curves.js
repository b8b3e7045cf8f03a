/* The shares of topics by the values of a field: curves over numbers and dates, bars for other values. */
const LINES = 5, SPOKEN = 40; // most curves, and most values of a curve for a screen reader
const LETTER = 7.4; // width of a letter below the curves, in pixels
const PAINTS = ["--first", "--second", "--third", "--fourth", "--fifth"];
const byShares = data.by && decoded(data.by.shares, Uint16Array);
const shareBy = (value, topic) => byShares[value * topics.length + topic] / 65535;

/* An element of a picture. */
function shape(tag, parent, attributes, content = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = content;
  parent.append(made);
  return made;
}

function showShares(panel) {
  const { name, at } = data.by;
  if (at === null || at.length < 2) {
    if (topic >= 0) showBars(panel);
    return;
  }
  const what = topic >= 0 ? `Share of topic ${topic}` : "Shares of the largest topics";
  const head = text("h2", `${what} by ${name}`, panel);
  const note = text("small", "", head);
  const others = data.order.filter(each => each !== topic);
  const shown = topic >= 0 ? [topic, ...others.slice(0, 2)] : others.slice(0, LINES);
  const box = text("div", "", panel, { class: "curves" });
  const numbers = data.by.values.slice(0, SPOKEN).map((value, n) => `${value} ${percent(shareBy(n, shown[0]))}`);
  const spoken = `Shares by ${name}. ${label(shown[0])}: ${numbers.join(", ")}`;
  const picture = shape("svg", box, { id: "curves", role: "img", "aria-label": spoken });
  const list = text("ul", "", panel, { class: "keys" });
  const keys = shown.map((each, n) => {
    const row = button("", text("li", "", list), () => select(each), { title: startWords[each].join(" ") });
    text("i", "", row, { class: "dot" }).style.background = `var(${topic >= 0 && n === 0 ? "--accent" : PAINTS[n]})`;
    text("span", label(each), row);
    return text("small", "", row);
  });
  new ResizeObserver(() => drawCurves(picture, shown, keys, note)).observe(box);
}

/* About four round numbers between 0 and a number. */
function ticks(most) {
  const rough = most / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(each => each * power).find(each => each >= rough * 0.999);
  return Array.from({ length: Math.floor(most / step + 1.001) }, (_, n) => n * step);
}

/* The values that a line joins: all of them, or periods without a gap. A single period is joined to itself. */
function stretches() {
  const { numbers, values } = data.by, found = [];
  values.forEach((_, n) => {
    if (n > 0 && (!numbers || numbers[n] === numbers[n - 1] + 1)) found[found.length - 1].push(n);
    else found.push([n]);
  });
  return found.map(each => each.length > 1 ? each : [each[0], each[0]]);
}

/* Draw the curves of topics. The shares at the pointer are written in `keys`, and the value in `note`. */
function drawCurves(picture, shown, keys, note) {
  const width = picture.parentElement.clientWidth, height = 220, [left, right, top, bottom] = [46, 8, 8, 26];
  if (!width) return;
  const { at, values } = data.by, [low, high] = [at[0], at[at.length - 1]];
  const most = Math.max(...shown.flatMap(each => values.map((_, n) => shareBy(n, each))), 0.001);
  const x = n => left + (at[n] - low) / (high - low || 1) * (width - left - right);
  const y = share => height - bottom - share / most * (height - top - bottom);
  picture.replaceChildren();
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const rows = ticks(most), digits = clamp(Math.ceil(-Math.log10(rows[1] ?? 1) - 2 + 1e-9), 0, 4);
  for (const tick of rows) {
    shape("line", picture, { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" });
    shape("text", picture, { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, percent(tick, digits));
  }
  let free = -Infinity; // right end of the last value that is written
  const lastBegins = width - right - values[values.length - 1].length * LETTER;
  values.forEach((value, n) => {
    const half = value.length * LETTER / 2, middle = clamp(x(n), left + half - 20, width - half - 1);
    const isLast = n === values.length - 1; // the last value is always written
    if (middle - half < free + 8 || (!isLast && middle + half > lastBegins - 10)) return;
    shape("text", picture, { x: middle, y: height - 7, "text-anchor": "middle" }, value);
    free = middle + half;
  });
  const lines = stretches();
  [...shown.entries()].reverse().forEach(([n, each]) => {
    const paint = topic >= 0 && n === 0 ? "--accent" : PAINTS[n];
    for (const line of lines) shape("polyline", picture, {
      points: line.map(value => `${x(value).toFixed(1)},${y(shareBy(value, each)).toFixed(1)}`).join(" "),
      style: `stroke: var(${paint})`, "stroke-width": topic >= 0 && n === 0 ? 3 : 1.7, opacity: topic >= 0 && n ? 0.5 : 1,
    });
  });
  const rule = shape("line", picture, { y1: top, y2: height - bottom, class: "rule", visibility: "hidden" });
  picture.onpointermove = event => {
    const far = n => Math.abs(x(n) - event.offsetX);
    const near = values.reduce((best, _, n) => far(n) < far(best) ? n : best, 0);
    rule.setAttribute("x1", x(near)), rule.setAttribute("x2", x(near));
    rule.setAttribute("visibility", "visible");
    note.textContent = `${values[near]}: ${plural(data.by.documents[near], "document")}`;
    keys.forEach((key, n) => { key.textContent = percent(shareBy(near, shown[n])); });
  };
  picture.onpointerleave = () => {
    rule.setAttribute("visibility", "hidden");
    for (const key of [note, ...keys]) key.textContent = "";
  };
}

/* The share of the topic for each value, the largest first. */
function showBars(panel) {
  text("h2", `Share of topic ${topic} by ${data.by.name}`, panel);
  const list = text("ol", "", panel, { id: "shares" });
  const order = [...data.by.values.keys()].sort((a, b) => shareBy(b, topic) - shareBy(a, topic) || a - b);
  const most = shareBy(order[0], topic) || 1;
  for (const each of order) {
    const row = text("li", "", list, { class: "line" });
    text("span", data.by.values[each], row, { title: plural(data.by.documents[each], "document") });
    bar(row, shareBy(each, topic) / most);
    text("small", percent(shareBy(each, topic)), row);
  }
}
