/** The places of a slider: the values that the server suggests, and those that a knob has or had besides. */

const UNITS: Readonly<Record<string, number>> = {
  "": 1, "%": 0.01, ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, min: 60, h: 3600, k: 1e3, K: 1e3, M: 1e6, G: 1e9,
};

/** How large a value is, to put it in order among others of its knob; not a number where it is a word. */
export function amount(text: string): number {
  const [, number, unit] = /^([\d.]+)\s*([a-zA-Zµ%]*?)(?:i?[bB](?:it\/s|ps|\/s)?|\/s)?$/.exec(text.trim()) ?? [];
  return number === undefined ? NaN : Number(number) * (UNITS[unit ?? ""] ?? NaN);
}

/** All places of a slider in order: words first, then from small to large; what is as large as another stands there once. */
export function stops(steps: readonly string[], others: readonly string[]): string[] {
  const out: string[] = [];
  for (const value of [...steps, ...others]) if (!out.some((known) => known === value || amount(known) === amount(value))) out.push(value);
  const size = (value: string) => (Number.isNaN(amount(value)) ? -1 : amount(value));
  return out.map((value, at) => ({ value, at })).sort((a, b) => size(a.value) - size(b.value) || a.at - b.at).map((one) => one.value);
}

/** Where a value stands among them. */
export function placeOf(value: string, among: readonly string[]): number {
  const same = among.indexOf(value);
  return same >= 0 ? same : Math.max(among.findIndex((one) => amount(one) === amount(value)), 0);
}
