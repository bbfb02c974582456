import type { Density } from "./density";
import type { Rows } from "./rows";
import type { Tokens } from "./tokens";
import type { Viewport } from "./viewport";

/** What of a ladder is drawn now. */
export interface Scene {
  rows: Rows;
  view: Viewport;
  density: Density;
  tokens: Tokens;
  width: number;
  /** Where the columns stand. */
  xs: readonly number[];
  /** The gutter's width at the left, for numbers and times. */
  gutter: number;
  /** The row that is selected. */
  selected: number;
  moment: number;
  classNames: readonly string[];
  places: (lostAt: number) => string;
  repeats: (i: number) => number;
  roundTrip: number | null;
  origin: number;
  /** The first row that is not shown yet. */
  veil: number;
  /** Where the arrows' room ends and the words' begins. */
  arrowsEnd: number;
  fonts: { sans: string; mono: string };
}

/** Where an arrow begins and ends. */
export interface Ends {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  lost: boolean;
}

/** Where the arrow of row `i` begins and ends. */
export function ends({ rows, view, xs, roundTrip }: Scene, i: number): Ends {
  const x1 = xs[rows.from[i] ?? 0] ?? 0;
  let x2 = xs[rows.to[i] ?? 0] ?? 0;
  const y1 = view.endY(i, rows.sent[i] ?? NaN);
  const lost = (rows.lostAt[i] ?? 0) !== 0;
  let y2 = view.endY(i, lost ? (rows.lostNs[i] ?? NaN) : (rows.arrived[i] ?? NaN));
  if (lost) {
    // How far it came, as a share of the way that takes half a round trip; never quite nothing, never quite there.
    const flown = (rows.lostNs[i] ?? NaN) - (rows.sent[i] ?? NaN);
    const share = roundTrip && !Number.isNaN(flown) ? Math.min(Math.max(flown / (roundTrip / 2), 0.3), 0.75) : 0.55;
    x2 = x1 + (x2 - x1) * share;
  }
  // Where rows are even, a loss ends before the next row's words begin.
  if (lost && view.mode === "rows") y2 = Math.min(y2, y1 + view.scale * 0.3);
  if (y2 < y1 && !Number.isNaN(rows.sent[i] ?? NaN)) y2 = y1;
  return { x1, y1, x2, y2, lost };
}
