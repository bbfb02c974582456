import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CLASSES, look } from "./looks";

type Rgb = [number, number, number];

const css = readFileSync("src/tokens.css", "utf8");

/** The tokens of one light, read from the stylesheet that the page ships. */
function palette(start: string): Map<string, string> {
  const from = css.indexOf(start);
  expect(from).toBeGreaterThan(-1);
  const body = css.slice(css.indexOf("{", from) + 1, css.indexOf("}", from));
  return new Map([...body.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6});/g)].map((m) => [m[1] ?? "", m[2] ?? ""]));
}
const themes = {
  light: palette(':root,\n:root[data-theme="light"]'),
  dark: palette(':root[data-theme="dark"]'),
  "dark by preference": palette(':root:not([data-theme="light"])'),
};

const rgb = (hex: string): Rgb => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255) as Rgb;
const linear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const luminance = (c: Rgb) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
/** WCAG 2.2's contrast ratio. */
function contrast(a: string, b: string): number {
  const [x, y] = [luminance(rgb(a)), luminance(rgb(b))].sort((p, q) => q - p) as [number, number];
  return (x + 0.05) / (y + 0.05);
}

/** What is left of a colour in linear light, for each deficiency (Machado, Oliveira, Fernandes 2009, severity 1). */
const DEFICIENCIES: Record<string, number[][]> = {
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
function lab(color: string, matrix: number[][] | null): Rgb {
  let l = rgb(color).map(linear) as Rgb;
  if (matrix) l = matrix.map((row) => Math.min(Math.max(row.reduce((sum, k, i) => sum + k * (l[i] ?? 0), 0), 0), 1)) as Rgb;
  const xyz = [0.4124 * l[0] + 0.3576 * l[1] + 0.1805 * l[2], 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2], 0.0193 * l[0] + 0.1192 * l[1] + 0.9505 * l[2]];
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [x, y, z] = [f((xyz[0] ?? 0) / 0.9505), f(xyz[1] ?? 0), f((xyz[2] ?? 0) / 1.089)];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
const distance = (a: Rgb, b: Rgb) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

const TEXT: [string, string[]][] = [
  ["--ink", ["--paper", "--raised", "--sunken", "--accent-soft", "--lit", "--trouble-soft"]],
  ["--muted", ["--paper", "--raised", "--sunken"]],
  ["--accent", ["--paper", "--raised", "--accent-soft"]],
  ["--on-accent", ["--accent", "--class-close"]],
  ["--trouble", ["--paper", "--raised", "--trouble-soft"]],
  ["--class-close", ["--raised"]],
  ["--good", ["--paper", "--accent-soft"]],
];
const GRAPHICS: [string, string[]][] = [
  ["--line-strong", ["--paper", "--raised", "--sunken"]],
  ["--lit-line", ["--raised", "--paper"]],
  ["--accent", ["--sunken"]],
];

describe.each(Object.entries(themes))("the palette, %s", (_name, colors) => {
  const value = (name: string) => {
    const found = colors.get(name);
    expect(found, name).toBeDefined();
    return found ?? "#000000";
  };
  it("has text of a contrast of at least 4.5", () => {
    for (const [text, grounds] of TEXT) for (const ground of grounds) expect(contrast(value(text), value(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    // Words on arrows stand in the class's own colour.
    for (const name of CLASSES) for (const ground of ["--paper", "--accent-soft"]) expect(contrast(value(look(name).token), value(ground)), `${name} on ${ground}`).toBeGreaterThanOrEqual(ground === "--paper" ? 4.5 : 3);
  });
  it("has graphics of a contrast of at least 3", () => {
    for (const [mark, grounds] of GRAPHICS) for (const ground of grounds) expect(contrast(value(mark), value(ground)), `${mark} on ${ground}`).toBeGreaterThanOrEqual(3);
  });
  it("tells classes apart for everyone: by colour under each deficiency, or by stroke and head", () => {
    for (const a of CLASSES) {
      for (const b of CLASSES) {
        if (a >= b) continue;
        const [p, q] = [look(a), look(b)];
        const shaped = p.head !== q.head || p.dash.join() !== q.dash.join();
        if (shaped) continue;
        for (const [name, matrix] of Object.entries(DEFICIENCIES)) {
          expect(distance(lab(value(p.token), matrix), lab(value(q.token), matrix)), `${a} and ${b} under ${name}`).toBeGreaterThan(15);
        }
      }
    }
  });
  it("sets trouble apart from what is usual, under each deficiency", () => {
    for (const [name, matrix] of Object.entries(DEFICIENCIES)) {
      for (const usual of ["--class-data", "--class-open", "--accent"]) expect(distance(lab(value("--trouble"), matrix), lab(value(usual), matrix)), `${usual} under ${name}`).toBeGreaterThan(15);
    }
  });
});

describe("the looks", () => {
  it("are each told from any other without colour", () => {
    const seen = CLASSES.map((name) => `${look(name).head} ${look(name).dash.join()}`);
    expect(new Set(seen).size).toBe(CLASSES.length);
  });
  it("hold in both dark palettes alike", () => {
    expect([...themes.dark]).toEqual([...themes["dark by preference"]]);
  });
});
