/* The search field, and the list of matching names below it. The page says what is searched in an object
   `searched`: the names(), fill(row, at) of a line of the list, take(at, shift) of a choice, and `none`, the
   message if no name matches. A name is referred to by its index in names(), called `at`. */
const OFFERS = 12; // most names in the list

/* A text in lower case. That of İ has two characters in JavaScript: i with a dot above. */
const folded = text => text.replaceAll("İ", "i").toLowerCase();

/* Names that match a search: those that are it exactly, such as a word and a topic of the same name, those that
   begin with it, and those that contain it. */
function matching(wanted) {
  const names = searched.names(), lower = folded(wanted), found = [[], [], []];
  names.forEach((name, at) => { if (name === wanted) found[0].push(at); });
  for (let at = 0; lower && at < names.length && found[1].length < OFFERS; at++) {
    const where = folded(names[at]).indexOf(lower);
    if (where >= 0 && names[at] !== wanted) found[where ? 2 : 1].push(at);
  }
  return found.flat().slice(0, OFFERS);
}

let offers = [], offered = 0;
function complete() {
  const field = element("search"), list = element("found");
  offers = matching(field.value);
  if (!offers.length) offers = matching(field.value.trim()); // a pasted name may have blanks around it
  list.replaceChildren();
  offers.forEach((at, rank) => {
    const row = text("li", "", list, { role: "option", id: `offer${rank}` });
    searched.fill(row, at);
    row.onpointerdown = event => event.preventDefault(); // keeps the focus in the field
    row.onclick = event => take(at, event.shiftKey);
  });
  if (field.value && !offers.length) text("li", searched.none, list, { class: "none" });
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

function take(at, shift) {
  element("search").value = "";
  complete();
  searched.take(at, shift);
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
