"use strict";

/* The page's data: names, x, y, counts, group (of each name), groups, colours, marked, arrows, and of
   each name the places of its neighbours and their cosines; places from names.length on are those of
   others, neighbours that are not on the map. */
const data = JSON.parse(document.getElementById("data").textContent);
const LABELS = 150; // names written at once, if there is room
const chart = echarts.init(document.getElementById("map"), null, { renderer: "canvas" });
const element = id => document.getElementById(id);
const place = new Map(data.names.map((name, at) => [name, at]));
const members = data.colours.map(() => []);
data.group.forEach((group, at) => members[group].push(at));
let word = -1; // the place of the one that is looked at
let marked = new Set(data.marked);

const point = at => [data.x[at], data.y[at]];
const nameOf = at => at < data.names.length ? data.names[at] : data.others[at - data.names.length];
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/* What the axes reach: all points, at the same scale in both directions. */
function reach() {
  const box = element("map");
  const sides = [data.x, data.y].map(values => [Math.min(...values), Math.max(...values)]);
  const spans = sides.map(([low, high]) => (high - low || 1) * 1.08);
  const unit = Math.max(spans[0] / (box.clientWidth || 1), spans[1] / (box.clientHeight || 1));
  const half = [unit * box.clientWidth / 2, unit * box.clientHeight / 2];
  return sides.map(([low, high], n) => [(low + high) / 2 - half[n], (low + high) / 2 + half[n]]);
}

/* The part of the plane that is seen: x from, x to, y from, y to. */
function view() {
  const [x0, y1] = chart.convertFromPixel({ gridIndex: 0 }, [0, 0]);
  const [x1, y0] = chart.convertFromPixel({ gridIndex: 0 }, [chart.getWidth(), chart.getHeight()]);
  return [x0, x1, y0, y1];
}

function look([x0, x1, y0, y1]) {
  chart.dispatchAction({ type: "dataZoom", batch: [
    { dataZoomIndex: 0, startValue: x0, endValue: x1 },
    { dataZoomIndex: 1, startValue: y0, endValue: y1 },
  ] });
}

function draw() {
  const ink = colour("--ink");
  const [x, y] = reach();
  const axis = ([min, max]) => ({ type: "value", show: false, min, max });
  const zoom = { type: "inside", filterMode: "none", minSpan: 0.5 };
  const shown = {
    symbolSize: 4, emphasis: { disabled: true }, label: { show: false }, animation: false,
  };
  const written = {
    type: "scatter", animation: false, emphasis: { disabled: true },
    labelLayout: { hideOverlap: true },
  };
  chart.setOption({
    animation: false,
    grid: { left: 0, right: 0, top: 0, bottom: 0 },
    xAxis: axis(x), yAxis: axis(y),
    dataZoom: [{ ...zoom, xAxisIndex: 0 }, { ...zoom, yAxisIndex: 0 }],
    tooltip: { formatter: told, transitionDuration: 0, confine: true },
    series: [
      ...members.map((places, group) => ({
        ...shown, id: `group ${group}`, type: "scatter", large: true, largeThreshold: 1,
        itemStyle: { color: data.colours[group], opacity: 0.75 }, data: places.map(point),
      })),
      {
        id: "arrows", type: "line", data: [], silent: true,
        markLine: {
          silent: true, symbol: ["none", "arrow"], symbolSize: 9, label: { show: false },
          lineStyle: { color: ink, type: "solid", opacity: 0.6 },
          data: data.arrows.map(([a, b]) => [{ coord: point(a) }, { coord: point(b) }]),
        },
      },
      { ...written, id: "labels", symbolSize: 4, itemStyle: { opacity: 0 } },
      { ...written, id: "near", symbolSize: 7 },
      { ...written, id: "marked", symbolSize: 10 },
    ],
  });
  write();
}

/* Names on the map: of what is looked at, of what is near to that, and the first of the others. */
function write() {
  const ink = colour("--ink"), paper = colour("--paper"), accent = colour("--accent");
  const halo = { textBorderColor: paper, textBorderWidth: 3, position: "right", distance: 3, opacity: 1, minMargin: 4 };
  const item = at => ({ value: point(at), name: data.names[at], place: at });
  const label = { show: true, formatter: each => each.name, ...halo };
  const chosen = new Set(marked);
  if (word >= 0) chosen.add(word);
  const near = word < 0 ? [] : data.near[word].filter(at => at < data.names.length && !chosen.has(at));
  const taken = new Set([...chosen, ...near]);
  const [x0, x1, y0, y1] = view();
  const first = [];
  for (let at = 0; at < data.names.length && first.length < LABELS; at++) {
    const [x, y] = point(at);
    if (x0 <= x && x <= x1 && y0 <= y && y <= y1 && !taken.has(at)) first.push(at);
  }
  const ring = { borderColor: accent, borderWidth: 2 };
  chart.setOption({ series: [
    { id: "labels", data: first.map(item), label: { ...label, color: ink, fontSize: 11 } },
    { id: "near", data: near.map(item), itemStyle: { ...ring, color: paper },
      label: { ...label, color: ink, fontSize: 13 } },
    { id: "marked", data: [...chosen].map(item), itemStyle: { ...ring, color: accent },
      label: { ...label, color: accent, fontSize: 15, fontWeight: "bold" } },
  ] });
}

function placeOf(event) {
  const found = event.data && event.data.place;
  if (found !== undefined) return found;
  const group = /^group (\d+)$/.exec(event.seriesId || "");
  return group ? members[group[1]][event.dataIndex] : -1;
}

function text(tag, content, parent) {
  const made = document.createElement(tag);
  made.textContent = content;
  parent.append(made);
  return made;
}

function told(event) {
  const at = placeOf(event), box = document.createElement("div");
  if (at >= 0) text("b", data.names[at], box);
  if (at >= 0) text("div", facts(at), box);
  return box;
}

function facts(at) {
  const count = data.counts ? [plural(data.counts[at], "time")] : [];
  return [...count, ...(data.groups.length ? [data.groups[data.group[at]]] : [])].join(" · ");
}

/* The panel: a name and what is nearest to it, or what the colours mean. */
function tell() {
  const panel = element("panel");
  panel.replaceChildren();
  if (word >= 0) {
    text("h1", data.names[word], panel);
    text("p", facts(word), panel);
    const mark = text("button", marked.has(word) ? "Highlighted" : "Highlight", panel);
    mark.setAttribute("aria-pressed", marked.has(word));
    mark.onclick = () => toggle(word);
    const list = text("ol", "", panel);
    data.near[word].forEach((at, rank) => {
      const row = text("li", "", list);
      const known = at < data.names.length;
      const name = text(known ? "button" : "span", nameOf(at), row);
      if (known) name.onclick = () => select(at);
      else name.title = "not on the map";
      text("b", data.cosines[word][rank].toFixed(4), row);
    });
  } else {
    text("h1", data.title, panel);
    text("p", data.about, panel);
  }
  if (data.groups.length) {
    const list = text("ul", "", panel);
    data.groups.forEach((name, group) => {
      const row = text("li", "", list);
      row.style.justifyContent = "flex-start";
      row.style.gap = "0";
      text("i", "", row).style.background = data.colours[group];
      text("span", name, row);
    });
  }
  const list = element("marked");
  list.replaceChildren();
  for (const at of marked) {
    const chip = text("button", `${data.names[at]} ×`, text("li", "", list));
    chip.setAttribute("aria-label", `Do not highlight ${data.names[at]}`);
    chip.onclick = () => toggle(at);
  }
}

function show() {
  write();
  tell();
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

/* Go where a name is, if it is not seen. */
function find(at) {
  const [x, y] = point(at), [x0, x1, y0, y1] = view();
  const width = x1 - x0, height = y1 - y0;
  if (x < x0 || x > x1 || y < y0 || y > y1) {
    look([x - width / 2, x + width / 2, y - height / 2, y + height / 2]);
  }
  select(at);
}

/* The address says what is seen, so that it can be passed on. */
let remembered = "", waiting = 0;
function remember() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const state = new URLSearchParams();
    if (word >= 0) state.set("word", data.names[word]);
    for (const at of marked) state.append("mark", data.names[at]);
    if (zoomed) state.set("view", view().map(number => number.toPrecision(6)).join(","));
    remembered = "#" + state;
    history.replaceState(null, "", remembered);
  }, 200);
}

let zoomed = false;
function recall() {
  if (location.hash === remembered) return;
  const state = new URLSearchParams(location.hash.slice(1));
  const known = names => names.map(name => place.get(name)).filter(at => at !== undefined);
  if (location.hash.length > 1) marked = new Set(known(state.getAll("mark")));
  word = known([state.get("word")])[0] ?? -1;
  const seen = (state.get("view") || "").split(",").map(Number);
  if (seen.length === 4 && seen.every(Number.isFinite)) look(seen);
  show();
}

/* Names for the search: those that begin so, then those that hold it. */
function complete() {
  const begun = element("search").value.toLowerCase();
  const found = [[], []];
  for (const name of begun ? data.names : []) {
    const at = name.toLowerCase().indexOf(begun);
    if (at >= 0) found[at === 0 ? 0 : 1].push(name);
    if (found[0].length >= 20) break;
  }
  const offers = found.flat().slice(0, 20).map(name => new Option(name, name));
  element("found").replaceChildren(...offers);
}

function search(event) {
  if (event) event.preventDefault();
  const wanted = element("search").value;
  const offer = element("found").firstElementChild;
  const at = place.get(wanted) ?? (event && offer ? place.get(offer.value) : undefined);
  if (at === undefined) return;
  element("search").value = "";
  element("found").replaceChildren();
  find(at);
}

element("ask").onsubmit = search;
element("search").oninput = event => {
  complete();
  if (event.inputType === "insertReplacementText" || !event.inputType) search();
};
element("whole").onclick = () => {
  chart.dispatchAction({ type: "dataZoom", batch: [0, 1].map(dataZoomIndex =>
    ({ dataZoomIndex, start: 0, end: 100 })) });
  zoomed = false;
  remember();
};
chart.on("click", event => {
  const at = placeOf(event);
  if (at < 0) return;
  if (event.event.event.shiftKey) toggle(at);
  else select(at);
});
let due = 0;
chart.on("datazoom", () => {
  zoomed = true;
  cancelAnimationFrame(due);
  due = requestAnimationFrame(write);
  remember();
});
addEventListener("resize", () => { chart.resize(); draw(); });
addEventListener("hashchange", recall);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
recall();
tell();
