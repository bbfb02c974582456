import { cross } from "./ladder-arrows";
import { ends, type Scene } from "./ladder-scene";
import { look } from "./looks";

/** The words on the arrows, beside the column at which they are observed. */
export function labels(g: CanvasRenderingContext2D, scene: Scene, first: number, end: number): void {
  const { rows, view, tokens, fonts, classNames, moment } = scene;
  if (view.mode === "rows" && view.scale < 15) return;
  g.font = `600 11px ${fonts.sans}`;
  g.textBaseline = "middle";
  g.textAlign = "left";
  const taken: number[] = [];
  const losses: number[] = [];
  for (let i = first; i < end; i++) {
    const { x1, y1, x2, y2, lost } = ends(scene, i);
    if (x1 === x2) {
      beside(g, scene, i, x1, y1);
      continue;
    }
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

/** What a packet is that does not leave its column: to the left of it, where nothing else of its row is drawn. */
function beside(g: CanvasRenderingContext2D, scene: Scene, i: number, x: number, y: number): void {
  const { rows, tokens, fonts, classNames, moment } = scene;
  if (scene.view.mode === "time" || y < 0 || y > scene.view.height) return;
  g.font = `${(rows.at[i] ?? 0) > moment + 0.5 ? 400 : 600} 11px ${fonts.sans}`;
  const text = fitted(g, rows.short(i), x - scene.gutter - 24);
  if (!text) return;
  const wide = g.measureText(text).width;
  g.fillStyle = tokens.get(i === scene.selected ? "--accent-soft" : "--paper");
  g.fillRect(x - wide - 15, y - 7, wide + 6, 14);
  g.fillStyle = tokens.get(look(classNames[rows.class[i] ?? 0] ?? "other").token);
  g.fillText(text, x - wide - 12, y + 0.5);
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

/** As much of a text as fits, with an ellipsis; nothing where hardly anything would. */
function fitted(g: CanvasRenderingContext2D, text: string, room: number): string {
  if (g.measureText(text).width <= room) return text;
  for (let n = text.length - 1; n >= 4; n--) {
    const cut = `${text.slice(0, n)}…`;
    if (g.measureText(cut).width <= room) return cut;
  }
  return "";
}
