/* The page's data: names, x, y, counts, what is counted, group (of each name), groups, colours, marked,
   arrows, whether all are to be named, and of each name the places of its neighbours and their
   cosines; places from names.length on are those of others, neighbours that are not on the map. */
const data = JSON.parse(document.getElementById("data").textContent);
const LABELS = 150, TRIED = 600; // names written at once, if there is room, and looked at for that
const FEW = 60; // points that are seen, of which all may be named
const SMALLEST = 0.005; // share of the map that can fill the page
const CLOSE = data.names.length > 300 ? [0.04, 0.3] : [1, 1]; // and that is seen where one searches
const element = id => document.getElementById(id);
const chart = echarts.init(element("points"), null, { renderer: "canvas" });
const lettering = new Lettering(element("names"));
const place = new Map(data.names.map((name, at) => [name, at]));
const members = data.colours.map(() => []);
data.group.forEach((group, at) => members[group].push(at));
const sides = [data.x, data.y].map(values =>
  values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]));
const dotSize = data.names.length > 2000 ? 4 : data.names.length > 300 ? 6 : 8;
let word = -1; // the place of the one that is looked at
let lit = -1; // the group that is looked at
let marked = new Set(data.marked);

const point = at => [data.x[at], data.y[at]];
const nameOf = at => at < data.names.length ? data.names[at] : data.others[at - data.names.length];
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
const roomOf = () => [element("map").clientWidth || 1, element("map").clientHeight || 1];

/* What the axes reach: all points, at the same scale in both directions. */
function reach() {
  const room = roomOf();
  const unit = Math.max(...sides.map(([low, high], n) => ((high - low || 1) * 1.1) / room[n]));
  return sides.map(([low, high], n) => [-1, 1].map(way => (low + high + way * unit * room[n]) / 2));
}

/* The part of the plane that is seen: x from, x to, y from, y to. */
function view() {
  const [x0, y1] = chart.convertFromPixel({ gridIndex: 0 }, [0, 0]);
  const [x1, y0] = chart.convertFromPixel({ gridIndex: 0 }, [chart.getWidth(), chart.getHeight()]);
  return [x0, x1, y0, y1];
}

/* See a part of the plane, and what else there is room for at the same scale in both directions. */
function look([x0, x1, y0, y1]) {
  const seen = [[x0, x1], [y0, y1]], whole = reach();
  const shares = seen.map(([low, high], n) => (high - low) / (whole[n][1] - whole[n][0]));
  const share = clamp(Math.max(...shares), SMALLEST, 1);
  chart.dispatchAction({ type: "dataZoom", batch: seen.map(([low, high], n) => {
    const middle = ((low + high) / 2 - whole[n][0]) / (whole[n][1] - whole[n][0]);
    const start = clamp(middle - share / 2, 0, 1 - share);
    return { dataZoomIndex: n, start: 100 * start, end: 100 * (start + share) };
  }) });
}

/* Look nearer or farther, or beside, in shares of what is seen. */
function move(scale, right = 0, up = 0) {
  const [x0, x1, y0, y1] = view(), width = x1 - x0, height = y1 - y0;
  const x = (x0 + x1) / 2 + right * width, y = (y0 + y1) / 2 + up * height;
  look([x - width * scale / 2, x + width * scale / 2, y - height * scale / 2, y + height * scale / 2]);
}

function draw() {
  const [x, y] = reach();
  const axis = ([min, max]) => ({ type: "value", show: false, min, max });
  const zoom = { type: "inside", filterMode: "none", minSpan: 100 * SMALLEST };
  chart.setOption({
    animation: false,
    grid: { left: 0, right: 0, top: 0, bottom: 0 },
    xAxis: axis(x), yAxis: axis(y),
    dataZoom: [{ ...zoom, xAxisIndex: 0 }, { ...zoom, yAxisIndex: 0 }],
    series: [
      ...members.map((places, group) => ({
        id: `group ${group}`, type: "scatter", large: true, largeThreshold: 1, silent: true,
        symbolSize: dotSize, animation: false, data: places.map(point),
        itemStyle: { color: data.colours[group] },
      })),
      {
        id: "arrows", type: "line", data: [], silent: true,
        markLine: {
          silent: true, symbol: ["none", "arrow"], symbolSize: 9, label: { show: false },
          lineStyle: { color: colour("--ink"), type: "solid", opacity: 0.6 },
          data: data.arrows.map(([a, b]) => [{ coord: point(a) }, { coord: point(b) }]),
        },
      },
    ],
  });
  shade();
}

/* Points stand back behind a word or a group that is looked at. */
let shades = "";
function shade(anew = true) {
  const opacities = members.map((_, group) =>
    lit >= 0 ? (group === lit ? 0.9 : 0.1) : word >= 0 ? 0.4 : 0.75);
  const wanted = opacities.join();
  if (anew || wanted !== shades) chart.setOption({
    series: opacities.map((opacity, group) => ({ id: `group ${group}`, itemStyle: { opacity } })),
  });
  shades = wanted;
  write();
}

/* Where points are on the page, as a function. */
function places() {
  const [x0, x1, y0, y1] = view(), [width, height] = roomOf();
  return at => [(data.x[at] - x0) / (x1 - x0) * width, (y1 - data.y[at]) / (y1 - y0) * height];
}

/* Names on the map: of what is looked at, of what is near to that, and the first of the others. */
function write() {
  const [ink, faint, halo, accent] = ["--ink", "--faint", "--paper", "--accent"].map(colour);
  const where = places(), [width, height] = roomOf();
  const seen = at => {
    const [x, y] = where(at);
    return x >= 0 && x <= width && y >= 0 && y <= height;
  };
  const chosen = [...new Set(word >= 0 ? [word, ...marked] : marked)].filter(seen);
  const near = word < 0 ? [] : data.near[word].filter(at =>
    at < data.names.length && at !== word && !marked.has(at));
  lettering.clear();
  for (const at of near) lettering.line(where(word), where(at), accent);
  const ringed = near.filter(seen);
  for (const at of ringed) lettering.dot(where(at), 4, data.colours[data.group[at]], accent);
  for (const at of chosen) lettering.dot(where(at), 5, accent, halo);
  const put = (at, how) => lettering.name(at, data.names[at], where(at), { halo, ...how });
  for (const at of chosen) put(at, { size: 15, bold: true, gap: 9, colour: accent, matters: true });
  for (const at of ringed) put(at, { size: 13, gap: 8, colour: ink, matters: true });
  const taken = new Set([...chosen, ...near]), others = lit >= 0 ? members[lit] : data.names.keys();
  const many = !data.named && data.names.reduce((count, _, at) => count + seen(at), 0) > FEW;
  let tried = 0, written = 0;
  for (const at of others) {
    if (many || tried >= TRIED || written >= LABELS) break;
    if (taken.has(at) || !seen(at)) continue;
    tried++;
    written += put(at, { size: 11, gap: 5, colour: word >= 0 ? faint : ink });
  }
  lettering.write();
}

/* The point nearest to a place on the page, at most so many pixels from it; -1 for none. */
function hit(x, y, radius) {
  const written = lettering.at(x, y), where = places();
  if (written >= 0) return written;
  let best = -1, least = radius * radius;
  for (let at = 0; at < data.names.length; at++) {
    const [px, py] = where(at), far = (px - x) ** 2 + (py - y) ** 2;
    if (far < least || (far === least && best < 0)) [best, least] = [at, far];
  }
  return best;
}

function show() {
  tell();
  shade(false);
  remember();
}

function select(at) {
  word = at;
  show();
}

function toggle(at) {
  if (!marked.delete(at)) marked.add(at);
  show();
}

function light(group) {
  lit = lit === group ? -1 : group;
  show();
}

/* How far from a name those are that are nearest to it: the middle one. */
function spread(at) {
  const far = data.near[at].filter(each => each < data.names.length)
    .map(each => Math.hypot(data.x[each] - data.x[at], data.y[each] - data.y[at]));
  return far.sort((a, b) => a - b)[far.length >> 1] ?? Infinity;
}

/* Go where a name is, if it is not seen; `closely`: so near that those nearest to it are apart. */
function find(at, closely = false) {
  const [x, y] = point(at), [x0, x1, y0, y1] = view(), whole = reach().flat();
  const size = closely ? clamp(8 * spread(at), ...CLOSE.map(part => part * (whole[1] - whole[0]))) : Infinity;
  const share = Math.min(1, size / (x1 - x0)) / 2;
  if (share < 0.5 || x < x0 || x > x1 || y < y0 || y > y1) {
    const width = (x1 - x0) * share, height = (y1 - y0) * share;
    look([x - width, x + width, y - height, y + height]);
  }
  select(at);
}

/* The address says what is seen, so that it can be passed on. */
let remembered = "", waiting = 0, zoomed = false;
function remember() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const state = new URLSearchParams();
    if (word >= 0) state.set("word", data.names[word]);
    for (const at of marked) state.append("mark", data.names[at]);
    if (lit >= 0) state.set("group", data.groups[lit]);
    if (zoomed) state.set("view", view().map(number => number.toPrecision(6)).join(","));
    remembered = "#" + state;
    history.replaceState(null, "", remembered);
  }, 200);
}

function recall() {
  const state = new URLSearchParams(location.hash.slice(1));
  const known = names => names.map(name => place.get(name)).filter(at => at !== undefined);
  if (location.hash.length > 1) marked = new Set(known(state.getAll("mark")));
  word = known([state.get("word")])[0] ?? -1;
  lit = data.groups.indexOf(state.get("group"));
  const seen = (state.get("view") || "").split(",").map(Number);
  if (seen.length === 4 && seen.every(Number.isFinite)) look(seen);
  show();
}

function seeAll() {
  look(reach().flat());
  zoomed = false;
}
element("whole").onclick = seeAll;
element("in").onclick = () => move(1 / 1.5);
element("out").onclick = () => move(1.5);
addEventListener("keydown", event => {
  if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
  const moves = {
    "+": [1 / 1.5], "=": [1 / 1.5], "-": [1.5],
    ArrowLeft: [1, -0.15], ArrowRight: [1, 0.15], ArrowDown: [1, 0, -0.15], ArrowUp: [1, 0, 0.15],
  };
  const arrows = event.key.startsWith("Arrow");
  if (event.key === "/") element("search").focus();
  else if (event.key === "Escape" && (word >= 0 || lit >= 0)) [lit, word] = [-1, -1], show();
  else if (event.key === "0") seeAll();
  else if (moves[event.key] && (!arrows || event.target === element("map"))) move(...moves[event.key]);
  else return;
  event.preventDefault();
});

const touched = matchMedia("(pointer: coarse)");
const radius = () => touched.matches ? 22 : 10;
chart.getZr().on("click", event => {
  const at = hit(event.offsetX, event.offsetY, radius());
  if (at >= 0 && event.event.shiftKey) toggle(at);
  else if (at !== word) select(at);
});
chart.getZr().on("mousemove", event => {
  const tip = element("tip"), at = touched.matches ? -1 : hit(event.offsetX, event.offsetY, radius());
  tip.hidden = at < 0;
  chart.getZr().setCursorStyle(at < 0 ? "grab" : "pointer");
  if (at < 0) return;
  tip.replaceChildren();
  text("b", data.names[at], tip);
  text("div", facts(at), tip);
  const [width, height] = roomOf();
  const left = Math.min(event.offsetX + 14, width - tip.offsetWidth - 4);
  const top = event.offsetY + 14 + tip.offsetHeight > height ? event.offsetY - tip.offsetHeight - 10 : event.offsetY + 14;
  Object.assign(tip.style, { left: `${Math.max(left, 4)}px`, top: `${Math.max(top, 4)}px` });
});
chart.getZr().on("globalout", () => { element("tip").hidden = true; });
let due = 0;
chart.on("datazoom", () => {
  zoomed = true;
  element("tip").hidden = true;
  cancelAnimationFrame(due);
  due = requestAnimationFrame(write);
  remember();
});
new ResizeObserver(() => {
  chart.resize();
  draw();
}).observe(element("map"));
addEventListener("hashchange", () => { if (location.hash !== remembered) recall(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
recall();
