/** A long silence that the axis shortens. */
export interface Break {
  from: number;
  to: number;
}

/** How many silences are shortened at most, and how much of the axis each of them then takes. */
const MOST_BREAKS = 12;
const BREAK_SHARE = 0.05;

/**
 * A run's time on a line from 0 to 1. A silence that would take more than half of what is left (a timeout of seconds in an
 * exchange of milliseconds) is shortened to a marked break, so that the rest can be seen; between breaks the line is true.
 */
export class Axis {
  readonly breaks: readonly Break[];
  private readonly times: number[] = [];
  private readonly places: number[] = [];

  constructor(at: ArrayLike<number>, readonly from: number, readonly to: number) {
    const gaps: Break[] = [];
    // Only gaps of at least a thirtieth can be half of what is left after a dozen breaks: few are kept and sorted.
    const least = (to - from) / 2 ** MOST_BREAKS;
    // A million packets pass here: nothing is made for those that follow closely.
    let before = at[0] ?? 0;
    for (let i = 1; i < at.length; i++) {
      const now = at[i] ?? 0;
      if (now - before > least) gaps.push({ from: before, to: now });
      before = now;
    }
    gaps.sort((a, b) => b.to - b.from - (a.to - a.from));
    const breaks: Break[] = [];
    let left = to - from;
    for (const gap of gaps.slice(0, MOST_BREAKS)) {
      if (gap.to - gap.from <= left / 2) break;
      breaks.push(gap);
      left -= gap.to - gap.from;
    }
    breaks.sort((a, b) => a.from - b.from);
    this.breaks = breaks;

    const share = breaks.length ? Math.min(BREAK_SHARE, 0.4 / breaks.length) : 0;
    const scale = left > 0 ? (1 - share * breaks.length) / left : 0;
    let time = from;
    let place = 0;
    this.times.push(time);
    this.places.push(place);
    for (const gap of breaks) {
      place += (gap.from - time) * scale;
      this.times.push(gap.from);
      this.places.push(place);
      place += share;
      time = gap.to;
      this.times.push(gap.to);
      this.places.push(place);
    }
    this.times.push(to);
    this.places.push(1);
  }

  /** Where a moment stands, 0 to 1. */
  place(ns: number): number {
    return between(this.times, this.places, ns);
  }

  /** The moment at a place. */
  moment(place: number): number {
    return between(this.places, this.times, place);
  }
}

/** Piecewise linear, clamped at both ends. */
function between(xs: readonly number[], ys: readonly number[], x: number): number {
  const last = xs.length - 1;
  if (!(x > (xs[0] ?? 0))) return ys[0] ?? 0;
  for (let i = 1; i <= last; i++) {
    const right = xs[i] ?? 0;
    if (x > right) continue;
    const left = xs[i - 1] ?? 0;
    const low = ys[i - 1] ?? 0;
    return right === left ? low : low + ((x - left) / (right - left)) * ((ys[i] ?? 0) - low);
  }
  return ys[last] ?? 0;
}
