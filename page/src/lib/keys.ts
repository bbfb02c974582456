/** What the keyboard does: one map, from which the page's help is made too. */
export interface Key {
  readonly keys: readonly string[];
  readonly does: string;
}

export const KEYS: readonly Key[] = [
  { keys: ["j", "k"], does: "next packet, packet before" },
  { keys: ["p"], does: "play or pause" },
  { keys: [",", "."], does: "a millisecond back or on; with Shift a round trip" },
  { keys: ["n", "N"], does: "next trouble, trouble before" },
  { keys: ["[", "]"], does: "play slower, faster" },
  { keys: ["+", "-"], does: "zoom the ladder in or out" },
  { keys: ["0", "f"], does: "usual size; fit everything" },
  { keys: ["g"], does: "go to a packet or a moment" },
  { keys: ["/"], does: "filter the packets" },
  { keys: ["u"], does: "to the box for a URL" },
  { keys: ["c"], does: "exchange A and B" },
  { keys: ["1–7"], does: "the panels below" },
  { keys: ["?"], does: "this help" },
  { keys: ["Esc"], does: "back: closes what is open, then lets go of the field" },
];

const STORED = "wirescope.keys";

/** Whether single keys do anything (WCAG 2.1.4: they can be switched off). */
export function keysWanted(): boolean {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true;
  }
}

export function wantKeys(wanted: boolean): void {
  try {
    localStorage.setItem(STORED, wanted ? "on" : "off");
  } catch {
    // it holds until the page is left
  }
}

/** Whether a key pressed there is meant for what has the focus: text is being written, or a choice made. */
export function taken(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(target.type);
}
