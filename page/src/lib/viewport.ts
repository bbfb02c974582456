import { countUpTo } from "./trace";

/** Even rows, or true time. */
export type Mode = "rows" | "time";

/** The tallest element that a list may scroll: browsers cap heights at some 33 million pixels. */
export const TALLEST = 8_000_000;
/** Above this many arrows in view, their density is drawn instead. */
export const MOST_ARROWS = 500;
/** A row's height in pixels, where nothing is zoomed. */
export const ROW = 28;
/** In even rows an arrow drops by at most this share of a row: the order stays true, the slope is capped. */
const STEEPEST = 0.9;

/**
 * Where things stand on the ladder: from a row or a moment to a height in pixels and back. Its content may be far taller
 * than an element can be; `top` counts content pixels.
 */
export class Viewport {
  constructor(
    readonly at: Float64Array,
    readonly mode: Mode,
    /** Pixels a row, or pixels a nanosecond. */
    readonly scale: number,
    /** The content's pixel at the top of the view. */
    readonly top: number,
    /** The view's height in pixels. */
    readonly height: number,
    /** Empty pixels above the first row and below the last. */
    readonly margin: number = 14,
  ) {}

  /** The height of everything. */
  get content(): number {
    const last = this.at.length - 1;
    if (last < 0) return 0;
    return 2 * this.margin + (this.mode === "rows" ? this.at.length * this.scale : ((this.at[last] ?? 0) - (this.at[0] ?? 0)) * this.scale + ROW);
  }

  /** The top, kept inside the content. */
  clamp(top: number): number {
    return Math.min(Math.max(top, 0), Math.max(0, this.content - this.height));
  }

  /** The height of row `i`'s middle, from the view's top. */
  rowY(i: number): number {
    return this.margin - this.top + (this.mode === "rows" ? (i + 0.5) * this.scale : ((this.at[i] ?? 0) - (this.at[0] ?? 0)) * this.scale + ROW / 2);
  }

  /** The height of a moment. In even rows, between the rows around it in proportion to their time. */
  timeY(ns: number): number {
    if (this.mode === "time") return this.margin - this.top + (ns - (this.at[0] ?? 0)) * this.scale + ROW / 2;
    const after = countUpTo(this.at, ns);
    if (after === 0) return this.rowY(0) - this.scale / 2;
    const before = this.at[after - 1] ?? 0;
    if (after === this.at.length) return this.rowY(after - 1) + (ns > before ? this.scale / 2 : 0);
    const next = this.at[after] ?? 0;
    return this.rowY(after - 1) + ((ns - before) / (next - before)) * this.scale;
  }

  /** The height at which an arrow of row `i` has its end of moment `ns`; the row's own where that is not known. */
  endY(i: number, ns: number): number {
    const y = this.rowY(i);
    if (Number.isNaN(ns)) return y;
    if (Math.abs(ns - (this.at[i] ?? 0)) < 1) return y;
    const exact = this.timeY(ns);
    if (this.mode === "time") return exact;
    const most = this.scale * STEEPEST;
    return Math.min(Math.max(exact, y - most), y + most);
  }

  /** The rows that may be seen: first, and the one after the last. `around` more on both sides. */
  rows(around = 0): [number, number] {
    const n = this.at.length;
    if (n === 0) return [0, 0];
    let first: number;
    let end: number;
    if (this.mode === "rows") {
      first = Math.floor((this.top - this.margin) / this.scale);
      end = Math.ceil((this.top + this.height - this.margin) / this.scale);
    } else {
      const start = (this.at[0] ?? 0) + (this.top - this.margin - ROW) / this.scale;
      first = countUpTo(this.at, start - 1);
      end = countUpTo(this.at, start + (this.height + ROW) / this.scale);
    }
    return [Math.max(0, first - around), Math.min(n, Math.max(end, 0) + around)];
  }

  /** The row nearest to a height in the view. */
  rowAt(y: number): number {
    const n = this.at.length;
    const content = y + this.top - this.margin;
    if (this.mode === "rows") return Math.min(Math.max(Math.floor(content / this.scale), 0), n - 1);
    const ns = (this.at[0] ?? 0) + (content - ROW / 2) / this.scale;
    const after = countUpTo(this.at, ns);
    if (after === 0) return 0;
    if (after === n) return n - 1;
    return ns - (this.at[after - 1] ?? 0) <= (this.at[after] ?? 0) - ns ? after - 1 : after;
  }

  /** The same view with another scale, the point at height `y` staying where it is. */
  zoomed(factor: number, y: number): Viewport {
    const [least, most] = this.bounds();
    const scale = Math.min(Math.max(this.scale * factor, least), most);
    const fixed = (this.top + y - this.margin) * (scale / this.scale) + this.margin - y;
    const next = new Viewport(this.at, this.mode, scale, 0, this.height, this.margin);
    return next.fromTop(fixed);
  }

  /** The same view from another top. */
  fromTop(top: number): Viewport {
    return new Viewport(this.at, this.mode, this.scale, this.clamp(top), this.height, this.margin);
  }

  /** The view moved as little as needed to show row `i`. */
  showing(i: number): Viewport {
    const y = this.rowY(i);
    const room = Math.min(ROW * 1.5, this.height / 3);
    if (y < room) return this.fromTop(this.top + y - room);
    if (y > this.height - room) return this.fromTop(this.top + y - this.height + room);
    return this;
  }

  /** The scale at which everything fits. */
  fitting(): number {
    const room = Math.max(this.height - 2 * this.margin, 1);
    if (this.mode === "rows") return Math.min(room / Math.max(this.at.length, 1), ROW * 1.6);
    const span = (this.at[this.at.length - 1] ?? 0) - (this.at[0] ?? 0);
    return Math.max(room - ROW, 1) / Math.max(span, 1);
  }

  /** The smallest scale, at which everything fits, and the largest. */
  bounds(): [number, number] {
    return this.mode === "rows" ? [Math.min(this.fitting(), ROW), 56] : [this.fitting(), Math.max(this.fitting(), 0.01)];
  }
}

/** Moments for a ruler's ticks: round numbers of nanoseconds, at least `apart` pixels from each other. */
export function ticks(from: number, to: number, pixels: number, apart: number): number[] {
  const span = to - from;
  if (!(span > 0) || pixels <= 0) return [];
  const least = (span * apart) / pixels;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least) ?? least;
  const out: number[] = [];
  for (let n = Math.ceil(from / step); n * step <= to && out.length < 500; n++) out.push(n * step);
  return out;
}

/** A list's scroll position in an element that may be shorter than the list. */
export function scrolled(scrollTop: number, element: number, view: number, content: number): number {
  const room = element - view;
  return room <= 0 ? 0 : (scrollTop / room) * Math.max(0, content - view);
}
