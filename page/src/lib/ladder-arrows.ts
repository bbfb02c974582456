import { ends, type Scene } from "./ladder-scene";
import { look } from "./looks";

/** The length of an arrow's head. */
const HEAD = 7;

/** How far the two lines of a double one are from its middle. */
const DOUBLE = 1.7;
/** The length of an arrow between two hosts that share a column. */
const STUB = 26;

/** The arrow of row `i`. */
export function arrow(g: CanvasRenderingContext2D, scene: Scene, i: number): void {
  const { rows, tokens, classNames, view, moment } = scene;
  let { x1, x2 } = ends(scene, i);
  const { y1, y2, lost } = ends(scene, i);
  if (Math.max(y1, y2) < -20 || Math.min(y1, y2) > view.height + 20) return;
  const style = look(classNames[rows.class[i] ?? 0] ?? "other");
  const future = (rows.at[i] ?? 0) > moment + 0.5;
  const color = tokens.get(style.token);
  g.strokeStyle = color;
  g.fillStyle = color;
  g.lineWidth = future ? 1 : style.width;
  g.setLineDash(style.dash as number[]);
  // Between two hosts of one column: a short arrow to it, from outside.
  if (rows.within(i)) x1 = x2 + STUB;
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
  // What was captured twice was sent once: its second arrow is a double line.
  const copy = rows.copy(i);
  if (copy) g.lineWidth = 1;
  for (const aside of copy ? [-DOUBLE, DOUBLE] : [0]) {
    g.beginPath();
    g.moveTo(x1 - uy * aside, y1 + ux * aside);
    g.lineTo(x2 - ux * back - uy * aside, y2 - uy * back + ux * aside);
    g.stroke();
  }
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

/** A retransmission is bound to what it repeats by a bracket at its sender's line, and a copy to the packet that it is. */
export function repeatBind(g: CanvasRenderingContext2D, scene: Scene, i: number): void {
  const { rows, tokens, xs, view } = scene;
  const first = scene.repeats(i);
  if (!first) return;
  const a = ends(scene, first - 1);
  const b = ends(scene, i);
  if (Math.max(a.y1, b.y1) < 0 || Math.min(a.y1, b.y1) > view.height) return;
  const x = xs[rows.from[i] ?? 0] ?? 0;
  const inward = x === Math.min(...xs) ? -1 : 1;
  const copy = rows.copy(i);
  g.strokeStyle = tokens.get(copy ? "--muted" : "--trouble");
  g.lineWidth = 1.3;
  g.setLineDash(copy ? [] : [2, 2]);
  g.beginPath();
  g.moveTo(x, a.y1);
  g.lineTo(x + inward * 10, a.y1 + 4);
  g.lineTo(x + inward * 10, b.y1 - 4);
  g.lineTo(x, b.y1);
  g.stroke();
  g.setLineDash([]);
}

/** Where something was lost. */
export function cross(g: CanvasRenderingContext2D, { tokens }: Scene, x: number, y: number): void {
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
