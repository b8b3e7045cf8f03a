/* A plane of points behind a canvas: zoom by the wheel, by two fingers and by calls; shift by dragging. */
const CLOSEST = 40; // largest zoom

class Plane {
  /* `onchange` is called after each change of the view; `onclick` and `onhover` with a position in pixels,
     and `onhover` without one when the pointer leaves. */
  constructor(canvas, xs, ys, { onchange, onclick, onhover }) {
    Object.assign(this, { canvas, xs, ys, onchange, onclick, onhover });
    this.pointers = new Map();
    this.size = [1, 1];
    this.all();
    canvas.addEventListener("wheel", event => {
      event.preventDefault();
      this.zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.offsetX, event.offsetY);
    }, { passive: false });
    canvas.addEventListener("pointerdown", event => this.down(event));
    canvas.addEventListener("pointermove", event => this.moved(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, event => this.up(event));
    canvas.addEventListener("pointerleave", () => this.onhover());
  }

  /* Show all points. */
  all() {
    this.zoom = 1;
    this.middle = [this.xs, this.ys].map(values => (Math.min(...values) + Math.max(...values)) / 2);
  }

  /* Adapt to the size of the canvas; `margins` are kept free of points, in pixels: horizontal, vertical. */
  fit(width, height, margins) {
    const spans = [this.xs, this.ys].map(values => Math.max(...values) - Math.min(...values));
    const scales = [width, height].map((length, n) => Math.max(length - 2 * margins[n], 20) / (spans[n] || 1e-9));
    this.size = [width, height];
    this.scale = Math.min(...scales, 1e6);
  }

  /* The pixel of a point. */
  pixel(at) {
    const [width, height] = this.size, scale = this.scale * this.zoom;
    return [width / 2 + (this.xs[at] - this.middle[0]) * scale, height / 2 - (this.ys[at] - this.middle[1]) * scale];
  }

  zoomAt(factor, x = this.size[0] / 2, y = this.size[1] / 2) {
    const before = this.scale * this.zoom, zoom = clamp(this.zoom * factor, 1, CLOSEST);
    const right = x - this.size[0] / 2, down = y - this.size[1] / 2, after = this.scale * zoom;
    this.middle[0] += right / before - right / after;
    this.middle[1] -= down / before - down / after;
    this.zoom = zoom;
    this.shift(0, 0);
  }

  /* Move the view by pixels, within the points. */
  shift(right, down) {
    const scale = this.scale * this.zoom;
    this.middle = [this.middle[0] - right / scale, this.middle[1] + down / scale].map((value, n) =>
      this.zoom === 1 ? (Math.min(...[this.xs, this.ys][n]) + Math.max(...[this.xs, this.ys][n])) / 2
        : clamp(value, Math.min(...[this.xs, this.ys][n]), Math.max(...[this.xs, this.ys][n])));
    this.onchange();
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (this.pointers.size === 1) this.travelled = 0;
  }

  moved(event) {
    const before = this.pointers.get(event.pointerId), now = [event.offsetX, event.offsetY];
    if (!before) return this.onhover(...now);
    this.travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const apart = place => Math.hypot(place[0] - other[0], place[1] - other[1]);
      this.zoomAt(apart(now) / Math.max(apart(before), 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    } else if (this.travelled > 4) this.shift(now[0] - before[0], now[1] - before[1]);
    this.pointers.set(event.pointerId, now);
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId) || event.type === "pointercancel") return;
    if (this.travelled <= 4 && !this.pointers.size) this.onclick(event.offsetX, event.offsetY);
  }
}
