import type { Density } from "./density";
import { clock, grouped, span } from "./format";
import { look } from "./looks";
import type { Rows } from "./rows";
import type { Tokens } from "./tokens";
import { MOST_ARROWS, ticks, type Viewport } from "./viewport";

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

const HEAD = 7;

/** Draws the ladder: lifelines, then either arrows or, where there are too many, their density. */
export function draw(g: CanvasRenderingContext2D, scene: Scene): { arrows: number; touched: number } {
  const { view, width, tokens, rows } = scene;
  g.clearRect(0, 0, width, view.height);
  const [first, last] = view.rows(1);
  const end = Math.min(last, scene.veil);
  lifelines(g, scene);
  if (rows.count === 0) return { arrows: 0, touched: 0 };
  if (end - first > MOST_ARROWS) {
    density(g, scene);
    if (view.mode === "time") ruler(g, scene);
    else numbers(g, scene);
    now(g, scene);
    return { arrows: 0, touched: view.height };
  }
  band(g, scene);
  if (view.mode === "time") ruler(g, scene);
  else gaps(g, scene, first, end);
  now(g, scene);
  // What is in flight may begin or end far from its row: a burst's arrows are drawn from a little outside the view.
  const [from, far] = view.rows(40);
  const to = Math.min(far, scene.veil);
  for (let i = from; i < to; i++) repeatBind(g, scene, i);
  for (let i = from; i < to; i++) arrow(g, scene, i);
  labels(g, scene, first, end);
  g.fillStyle = tokens.get("--ink");
  return { arrows: to - from, touched: to - from };
}

function lifelines(g: CanvasRenderingContext2D, { xs, view, tokens }: Scene): void {
  g.strokeStyle = tokens.get("--line-strong");
  g.lineWidth = 1;
  g.setLineDash([]);
  g.beginPath();
  for (const x of xs) {
    g.moveTo(Math.round(x) + 0.5, 0);
    g.lineTo(Math.round(x) + 0.5, view.height);
  }
  g.stroke();
}

/** The selected row's background. */
function band(g: CanvasRenderingContext2D, { view, selected, width, tokens }: Scene): void {
  if (selected < 0) return;
  const tall = view.mode === "rows" ? view.scale : 22;
  g.fillStyle = tokens.get("--accent-soft");
  g.fillRect(0, view.rowY(selected) - tall / 2, width, tall);
  g.fillStyle = tokens.get("--accent");
  g.fillRect(0, view.rowY(selected) - tall / 2, 3, tall);
}

/** The line of the present moment, where it is not the selected packet's own. */
function now(g: CanvasRenderingContext2D, { view, moment, width, tokens, rows, selected, gutter }: Scene): void {
  if (selected >= 0 && Math.abs((rows.at[selected] ?? 0) - moment) < 1 && view.mode === "rows" && !rows.everyHop) return;
  const y = Math.round(view.timeY(moment)) + 0.5;
  if (y < 0 || y > view.height) return;
  g.strokeStyle = tokens.get("--accent");
  g.lineWidth = 1;
  g.setLineDash([]);
  g.beginPath();
  g.moveTo(gutter + 2, y);
  g.lineTo(width, y);
  g.stroke();
  g.fillStyle = tokens.get("--accent");
  g.beginPath();
  g.moveTo(gutter - 3, y - 4);
  g.lineTo(gutter + 4, y);
  g.lineTo(gutter - 3, y + 4);
  g.fill();
}

/** True time: milliseconds at the left, and round trips as faint bands of the main path's length. */
function ruler(g: CanvasRenderingContext2D, scene: Scene): void {
  const { view, tokens, gutter, xs, roundTrip, origin, fonts, width } = scene;
  const start = (scene.rows.at[0] ?? 0) + (view.top - view.margin - 14) / view.scale;
  const stop = start + view.height / view.scale;
  g.font = `11px ${fonts.mono}`;
  g.textBaseline = "middle";
  g.textAlign = "right";
  g.setLineDash([]);
  g.lineWidth = 1;
  const right = Math.max(...xs, gutter);
  if (roundTrip && roundTrip * view.scale > 18) {
    g.strokeStyle = tokens.get("--line");
    g.fillStyle = tokens.get("--muted");
    const first = Math.max(0, Math.floor((start - origin) / roundTrip));
    for (let k = first; origin + k * roundTrip <= stop && k < first + 400; k++) {
      const y = Math.round(view.timeY(origin + k * roundTrip)) + 0.5;
      g.beginPath();
      g.moveTo(gutter, y);
      g.lineTo(Math.min(right + 40, width), y);
      g.stroke();
      g.textAlign = "left";
      if (k > 0) g.fillText(`${k} RTT`, Math.min(right + 6, width - 44), y - 7);
    }
  }
  g.textAlign = "right";
  g.fillStyle = tokens.get("--muted");
  for (const at of ticks(start, stop, view.height, 64)) {
    const y = view.timeY(at);
    g.fillText(clock(at).replace(/\.?0+$/, ""), gutter - 16, y);
    g.fillRect(gutter - 12, Math.round(y), 5, 1);
  }
}

/** Long silences between even rows, said where they are. */
function gaps(g: CanvasRenderingContext2D, { rows, view, tokens, xs, roundTrip, fonts, gutter }: Scene, first: number, end: number): void {
  if (view.scale < 20) return;
  const least = Math.max(3 * (roundTrip ?? 0), 20e6);
  g.font = `11px ${fonts.sans}`;
  g.textAlign = "left";
  g.textBaseline = "middle";
  for (let i = Math.max(first, 1); i < end; i++) {
    const gap = (rows.at[i] ?? 0) - (rows.at[i - 1] ?? 0);
    if (gap < least) continue;
    const y = Math.round(view.rowY(i) - view.scale / 2) + 0.5;
    for (const x of xs) {
      const at = Math.round(x) + 0.5;
      g.strokeStyle = tokens.get("--paper");
      g.lineWidth = 5;
      g.setLineDash([]);
      g.beginPath();
      g.moveTo(at, y - 4);
      g.lineTo(at, y + 4);
      g.stroke();
      g.strokeStyle = tokens.get("--line-strong");
      g.lineWidth = 1;
      g.beginPath();
      g.moveTo(at - 4, y - 2);
      g.lineTo(at + 4, y - 5);
      g.moveTo(at - 4, y + 5);
      g.lineTo(at + 4, y + 2);
      g.stroke();
    }
    const text = `${span(gap)} of silence`;
    const x = (xs[0] ?? gutter) + 12;
    const wide = g.measureText(text).width;
    g.fillStyle = tokens.get("--paper");
    g.fillRect(x - 4, y - 7, wide + 8, 14);
    g.fillStyle = tokens.get("--muted");
    g.fillText(text, x, y + 0.5);
  }
}

interface Ends {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  lost: boolean;
}

function ends({ rows, view, xs, roundTrip }: Scene, i: number): Ends {
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

function arrow(g: CanvasRenderingContext2D, scene: Scene, i: number): void {
  const { rows, tokens, classNames, view, moment } = scene;
  const { x1, y1, x2, y2, lost } = ends(scene, i);
  if (Math.max(y1, y2) < -20 || Math.min(y1, y2) > view.height + 20) return;
  const style = look(classNames[rows.class[i] ?? 0] ?? "other");
  const future = (rows.at[i] ?? 0) > moment + 0.5;
  const color = tokens.get(style.token);
  g.strokeStyle = color;
  g.fillStyle = color;
  g.lineWidth = future ? 1 : style.width;
  g.setLineDash(style.dash as number[]);
  if (x1 === x2) {
    loop(g, x1, y1);
    return;
  }
  const dx = x2 - x1;
  const dy = y2 - y1;
  const long = Math.hypot(dx, dy) || 1;
  const ux = dx / long;
  const uy = dy / long;
  const back = lost ? 0 : HEAD - 1;
  g.beginPath();
  g.moveTo(x1, y1);
  g.lineTo(x2 - ux * back, y2 - uy * back);
  g.stroke();
  g.setLineDash([]);
  if (lost) {
    cross(g, scene, x2, y2);
    return;
  }
  head(g, style.head, x2, y2, ux, uy);
}

function head(g: CanvasRenderingContext2D, kind: string, x: number, y: number, ux: number, uy: number): void {
  const nx = -uy;
  const ny = ux;
  const point = (along: number, across: number): [number, number] => [x - ux * along + nx * across, y - uy * along + ny * across];
  const wings = (at: number, fill: boolean) => {
    g.beginPath();
    g.moveTo(...point(at + HEAD, HEAD * 0.5));
    g.lineTo(...point(at, 0));
    g.lineTo(...point(at + HEAD, -HEAD * 0.5));
    if (fill) {
      g.closePath();
      g.fill();
    } else {
      g.lineWidth = 1.5;
      g.stroke();
    }
  };
  switch (kind) {
    case "open":
      wings(0, false);
      break;
    case "double":
      wings(0, true);
      wings(HEAD, true);
      break;
    case "bar":
      wings(1, true);
      g.lineWidth = 2;
      g.beginPath();
      g.moveTo(...point(0, HEAD * 0.7));
      g.lineTo(...point(0, -HEAD * 0.7));
      g.stroke();
      break;
    case "cross":
      wings(HEAD, true);
      g.lineWidth = 2;
      g.beginPath();
      g.moveTo(...point(0, 5));
      g.lineTo(...point(7, -5));
      g.moveTo(...point(7, 5));
      g.lineTo(...point(0, -5));
      g.stroke();
      break;
    case "dot": {
      wings(0, true);
      const [cx, cy] = point(HEAD + 7, 0);
      g.beginPath();
      g.arc(cx, cy, 3.8, 0, 7);
      g.fill();
      break;
    }
    default:
      wings(0, true);
  }
}

/** A packet that a machine sends to itself. */
function loop(g: CanvasRenderingContext2D, x: number, y: number): void {
  g.beginPath();
  g.arc(x + 9, y, 7, Math.PI * 0.8, Math.PI * 3.1);
  g.stroke();
  g.setLineDash([]);
}

/** A retransmission is bound to what it repeats by a bracket at its sender's line. */
function repeatBind(g: CanvasRenderingContext2D, scene: Scene, i: number): void {
  const { rows, tokens, xs, view } = scene;
  if (rows.everyHop) return;
  const first = scene.repeats(i);
  if (!first) return;
  const a = ends(scene, first - 1);
  const b = ends(scene, i);
  if (Math.max(a.y1, b.y1) < 0 || Math.min(a.y1, b.y1) > view.height) return;
  const x = xs[rows.from[i] ?? 0] ?? 0;
  const inward = x === Math.min(...xs) ? -1 : 1;
  g.strokeStyle = tokens.get("--trouble");
  g.lineWidth = 1.3;
  g.setLineDash([2, 2]);
  g.beginPath();
  g.moveTo(x, a.y1);
  g.lineTo(x + inward * 10, a.y1 + 4);
  g.lineTo(x + inward * 10, b.y1 - 4);
  g.lineTo(x, b.y1);
  g.stroke();
  g.setLineDash([]);
}

/** The words on the arrows, beside the column at which they are observed. */
function labels(g: CanvasRenderingContext2D, scene: Scene, first: number, end: number): void {
  const { rows, view, tokens, fonts, classNames, moment } = scene;
  if (view.mode === "rows" && view.scale < 15) return;
  g.font = `600 11px ${fonts.sans}`;
  g.textBaseline = "middle";
  g.textAlign = "left";
  const taken: number[] = [];
  const losses: number[] = [];
  for (let i = first; i < end; i++) {
    const { x1, y1, x2, y2, lost } = ends(scene, i);
    if (x1 === x2) continue;
    if (lost) losses.push(i);
    const near = view.rowY(i);
    const atStart = Math.abs(y1 - near) <= Math.abs(y2 - near) || lost;
    const room = Math.abs(x2 - x1) - 30;
    let text = rows.short(i);
    g.font = `600 11px ${fonts.sans}`;
    let wide = g.measureText(text).width;
    if (wide > room) {
      text = text.split(" ")[0] ?? "";
      wide = g.measureText(text).width;
      if (wide > room) continue;
    }
    // From the near end inwards, so that the words of one column stand under each other.
    const anchor = atStart ? x1 : x2;
    const inward = Math.sign((atStart ? x2 : x1) - anchor);
    const x = inward > 0 ? anchor + 16 : anchor - 16 - wide;
    const middle = x + wide / 2;
    const y = y1 + ((middle - x1) / (x2 - x1)) * (y2 - y1);
    if (view.mode === "time" && taken.some((other) => Math.abs(other - y) < 14)) continue;
    taken.push(y);
    if (taken.length > 40) taken.shift();
    g.fillStyle = tokens.get(i === scene.selected ? "--accent-soft" : "--paper");
    g.fillRect(x - 3, y - 7, wide + 6, 14);
    const future = (rows.at[i] ?? 0) > moment + 0.5;
    g.font = `${future ? 400 : 600} 11px ${fonts.sans}`;
    g.fillStyle = tokens.get(look(classNames[rows.class[i] ?? 0] ?? "other").token);
    g.fillText(text, x, y + 0.5);
  }
  for (const i of losses) lossLabel(g, scene, i);
}

/** Where a packet was lost: beside the cross, on the side to which it did not get, over whatever else is drawn there. */
function lossLabel(g: CanvasRenderingContext2D, scene: Scene, i: number): void {
  const { rows, tokens, fonts } = scene;
  const { x1, x2, y2 } = ends(scene, i);
  cross(g, scene, x2, y2);
  g.font = `11px ${fonts.sans}`;
  const space = x2 > x1 ? scene.arrowsEnd - x2 - 16 : x2 - scene.gutter - 16;
  const where = fitted(g, `lost: ${scene.places(rows.lostAt[i] ?? 0)}`, space);
  const size = g.measureText(where).width;
  const left = x2 > x1 ? x2 + 11 : x2 - 11 - size;
  if (!where) return;
  g.fillStyle = tokens.get(i === scene.selected ? "--accent-soft" : "--paper");
  g.fillRect(left - 3, y2 - 7, size + 6, 14);
  g.fillStyle = tokens.get("--trouble");
  g.fillText(where, left, y2 + 0.5);
}

function cross(g: CanvasRenderingContext2D, { tokens }: Scene, x: number, y: number): void {
  g.strokeStyle = tokens.get("--trouble");
  g.lineWidth = 2.4;
  g.setLineDash([]);
  g.beginPath();
  g.moveTo(x - 5, y - 5);
  g.lineTo(x + 5, y + 5);
  g.moveTo(x + 5, y - 5);
  g.lineTo(x - 5, y + 5);
  g.stroke();
}

/** As much of a text as fits, with an ellipsis; nothing where hardly anything would. */
function fitted(g: CanvasRenderingContext2D, text: string, room: number): string {
  if (g.measureText(text).width <= room) return text;
  for (let n = text.length - 1; n >= 4; n--) {
    const cut = `${text.slice(0, n)}…`;
    if (g.measureText(cut).width <= room) return cut;
  }
  return "";
}

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
function density(g: CanvasRenderingContext2D, { view, density: sums, xs, tokens, fonts }: Scene): void {
  const left = Math.min(...xs);
  const right = Math.max(...xs);
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

/** Round numbers of packets at the left, where rows are too many to bear their own. */
function numbers(g: CanvasRenderingContext2D, { view, tokens, gutter, fonts }: Scene): void {
  const first = (view.top - view.margin) / view.scale;
  g.font = `11px ${fonts.mono}`;
  g.textBaseline = "middle";
  g.textAlign = "right";
  g.fillStyle = tokens.get("--muted");
  for (const n of ticks(Math.max(first, 0), Math.min(first + view.height / view.scale, view.at.length), view.height, 64)) {
    const y = view.rowY(Math.max(n, 1) - 1);
    g.fillText(grouped(Math.max(n, 1)), gutter - 16, y);
    g.fillRect(gutter - 12, Math.round(y), 5, 1);
  }
}

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
