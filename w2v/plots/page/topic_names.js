/* Names that the reader gives to topics. They are kept in this browser, and saved as a file on demand. A page has
   renamed(), which shows a new name. */
const KEPT = `w2v topic names ${data.key}`;
const names = [...data.names];

function recallNames() {
  let kept = [];
  try {
    kept = JSON.parse(localStorage.getItem(KEPT)) || [];
  } catch {} // a browser may keep nothing for files
  kept.forEach((name, topic) => { if (typeof name === "string" && topic < names.length) names[topic] = name; });
}

function rename(topic, name) {
  names[topic] = name.replace(/\s+/g, " ").trim();
  try {
    localStorage.setItem(KEPT, JSON.stringify(names));
  } catch {}
  element("download").disabled = !names.some(Boolean);
  renamed();
}

/* The text of a file that w2v topics --names reads. */
const namesFile = () => names.map((name, topic) => name && `${topic}\t${name}\n`).join("");

recallNames();
element("download").disabled = !names.some(Boolean);
element("download").onclick = () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([namesFile()], { type: "text/tab-separated-values" }));
  link.download = "names.tsv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
