import { grouped } from "./format";
import type { Scene } from "./ladder-scene";
import type { Viewport } from "./viewport";

/** A strip of the density: its rows, from and to, and where it is drawn. */
export interface Strip {
  from: number;
  to: number;
  y: number;
  tall: number;
}

/**
 * The strips that are drawn, each about two pixels tall. Where rows are even, every strip holds as many of them as the next:
 * else some would have one more, and a pattern would show that is not in the trace.
 */
export function densityStrips(view: Viewport): Strip[] {
  const TALL = 2;
  const strips: Strip[] = [];
  if (view.mode === "rows") {
    const each = Math.max(1, Math.round(TALL / view.scale));
    const first = Math.max(0, Math.floor((view.top - view.margin) / view.scale / each) * each);
    const edge = (row: number) => Math.round(row * view.scale - view.top + view.margin);
    for (let from = first; from < view.at.length && edge(from) <= view.height; from += each) {
      const to = Math.min(from + each, view.at.length);
      strips.push({ from, to, y: edge(from), tall: Math.max(edge(to) - edge(from), 1) });
    }
    return strips;
  }
  for (let y = 0, from = edgeRow(view, 0); y < view.height; y += TALL) {
    const to = edgeRow(view, y + TALL);
    strips.push({ from, to, y, tall: TALL });
    from = to;
  }
  return strips;
}

/** Too many to draw apart: how many there are, a strip a pixel, to the right for one direction and the other for the other. */
export function density(g: CanvasRenderingContext2D, { rows, view, density: sums, xs, tokens, fonts }: Scene): void {
  const own = xs.filter((_, at) => !rows.columns[at]?.shared);
  const left = Math.min(...own);
  const right = Math.max(...own);
  const middle = (left + right) / 2;
  const half = (right - left) / 2 - 14;
  const strips = densityStrips(view);
  const counts = strips.map((strip) => sums.counts(strip.from, strip.to));
  let most = 1;
  for (const c of counts) most = Math.max(most, c.toServer, c.toClient);
  counts.forEach((c, k) => {
    const { y, tall } = strips[k] as Strip;
    // A soft bar with a firm end: an outline that can be followed, however many strips there are.
    const bar = (token: string, soft: string, n: number, way: 1 | -1) => {
      const long = (n / most) * half;
      if (n === 0) return;
      g.fillStyle = tokens.get(soft);
      g.fillRect(way > 0 ? middle + 2 : middle - 2 - long, y, long, tall);
      g.fillStyle = tokens.get(token);
      const cap = Math.min(4, long);
      g.fillRect(way > 0 ? middle + 2 + long - cap : middle - 2 - long, y, cap, tall);
    };
    bar("--class-open", "--accent-soft", c.toServer, 1);
    bar("--class-data", "--line", c.toClient, -1);
    if (c.trouble) {
      g.fillStyle = tokens.get("--trouble");
      g.fillRect(left + 3, y, 8, tall);
    }
  });
  // Which way is which, and how much the longest strip stands for.
  g.font = `11px ${fonts.sans}`;
  g.textBaseline = "middle";
  const said = ([x, align, text]: [number, CanvasTextAlign, string]) => {
    const wide = g.measureText(text).width;
    g.textAlign = align;
    g.fillStyle = tokens.get("--paper");
    g.fillRect(align === "left" ? x - 4 : x - wide - 4, 3, wide + 8, 16);
    g.fillStyle = tokens.get("--muted");
    g.fillText(text, x, 11);
  };
  if (half > 60) {
    said([middle - 8, "right", "← to the client"]);
    said([middle + 8, "left", "to the server →"]);
    if (half > 250) said([right - 8, "right", `at most ${grouped(most)} a strip`]);
  }
}

/** The first row that stands at `y` or below. */
function edgeRow(view: Viewport, y: number): number {
  const ns = (view.at[0] ?? 0) + (y + view.top - view.margin - 14) / view.scale;
  let low = 0;
  let high = view.at.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if ((view.at[mid] ?? 0) < ns) low = mid + 1;
    else high = mid;
  }
  return low;
}
