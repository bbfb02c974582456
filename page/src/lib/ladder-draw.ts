import { arrow, repeatBind } from "./ladder-arrows";
import { density } from "./ladder-density";
import { band, gaps, lifelines, now, numbers, ruler } from "./ladder-ground";
import type { Scene } from "./ladder-scene";
import { labels } from "./ladder-words";
import { MOST_ARROWS } from "./viewport";

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
