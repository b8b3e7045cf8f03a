/* The map: drawing, zoom, selection and the page's address.

   `data` has names, x, y, counts with their unit `counted`, the group of each name, groups and their
   colours, marked (highlighted at first), arrows, `named` (always write names), and for each name its
   nearest neighbours `near` with their `cosines`. A name is referred to by its index in `names`, called
   `at` below. Neighbours that are not on the map are in `others`; their indices follow those of names. */
const LABELS = 150, TRIED = 600; // most names written at once, and most names tried
const FEW = 60; // if data.named is false, names are written while at most so many points are in view
const SMALLEST = 0.005; // smallest share of the map that can fill the page
const CLOSE = data.names.length > 300 ? [0.04, 0.3] : [1, 1]; // smallest and largest share after a search
const chart = echarts.init(element("points"), null, { renderer: "canvas" });
const lettering = new Lettering(element("names"));
const place = new Map(data.names.map((name, at) => [name, at]));
const members = data.colours.map(() => []);
data.group.forEach((group, at) => members[group].push(at));
const sides = [data.x, data.y].map(values =>
  values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]));
const dotSize = data.names.length > 2000 ? 4 : data.names.length > 300 ? 6 : 8;
let selected = -1; // the name in the panel; -1: none
let activeGroup = -1; // the group whose points are emphasised; -1: none
let marked = new Set(data.marked); // highlighted names

const point = at => [data.x[at], data.y[at]];
const nameOf = at => at < data.names.length ? data.names[at] : data.others[at - data.names.length];
const mapSize = () => [element("map").clientWidth || 1, element("map").clientHeight || 1];

/* The ranges of the axes, which show all points with the same scale in both directions. */
function reach() {
  const size = mapSize();
  const unit = Math.max(...sides.map(([low, high], n) => ((high - low || 1) * 1.1) / size[n]));
  return sides.map(([low, high], n) => [-1, 1].map(way => (low + high + way * unit * size[n]) / 2));
}

/* The part of the plane in view: [x0, x1, y0, y1]. */
function view() {
  const [x0, y1] = chart.convertFromPixel({ gridIndex: 0 }, [0, 0]);
  const [x1, y0] = chart.convertFromPixel({ gridIndex: 0 }, [chart.getWidth(), chart.getHeight()]);
  return [x0, x1, y0, y1];
}

/* Zoom to a part of the plane; more is in view where the page has another aspect ratio. */
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

/* Scale the view, and shift it by shares of its width and height. */
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

/* Fade the points while a name is selected, and those of other groups while a group is active. */
let shades = "";
function shade(anew = true) {
  const opacities = members.map((_, group) =>
    activeGroup >= 0 ? (group === activeGroup ? 0.9 : 0.1) : selected >= 0 ? 0.4 : 0.75);
  const wanted = opacities.join();
  if (anew || wanted !== shades) chart.setOption({
    series: opacities.map((opacity, group) => ({ id: `group ${group}`, itemStyle: { opacity } })),
  });
  shades = wanted;
  write();
}

/* A function from the index of a name to the pixel of its point. */
function places() {
  const [x0, x1, y0, y1] = view(), [width, height] = mapSize();
  return at => [(data.x[at] - x0) / (x1 - x0) * width, (y1 - data.y[at]) / (y1 - y0) * height];
}

/* Write names on the map: selected and highlighted ones, the selected name's neighbours, then the
   most important others while there is space. */
function write() {
  const [ink, faint, halo, accent] = ["--ink", "--faint", "--paper", "--accent"].map(colour);
  const where = places(), [width, height] = mapSize();
  const seen = at => {
    const [x, y] = where(at);
    return x >= 0 && x <= width && y >= 0 && y <= height;
  };
  const chosen = [...new Set(selected >= 0 ? [selected, ...marked] : marked)].filter(seen);
  const near = selected < 0 ? [] : data.near[selected].filter(at =>
    at < data.names.length && at !== selected && !marked.has(at));
  lettering.clear();
  for (const at of near) lettering.line(where(selected), where(at), accent);
  const ringed = near.filter(seen);
  for (const at of ringed) lettering.dot(where(at), 4, data.colours[data.group[at]], accent);
  for (const at of chosen) lettering.dot(where(at), 5, accent, halo);
  const put = (at, style) => lettering.name(at, data.names[at], where(at), { halo, ...style });
  for (const at of chosen) put(at, { size: 15, bold: true, gap: 9, colour: accent, matters: true });
  for (const at of ringed) put(at, { size: 13, gap: 8, colour: ink, matters: true });
  const taken = new Set([...chosen, ...near]), others = activeGroup >= 0 ? members[activeGroup] : data.names.keys();
  const many = !data.named && data.names.reduce((count, _, at) => count + seen(at), 0) > FEW;
  let tried = 0, written = 0;
  for (const at of others) {
    if (many || tried >= TRIED || written >= LABELS) break;
    if (taken.has(at) || !seen(at)) continue;
    tried++;
    written += put(at, { size: 11, gap: 5, colour: selected >= 0 ? faint : ink });
  }
  lettering.write();
}

/* The name that is written at a pixel, or the nearest point within a radius in pixels; -1: none. */
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
  showPanel();
  shade(false);
  remember();
}

function select(at) {
  selected = at;
  show();
}

function toggle(at) {
  if (!marked.delete(at)) marked.add(at);
  show();
}

function toggleGroup(group) {
  activeGroup = activeGroup === group ? -1 : group;
  show();
}

/* The median distance on the map between a name and its nearest neighbours. */
function spread(at) {
  const distances = data.near[at].filter(other => other < data.names.length)
    .map(other => Math.hypot(data.x[other] - data.x[at], data.y[other] - data.y[at]));
  return distances.sort((a, b) => a - b)[distances.length >> 1] ?? Infinity;
}

/* Select a name, and move the view to it if it is out of view. `closely`: also zoom in until the names
   nearest to it are separate. */
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

/* Keep the selection and the view in the page's address, so that a link or a bookmark restores them. */
let remembered = "", waiting = 0, zoomed = false;
function remember() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const state = new URLSearchParams();
    if (selected >= 0) state.set("word", data.names[selected]);
    for (const at of marked) state.append("mark", data.names[at]);
    if (activeGroup >= 0) state.set("group", data.groups[activeGroup]);
    if (zoomed) state.set("view", view().map(number => number.toPrecision(6)).join(","));
    remembered = "#" + state;
    history.replaceState(null, "", remembered);
  }, 200);
}

/* Restore the selection and the view from the page's address. */
function recall() {
  const state = new URLSearchParams(location.hash.slice(1));
  const known = names => names.map(name => place.get(name)).filter(at => at !== undefined);
  if (location.hash.length > 1) marked = new Set(known(state.getAll("mark")));
  selected = known([state.get("word")])[0] ?? -1;
  activeGroup = data.groups.indexOf(state.get("group"));
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
  else if (event.key === "Escape" && (selected >= 0 || activeGroup >= 0)) [activeGroup, selected] = [-1, -1], show();
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
  else if (at !== selected) select(at);
});
chart.getZr().on("mousemove", event => {
  const tip = element("tip"), at = touched.matches ? -1 : hit(event.offsetX, event.offsetY, radius());
  tip.hidden = at < 0;
  chart.getZr().setCursorStyle(at < 0 ? "grab" : "pointer");
  if (at < 0) return;
  tip.replaceChildren();
  text("b", data.names[at], tip);
  text("div", facts(at), tip);
  putTip(event.offsetX, event.offsetY);
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
const searched = {
  none: "No name on this map matches.",
  names: () => data.names,
  fill(row, at) {
    dot(data.group[at], row);
    text("span", data.names[at], row);
    if (data.counts) text("small", data.counts[at].toLocaleString("en"), row);
  },
  take(at, highlight) {
    if (highlight && !marked.has(at)) marked.add(at);
    find(at, true);
  },
};
draw();
recall();
