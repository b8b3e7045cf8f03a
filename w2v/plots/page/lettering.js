/* Names beside their points, none covering another, on a canvas above the canvas of the points. Drawing
   them in this way takes less time than the labels of ECharts. */
const LONGEST = 40; // letters of a name; the rest is cut

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const meet = (box, other) =>
  box[0] < other[2] + 3 && box[2] > other[0] - 3 && box[1] < other[3] && box[3] > other[1];

/* Boxes for a name around a point, in order of preference: right, left, above, below, diagonals. */
function around(x, y, width, height, gap) {
  const near = gap * 0.7;
  return [
    [x + gap, y - height / 2], [x - gap - width, y - height / 2],
    [x - width / 2, y - gap - height], [x - width / 2, y + gap],
    [x + near, y - near - height], [x - near - width, y - near - height],
    [x + near, y + near], [x - near - width, y + near],
  ].map(([left, top]) => [left, top, left + width, top + height]);
}

class Lettering {
  constructor(canvas) {
    this.canvas = canvas;
    this.ink = canvas.getContext("2d");
    this.widths = new Map();
    this.family = getComputedStyle(document.body).fontFamily;
    this.boxes = []; // names to write: index of the name, box [x0, y0, x1, y1], text and style
    this.above = this.below = 2; // pixels at the upper and the lower edge that stay free of names
  }

  /* Clear the canvas, and adapt it to its size on the page. */
  clear() {
    const { clientWidth: width, clientHeight: height } = this.canvas, scale = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [width * scale, height * scale];
    this.ink.setTransform(scale, 0, 0, scale, 0, 0);
    this.ink.textBaseline = "middle";
    this.ink.lineJoin = "round";
    this.boxes = [];
    this.dots = []; // boxes of dots that names should not cover
  }

  line([x0, y0], [x1, y1], colour) {
    Object.assign(this.ink, { strokeStyle: colour, lineWidth: 1, globalAlpha: 0.45 });
    this.ink.beginPath();
    this.ink.moveTo(x0, y0);
    this.ink.lineTo(x1, y1);
    this.ink.stroke();
    this.ink.globalAlpha = 1;
  }

  dot([x, y], radius, fill, ring) {
    Object.assign(this.ink, { fillStyle: fill, strokeStyle: ring, lineWidth: 2 });
    this.ink.beginPath();
    this.ink.arc(x, y, radius, 0, 2 * Math.PI);
    this.ink.fill();
    this.ink.stroke();
    this.dots.push([x - radius, y - radius, x + radius, y + radius]);
  }

  /* Find a place for a name beside its point; returns whether there is one. A name that `matters` may be
     farther from its point, joined to it by a line, and may cover dots. A name that fits in a circle with
     the radius `inside` around its point is written there. */
  name(place, name, [x, y], { size, bold, gap, colour, halo, matters, inside = 0 }) {
    const letters = [...name.slice(0, 2 * LONGEST)];
    const text = letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : name;
    const font = `${bold ? "bold " : ""}${size}px ${this.family}`, key = font + text;
    this.ink.font = font;
    if (!this.widths.has(key)) this.widths.set(key, this.ink.measureText(text).width);
    const width = this.widths.get(key), height = size * 1.2;
    const middle = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
    const fits = Math.hypot(width, height) < 2 * inside;
    const offers = [...(fits ? [middle] : []), ...around(x, y, width, height, gap)].filter(box => this.free(box));
    let box = offers.find(box => !this.dots.some(dot => meet(box, dot)));
    for (let far = gap; matters && !box && far < 120; far += 16) {
      box = around(x, y, width, height, far).find(box => this.free(box));
      if (box && far > gap) this.line([x, y], [clamp(x, box[0], box[2]), clamp(y, box[1], box[3])], colour);
    }
    if (box) this.boxes.push({ place, box, text, font, colour, halo });
    return Boolean(box);
  }

  /* Draw the names, above all lines and dots. */
  write() {
    for (const { box: [x0, y0, , y1], text, font, colour, halo } of this.boxes) {
      Object.assign(this.ink, { font, strokeStyle: halo, lineWidth: 3, fillStyle: colour });
      this.ink.strokeText(text, x0, (y0 + y1) / 2);
      this.ink.fillText(text, x0, (y0 + y1) / 2);
    }
  }

  /* Whether a box is in the part of the canvas for names, and covers no name. */
  free(box) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return box[0] >= 2 && box[1] >= this.above && box[2] <= width - 2 && box[3] <= height - this.below
      && !this.boxes.some(each => meet(box, each.box));
  }

  /* The index of the name that is written at x, y; -1: none. */
  at(x, y) {
    const found = this.boxes.find(({ box }) => box[0] <= x && x <= box[2] && box[1] <= y && y <= box[3]);
    return found ? found.place : -1;
  }
}
