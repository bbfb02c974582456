import { describe, expect, it } from "vitest";
import { Axis } from "./axis";
import { Density } from "./density";
import { countUpTo } from "./trace";

describe("density", () => {
  const side = Uint8Array.from({ length: 1000 }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const sums = new Density(side, (i) => i % 100 === 7);
  it("counts any range as counting one by one would", () => {
    for (const [from, to] of [[0, 1000], [0, 0], [5, 6], [7, 8], [123, 789], [999, 1000]] as const) {
      let toClient = 0;
      let trouble = 0;
      for (let i = from; i < to; i++) {
        toClient += side[i] ? 1 : 0;
        trouble += i % 100 === 7 ? 1 : 0;
      }
      expect(sums.counts(from, to)).toEqual({ toServer: to - from - toClient, toClient, trouble });
    }
  });
  it("clamps what lies outside", () => {
    expect(sums.counts(-50, 2000)).toEqual(sums.counts(0, 1000));
    expect(sums.counts(900, 10)).toEqual({ toServer: 0, toClient: 0, trouble: 0 });
  });
});

describe("the axis", () => {
  const at = Float64Array.of(0, 10e6, 20e6, 60_000e6, 60_010e6);
  const axis = new Axis(at, 0, 60_010e6);
  it("shortens a silence that would take most of it", () => {
    expect(axis.breaks).toEqual([{ from: 20e6, to: 60_000e6 }]);
    expect(axis.place(20e6)).toBeGreaterThan(0.5);
  });
  it("goes there and back", () => {
    for (const ns of [0, 5e6, 20e6, 60_000e6, 60_007e6, 60_010e6]) expect(axis.moment(axis.place(ns))).toBeCloseTo(ns, -2);
    expect(axis.place(-1)).toBe(0);
    expect(axis.place(1e15)).toBe(1);
  });
  it("is true where nothing is silent for long", () => {
    const even = new Axis(Float64Array.from({ length: 101 }, (_, i) => i), 0, 100);
    expect(even.breaks).toEqual([]);
    expect(even.place(25)).toBeCloseTo(0.25);
  });
});

describe("counting", () => {
  it("says how many have passed, equals included", () => {
    expect(countUpTo([1, 2, 2, 2, 5], 2)).toBe(4);
    expect(countUpTo([1, 2], 0)).toBe(0);
    expect(countUpTo([], 9)).toBe(0);
  });
});
