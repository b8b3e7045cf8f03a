"use strict";

/* What all pages need: their data, and functions that find and make elements. */
const data = JSON.parse(document.getElementById("data").textContent);
const element = id => document.getElementById(id);
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

function text(tag, content, parent, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = content;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
  return made;
}

function button(content, parent, onclick, attributes = {}) {
  const made = text("button", content, parent, { type: "button", ...attributes });
  made.onclick = onclick;
  return made;
}

/* A dot in the colour of a group. */
function dot(group, parent) {
  const made = text("i", "", parent, { class: "dot" });
  made.style.background = data.colours[group];
  return made;
}

/* Put the tip beside a pixel of the map, and within the map. */
function putTip(x, y) {
  const tip = element("tip"), { clientWidth: width, clientHeight: height } = element("map");
  const left = Math.min(x + 14, width - tip.offsetWidth - 4);
  const top = y + 14 + tip.offsetHeight > height ? y - tip.offsetHeight - 10 : y + 14;
  Object.assign(tip.style, { left: `${Math.max(left, 4)}px`, top: `${Math.max(top, 4)}px` });
}
