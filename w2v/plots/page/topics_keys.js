/* The buttons, the keys and the address of the pages of topics. A page has drawMap(), select(topic), clear(),
   isSelected(), middle() (the pixel around which it zooms; empty: the middle of the map), state() (what its
   address holds, as URLSearchParams) and recall(), which restores that. */

/* Select the topic after or before the selected one, in the order of their sizes. */
function step(by) {
  const at = data.order.indexOf(topic), count = topics.length;
  select(data.order[topic < 0 ? (by > 0 ? 0 : count - 1) : (at + by + count) % count]);
}

/* Keep what is selected in the page's address, so that a link or a bookmark restores it. */
let remembered = "";
function remember() {
  remembered = `#${state()}`;
  history.replaceState(null, "", remembered);
  element("all").disabled = !isSelected();
}

function whole() {
  plane.all();
  drawMap();
}

function zoom(factor) {
  plane.zoomAt(factor, ...middle());
}

element("previous").onclick = () => step(-1);
element("next").onclick = () => step(1);
element("all").onclick = clear;
element("in").onclick = () => zoom(1.5);
element("out").onclick = () => zoom(1 / 1.5);
element("whole").onclick = whole;
addEventListener("keydown", event => {
  if (["INPUT", "SELECT"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
  const inPanel = element("panel").contains(event.target);
  const by = { ArrowRight: 1, ArrowLeft: -1, ...(inPanel ? {} : { ArrowDown: 1, ArrowUp: -1 }) }[event.key];
  if (event.key === "/") element("search").focus();
  else if (event.key === "Escape" && isSelected()) clear();
  else if (event.key === "0") whole();
  else if ("+=-".includes(event.key)) zoom(event.key === "-" ? 1 / 1.5 : 1.5);
  else if (by) step(by);
  else return;
  event.preventDefault();
});
addEventListener("hashchange", () => { if (location.hash !== remembered) recall(); });
new ResizeObserver(drawMap).observe(element("map"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawMap);
recall();
