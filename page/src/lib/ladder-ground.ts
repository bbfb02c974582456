import { clock, grouped, span } from "./format";
import type { Scene } from "./ladder-scene";
import { ticks } from "./viewport";

/** The hosts' lines. */
export function lifelines(g: CanvasRenderingContext2D, { xs, view, tokens }: Scene): void {
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
export function band(g: CanvasRenderingContext2D, { view, selected, width, tokens }: Scene): void {
  if (selected < 0) return;
  const tall = view.mode === "rows" ? view.scale : 22;
  g.fillStyle = tokens.get("--accent-soft");
  g.fillRect(0, view.rowY(selected) - tall / 2, width, tall);
  g.fillStyle = tokens.get("--accent");
  g.fillRect(0, view.rowY(selected) - tall / 2, 3, tall);
}

/** The line of the present moment, where it is not the selected packet's own. */
export function now(g: CanvasRenderingContext2D, { view, moment, width, tokens, rows, selected, gutter }: Scene): void {
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
export function ruler(g: CanvasRenderingContext2D, scene: Scene): void {
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
export function gaps(g: CanvasRenderingContext2D, { rows, view, tokens, xs, roundTrip, fonts, gutter }: Scene, first: number, end: number): void {
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

/** Round numbers of packets at the left, where rows are too many to bear their own. */
export function numbers(g: CanvasRenderingContext2D, { view, tokens, gutter, fonts }: Scene): void {
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
