import { describe, expect, it } from "vitest";
import { ROW, scrolled, ticks, Viewport } from "./viewport";

const at = Float64Array.of(0, 33e6, 33e6, 33e6, 66e6);
const rows = (top = 0, scale = ROW) => new Viewport(at, "rows", scale, top, 400);

describe("even rows", () => {
  it("stand a row's height apart", () => {
    const view = rows();
    expect(view.rowY(1) - view.rowY(0)).toBe(ROW);
    expect(view.content).toBe(5 * ROW + 2 * view.margin);
  });
  it("put a moment between the rows around it, in proportion", () => {
    const view = rows();
    expect(view.timeY(16.5e6)).toBeCloseTo((view.rowY(0) + view.rowY(1)) / 2);
    expect(view.timeY(49.5e6)).toBeCloseTo((view.rowY(3) + view.rowY(4)) / 2);
  });
  it("keep the order of causes: what arrives before the next packet leaves ends above it", () => {
    const view = rows();
    expect(view.endY(0, 16e6)).toBeLessThan(view.rowY(1));
    expect(view.endY(0, 16e6)).toBeGreaterThan(view.rowY(0));
  });
  it("draw flat what is not known, and cap what is steep", () => {
    const view = rows();
    expect(view.endY(2, NaN)).toBe(view.rowY(2));
    expect(view.endY(0, 60e6) - view.rowY(0)).toBeLessThan(ROW);
  });
  it("find the row under a point, for every row", () => {
    const view = rows(30);
    for (let i = 0; i < at.length; i++) expect(view.rowAt(view.rowY(i))).toBe(i);
    expect(view.rowAt(-1e6)).toBe(0);
    expect(view.rowAt(1e6)).toBe(4);
  });
});

describe("true time", () => {
  const view = new Viewport(at, "time", 10 / 1e6, 0, 400);
  it("is to scale", () => {
    expect(view.rowY(4) - view.rowY(0)).toBeCloseTo(660);
    expect(view.timeY(33e6)).toBeCloseTo(view.rowY(1));
    expect(view.endY(0, 60e6)).toBeCloseTo(view.timeY(60e6));
  });
  it("lists the rows that may be seen, and no others", () => {
    expect(view.fromTop(0).rows()).toEqual([0, 4]);
    expect(view.fromTop(1e9).rows()[1]).toBe(5);
  });
});

describe("a view", () => {
  it("zooms about a point, which stays where it is", () => {
    const many = new Viewport(Float64Array.from({ length: 100_000 }, (_, i) => i * 1e6), "rows", ROW, 40_000, 400);
    const row = many.rowAt(150);
    const near = many.zoomed(0.5, 150);
    expect(near.scale).toBe(ROW / 2);
    expect(Math.abs(near.rowAt(150) - row)).toBeLessThanOrEqual(1);
  });
  it("never leaves its content, and fits it when asked", () => {
    const view = rows(1e9);
    expect(view.fromTop(1e9).top).toBe(view.clamp(1e9));
    expect(rows().fromTop(-5).top).toBe(0);
    const many = new Viewport(Float64Array.from({ length: 1_000_000 }, (_, i) => i), "rows", ROW, 0, 400);
    const whole = new Viewport(many.at, "rows", many.fitting(), 0, 400);
    expect(whole.rows()).toEqual([0, 1_000_000]);
  });
  it("moves as little as needed to show a row", () => {
    const many = new Viewport(Float64Array.from({ length: 1000 }, (_, i) => i), "rows", ROW, 0, 400);
    expect(many.showing(3).top).toBe(0);
    const there = many.showing(500);
    expect(there.rowY(500)).toBeGreaterThan(0);
    expect(there.rowY(500)).toBeLessThan(400);
  });
  it("holds a million rows without touching those that are not seen", () => {
    const million = new Viewport(Float64Array.from({ length: 1_000_000 }, (_, i) => i), "rows", ROW, 14e6, 800);
    const [first, end] = million.rows();
    expect(end - first).toBeLessThan(40);
    expect(million.rowAt(million.rowY(first + 3))).toBe(first + 3);
  });
  it("of nothing is nothing", () => {
    const none = new Viewport(new Float64Array(0), "rows", ROW, 0, 400);
    expect(none.rows()).toEqual([0, 0]);
    expect(none.content).toBe(0);
  });
});

describe("rulers and scroll bars", () => {
  it("tick at round numbers, apart enough", () => {
    expect(ticks(0, 100e6, 500, 80)).toEqual([0, 20e6, 40e6, 60e6, 80e6, 100e6]);
    expect(ticks(5, 5, 500, 80)).toEqual([]);
  });
  it("map a short element to a long list, end to end", () => {
    expect(scrolled(0, 8e6, 400, 28e6)).toBe(0);
    expect(scrolled(8e6 - 400, 8e6, 400, 28e6)).toBe(28e6 - 400);
    expect(scrolled(10, 300, 400, 300)).toBe(0);
  });
});
