/* The search runs in a worker, and this file changes how it is asked.

   MkDocs' plugin "offline" looks for the name of this file: without it, it would load another. */

/* The search leaves out pages with a word that has a hyphen before it: here it is an option. It has
   the words of min-count or min_count apart: a page must have all of them. */
const asked = (data) => typeof data?.data !== "string" ? data : {
  ...data,
  data: data.data
    .replace(/(^|\s)-+(?=\w)/g, "$1")
    .replace(/\w+(?:[-_][a-z0-9]+)+/gi, (name) => name.split(/[-_]/).map((w) => `+${w}`).join(" ")),
};

/* From disk a browser starts no workers, so a hidden frame does the work. */
class FrameWorker extends EventTarget {
  constructor(address) {
    super();
    this.frame = document.createElement("iframe");
    this.frame.hidden = true;
    document.body.append(this.frame);
    const inner = this.frame.contentWindow;
    const load = (each) => new Promise((done, failed) => {
      const script = inner.document.createElement("script");
      Object.assign(script, { src: each, onload: done, onerror: failed });
      inner.document.body.append(script);
    });
    inner.postMessage = (data) => {
      const event = new MessageEvent("message", { data });
      this.dispatchEvent(event);
      this.onmessage?.(event);
    };
    inner.importScripts = (...all) =>
      all.reduce((before, each) => before.then(() => load(each)), Promise.resolve());
    this.ready = load(address);
  }
  postMessage(data) {
    const { contentWindow } = this.frame;
    this.ready.then(() => contentWindow.dispatchEvent(new MessageEvent("message", { data })));
  }
  terminate() { this.frame.remove(); }
}

if (location.protocol === "file:") window.Worker = FrameWorker;
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (data, ...rest) { post.call(this, asked(data), ...rest); };
