/** What a run is made of: a source with its knobs, or a run that is no simulation (a capture, by its hash). */
export interface Made {
  source: string | null;
  knobs: Record<string, string>;
  run: string | null;
}

/** What the page's address holds, so that a link reopens what was seen. */
export interface Place extends Made {
  /** The run that was kept as A. */
  against: Made | null;
  tap: string | null;
  packet: number | null;
  /** A field of the packet by its dotted id. */
  field: string | null;
  panel: string | null;
  mode: string | null;
  /** `table`, or nothing for the ladder. */
  view: string | null;
  /** Whether every hop is shown. */
  hops: boolean;
  /** The two hosts that have columns of their own, by name; `all` alone for all hosts; null for what is usual. */
  ends: readonly string[] | null;
}

function writeMade(out: URLSearchParams, made: Partial<Made>, prefix: string): void {
  if (made.source) out.set(`${prefix}source`, made.source);
  else if (made.run) out.set(`${prefix}run`, made.run);
  for (const [name, value] of Object.entries(made.knobs ?? {})) if (value !== "") out.set(`${prefix}k.${name}`, value);
}

function readMade(values: URLSearchParams, prefix: string): Made {
  const knobs: Record<string, string> = {};
  const start = `${prefix}k.`;
  for (const [name, value] of values) if (name.startsWith(start)) knobs[name.slice(start.length)] = value;
  return { source: values.get(`${prefix}source`), run: values.get(`${prefix}run`), knobs };
}

/** The fragment of an address, with its `#`. */
export function write(place: Partial<Place>): string {
  const out = new URLSearchParams();
  writeMade(out, place, "");
  if (place.tap) out.set("tap", place.tap);
  if (place.packet) out.set("packet", String(place.packet));
  if (place.field) out.set("field", place.field);
  if (place.panel) out.set("panel", place.panel);
  if (place.mode && place.mode !== "rows") out.set("mode", place.mode);
  if (place.view && place.view !== "ladder") out.set("view", place.view);
  if (place.hops) out.set("hops", "all");
  for (const name of place.ends ?? []) out.append("ends", name);
  if (place.against) writeMade(out, place.against, "a.");
  return "#" + out.toString();
}

/** Reads a fragment; what makes no sense is left out. */
export function read(fragment: string): Place {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const number = Number(values.get("packet"));
  const against = readMade(values, "a.");
  return {
    ...readMade(values, ""),
    against: against.source || against.run ? against : null,
    tap: values.get("tap"),
    packet: Number.isSafeInteger(number) && number > 0 ? number : null,
    field: values.get("field"),
    panel: values.get("panel"),
    mode: values.get("mode"),
    view: values.get("view"),
    hops: values.get("hops") === "all",
    ends: values.has("ends") ? values.getAll("ends").slice(0, 2) : null,
  };
}

/** Whether both are made of the same. */
export function same(a: Made, b: Made): boolean {
  const text = (made: Made) => write({ source: made.source, run: made.source ? null : made.run, knobs: Object.fromEntries(Object.entries(made.knobs).sort()) });
  return text(a) === text(b);
}
