/* The search field, and the list of matching names below it. */
const OFFERS = 12; // most names in the list

/* Names that match a search: the exact name, names that begin with it, names that contain it. */
function matching(wanted) {
  const lower = wanted.toLowerCase(), found = [[], [], []];
  if (place.has(wanted)) found[0].push(place.get(wanted));
  for (let at = 0; lower && at < data.names.length && found[1].length < OFFERS; at++) {
    const where = data.names[at].toLowerCase().indexOf(lower);
    if (where >= 0 && data.names[at] !== wanted) found[where ? 2 : 1].push(at);
  }
  return found.flat().slice(0, OFFERS);
}

let offers = [], offered = 0;
function complete() {
  const field = element("search"), list = element("found");
  offers = matching(field.value);
  list.replaceChildren();
  offers.forEach((at, rank) => {
    const row = text("li", "", list, { role: "option", id: `offer${rank}` });
    dot(data.group[at], row);
    text("span", data.names[at], row);
    if (data.counts) text("small", data.counts[at].toLocaleString("en"), row);
    row.onpointerdown = event => event.preventDefault(); // keeps the focus in the field
    row.onclick = event => take(at, event.shiftKey);
  });
  if (field.value && !offers.length) text("li", "No name on this map matches.", list, { class: "none" });
  list.hidden = !field.value;
  field.setAttribute("aria-expanded", offers.length > 0);
  offer(0);
}

function offer(rank) {
  offered = offers.length ? (rank + offers.length) % offers.length : 0;
  [...element("found").children].forEach((row, at) => {
    row.setAttribute("aria-selected", at === offered && offers.length > 0);
    if (at === offered) row.scrollIntoView({ block: "nearest" });
  });
  if (offers.length) element("search").setAttribute("aria-activedescendant", `offer${offered}`);
  else element("search").removeAttribute("aria-activedescendant");
}

function take(at, highlight) {
  element("search").value = "";
  complete();
  if (highlight && !marked.has(at)) marked.add(at);
  find(at, true);
}

element("search").oninput = complete;
element("search").onfocus = complete;
element("search").onblur = () => { element("found").hidden = true; };
element("search").onkeydown = event => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.isComposing) return; // an input method is composing a letter
  if (event.key === "Escape") {
    event.stopPropagation();
    if (!event.target.value) event.target.blur();
    event.target.value = "";
    complete();
  } else if (event.key === "Enter" && offers.length) take(offers[offered], event.shiftKey);
  else if (step && offers.length) offer(offered + step);
  else return;
  event.preventDefault();
};
element("ask").onsubmit = event => event.preventDefault();
