import { describe, expect, it } from "vitest";
import { Density } from "./density";
import { densityStrips } from "./ladder-density";
import { draw } from "./ladder-draw";
import type { Scene } from "./ladder-scene";
import type { Rows } from "./rows";
import { Viewport } from "./viewport";

/** A canvas that remembers what was asked of it. */
function canvas() {
  const asked: { what: string; args: unknown[] }[] = [];
  const g = new Proxy({}, {
    get: (_, what: string) => (what === "measureText" ? (text: string) => ({ width: text.length * 6 }) : (...args: unknown[]) => asked.push({ what, args })),
    set: (_, what: string, value) => (asked.push({ what: `${what}=`, args: [value] }), true),
  }) as unknown as CanvasRenderingContext2D;
  return { g, words: () => asked.filter((one) => one.what === "fillText").map((one) => String(one.args[0])), asked };
}

const MS = 1e6;

/** Five packets between two hosts: one is lost and sent again after a long silence. */
function scene(mode: "rows" | "time", change: Partial<Scene> = {}): Scene {
  const at = Float64Array.of(0, 20 * MS, 21 * MS, 321 * MS, 341 * MS);
  const rows = {
    everyHop: false, count: 5, at, sent: at, arrived: Float64Array.from(at, (ns, i) => (i === 2 ? NaN : ns + 10 * MS)),
    lostNs: Float64Array.of(NaN, NaN, 24 * MS, NaN, NaN), lostAt: Uint16Array.of(0, 0, 1, 0, 0), from: Uint16Array.of(0, 1, 0, 0, 1), to: Uint16Array.of(1, 0, 1, 1, 0),
    class: Uint8Array.of(0, 0, 0, 0, 0), columns: [], packet: (i: number) => i + 1, row: (n: number) => n - 1, short: (i: number) => `word ${i + 1}`, trouble: () => false, within: () => false, copy: () => false,
  } as unknown as Rows;
  const view = new Viewport(at, mode, mode === "rows" ? 28 : 1e-6, 0, 400);
  return {
    rows, view, density: new Density(Uint8Array.of(0, 1, 0, 0, 1), () => false), tokens: { get: () => "#000" } as unknown as Scene["tokens"], width: 700, xs: [160, 560], gutter: 122, selected: 0, moment: 0,
    classNames: ["data"], places: () => "the access line", repeats: (i) => (i === 3 ? 3 : 0), roundTrip: 20 * MS, origin: 0, veil: Infinity, arrowsEnd: 620, fonts: { sans: "sans-serif", mono: "monospace" }, ...change,
  };
}

describe("the ladder's drawing", () => {
  it("says what each packet is, where one was lost, and how long nothing was said", () => {
    const { g, words } = canvas();
    draw(g, scene("rows"));
    expect(words()).toContain("lost: the access line");
    expect(words()).toContain("300 ms of silence");
    for (const n of [1, 2, 3, 4, 5]) expect(words()).toContain(`word ${n}`);
  });
  it("binds what is sent again to what it repeats, at the sender's line", () => {
    const ends = (drawn: Scene) => {
      const { g, asked } = canvas();
      draw(g, drawn);
      return asked.filter((one) => one.what === "lineTo" && one.args[0] === 150).length;
    };
    expect(ends(scene("rows"))).toBe(2);
    expect(ends(scene("rows", { repeats: () => 0 }))).toBe(0);
  });
  it("draws what was captured twice as a double line, bound to the first without being trouble", () => {
    const drawn = (change: Partial<Scene>) => {
      const { g, asked } = canvas();
      draw(g, scene("rows", { selected: -1, ...change }));
      const index = asked.findIndex((one) => one.what === "lineTo" && one.args[0] === 150);
      return { strokes: asked.filter((one) => one.what === "moveTo" && Math.abs(Number(one.args[0]) - 160) < 2 && Number(one.args[1]) > 90 && Number(one.args[1]) < 120).length, bound: asked.slice(0, index).findLast((one) => one.what === "setLineDash")?.args[0] };
    };
    const once = drawn({});
    const rows = { ...scene("rows").rows, copy: (i: number) => i === 3 };
    const twice = drawn({ rows });
    expect(twice.strokes).toBe(once.strokes + 1);
    expect(once.bound).toEqual([2, 2]);
    expect(twice.bound).toEqual([]);
  });
  it("ends a lost packet's arrow on its way", () => {
    const { g, asked } = canvas();
    draw(g, scene("rows", { selected: -1 }));
    const far = asked.filter((one) => one.what === "lineTo" && Number(one.args[0]) > 200 && Number(one.args[0]) < 500);
    expect(far.length).toBeGreaterThan(0);
  });
  it("has in true time a ruler of milliseconds and of round trips, and slopes by the real delay", () => {
    const { g, words, asked } = canvas();
    draw(g, scene("time"));
    expect(words()).toContain("1 RTT");
    expect(words()).toContain("100");
    // The first arrow: 10 ms at a millionth of a pixel a nanosecond are 10 pixels.
    const from = asked.findIndex((one) => one.what === "moveTo" && one.args[0] === 160 && Math.abs(Number(one.args[1]) - 28) < 0.01);
    const to = asked[from + 1]?.args as number[];
    const slope = (Number(to[1]) - 28) / (Number(to[0]) - 160);
    expect(slope).toBeCloseTo(10 / 400, 3);
  });
  it("hides what a question hides", () => {
    const { g, words } = canvas();
    draw(g, scene("rows", { veil: 2 }));
    expect(words().filter((text) => text.startsWith("word"))).toEqual(["word 1", "word 2"]);
  });
});

describe("the density's strips", () => {
  const many = Float64Array.from({ length: 10_007 }, (_, i) => i * MS);

  it("hold as many rows each where rows are even, and all of them once", () => {
    const strips = densityStrips(new Viewport(many, "rows", 340 / many.length, 0, 370));
    const sizes = new Set(strips.slice(0, -1).map((strip) => strip.to - strip.from));
    expect([...sizes]).toHaveLength(1);
    expect(strips[0]?.from).toBe(0);
    expect(strips.at(-1)?.to).toBe(many.length);
    strips.slice(1).forEach((strip, k) => expect(strip.from).toBe(strips[k]?.to));
    for (const strip of strips) expect(strip.tall).toBeGreaterThanOrEqual(1);
  });

  it("follow the moments in true time, and stay as many as the view is tall", () => {
    const view = new Viewport(many, "time", 340 / (10_007 * MS), 0, 370);
    const strips = densityStrips(view);
    expect(strips.length).toBe(185);
    expect(strips.reduce((n, strip) => n + strip.to - strip.from, 0)).toBe(many.length);
  });
});
