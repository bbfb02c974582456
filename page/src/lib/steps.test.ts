import { expect, test } from "vitest";
import { amount, placeOf, stops } from "./steps";

test("values of a knob are put in order whatever their units", () => {
  expect(amount("66ms")).toBeCloseTo(0.066);
  expect(amount("1s")).toBeGreaterThan(amount("600ms"));
  expect(amount("1Gbit/s")).toBe(1e9);
  expect(amount("56kbit/s")).toBe(56e3);
  expect(amount("256k")).toBe(amount("256kB"));
  expect(amount("0.5%")).toBeCloseTo(0.005);
  expect(amount("auto")).toBeNaN();
  expect(amount("")).toBeNaN();
});

test("a slider has a place for what is none of its steps, and where it belongs", () => {
  expect(stops(["50ms", "100ms", "1s"], ["66ms", "100ms"])).toEqual(["50ms", "66ms", "100ms", "1s"]);
  expect(stops(["8k", "1M", "auto"], [""])).toEqual(["auto", "", "8k", "1M"]);
  expect(stops(["1", "2"], ["70"])).toEqual(["1", "2", "70"]);
  expect(stops(["1s"], ["1000ms"])).toEqual(["1s"]);
});

test("a value stands where it is, or where one as large does", () => {
  expect(placeOf("66ms", ["50ms", "66ms"])).toBe(1);
  expect(placeOf("1000ms", ["50ms", "1s"])).toBe(1);
});
