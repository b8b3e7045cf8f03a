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
