/** Words and numbers as people read them. */

const THIN = "\u2009";

/** Digits in groups of three. */
export function grouped(n: number): string {
  const [whole, rest] = String(n).split(".");
  const text = (whole ?? "").replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
  return rest ? `${text}.${rest}` : text;
}

/** A moment on the run's clock, in milliseconds with three decimals: the ladder's and the transport's. */
export function clock(ns: number): string {
  return grouped(Number((ns / 1e6).toFixed(3))).replace(/^([^.]*)$/, "$1.000").replace(/\.(\d+)$/, (_, d: string) => "." + d.padEnd(3, "0"));
}

/** A span in the unit in which people would say it. */
export function span(ns: number): string {
  const size = Math.abs(ns);
  if (size === 0) return "0 ms";
  if (size < 1e3) return `${Math.round(ns)} ns`;
  if (size < 1e6) return `${trim(ns / 1e3, 1)} µs`;
  if (size < 1e10) return `${grouped(Number(trim(ns / 1e6, size < 1e7 ? 2 : size < 1e9 ? 1 : 0)))} ms`;
  return `${grouped(Number(trim(ns / 1e9, 1)))} s`;
}

function trim(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}

/** Bytes: exact below 10,000, then in kB and MB. */
export function bytes(n: number): string {
  if (n < 1e4) return `${grouped(n)} B`;
  if (n < 1e7) return `${trim(n / 1e3, 1)} kB`;
  if (n < 1e10) return `${trim(n / 1e6, 1)} MB`;
  return `${trim(n / 1e9, 1)} GB`;
}

/** Bits a second. */
export function rate(n: number): string {
  if (n < 1e3) return `${trim(n, 0)} bit/s`;
  if (n < 1e6) return `${trim(n / 1e3, 1)} kbit/s`;
  if (n < 1e9) return `${trim(n / 1e6, 1)} Mbit/s`;
  return `${trim(n / 1e9, 2)} Gbit/s`;
}

/** A value of a graph in its unit. */
export function inUnit(value: number, unit: string): string {
  switch (unit) {
    case "ns": return span(value);
    case "bytes": return bytes(value);
    case "bit_s": return rate(value);
    case "": return grouped(value);
    default: return `${grouped(value)} ${unit}`;
  }
}

/** A count with its word. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}

const NAMES: Readonly<Record<number, string>> = {
  0x00ad: "SHY", 0x061c: "ALM", 0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM", 0x2028: "LS", 0x2029: "PS",
  0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
};

/**
 * Text from the wire with what would not be seen, or would turn other text round, made visible: control characters as
 * their pictures, bidirectional and zero-width marks by name.
 */
export function visible(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (c) => {
    const code = c.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return NAMES[code] ? `⟨${NAMES[code]}⟩` : `⟨${code.toString(16).padStart(2, "0")}⟩`;
  });
}

/** A message as a sentence: a capital at its beginning, a full stop at its end; nothing stays nothing. */
export function sentence(text: string | null): string {
  const shown = visible(text ?? "").trim();
  if (!shown) return "";
  const whole = /[.!?]$/.test(shown) ? shown : `${shown}.`;
  return /^[a-z]+ /.test(whole) ? whole.charAt(0).toUpperCase() + whole.slice(1) : whole;
}

/** The first sentence of a text that may have several. */
export function firstSentence(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return /^.*?[.!?](?= \p{Lu}|$)/u.exec(flat)?.[0] ?? flat;
}

/** A name of at most `most` characters: of a longer one its beginning and, as that tells addresses and ports apart, more of its end. */
export function middleOut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.ceil((most - 1) * 0.6);
  return `${text.slice(0, most - 1 - end)}…${text.slice(-end)}`;
}

/** A byte as two hexadecimal digits. */
export function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
