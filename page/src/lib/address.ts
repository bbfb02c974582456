/** What the page's address holds, so that a link reopens what was seen. */
export interface Place {
  source: string | null;
  knobs: Record<string, string>;
  /** A run that is not made of a source: a capture, by its hash. */
  run: string | null;
  tap: string | null;
  packet: number | null;
  /** A field of the packet by its dotted id, and which buffer it is in. */
  field: string | null;
  panel: string | null;
  mode: string | null;
}

const NONE: Place = { source: null, knobs: {}, run: null, tap: null, packet: null, field: null, panel: null, mode: null };

/** The fragment of an address, with its `#`. */
export function write(place: Partial<Place>): string {
  const out = new URLSearchParams();
  if (place.source) out.set("source", place.source);
  else if (place.run) out.set("run", place.run);
  for (const [name, value] of Object.entries(place.knobs ?? {})) if (value !== "") out.set(`k.${name}`, value);
  if (place.tap) out.set("tap", place.tap);
  if (place.packet) out.set("packet", String(place.packet));
  if (place.field) out.set("field", place.field);
  if (place.panel) out.set("panel", place.panel);
  if (place.mode && place.mode !== "rows") out.set("mode", place.mode);
  return "#" + out.toString();
}

/** Reads a fragment; what makes no sense is left out. */
export function read(fragment: string): Place {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const knobs: Record<string, string> = {};
  for (const [name, value] of values) if (name.startsWith("k.")) knobs[name.slice(2)] = value;
  const number = Number(values.get("packet"));
  return {
    ...NONE,
    source: values.get("source"),
    run: values.get("run"),
    knobs,
    tap: values.get("tap"),
    packet: Number.isSafeInteger(number) && number > 0 ? number : null,
    field: values.get("field"),
    panel: values.get("panel"),
    mode: values.get("mode"),
  };
}
