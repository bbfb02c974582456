/** What a key event says, apart from letters: a character's key, wherever a keyboard has it. */
export interface Pressed {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  getModifierState(name: string): boolean;
}

/** The shortcut that was pressed, or null where it is the browser's. Comma and full stop with Shift are `<` and `>`, whatever a keyboard writes then. */
export function shortcut(event: Pressed): string | null {
  // Many keyboards write [ and ] with AltGr, which some systems call Ctrl and Alt.
  const written = event.getModifierState("AltGraph");
  if (event.metaKey || ((event.ctrlKey || event.altKey) && !written)) return null;
  if (event.shiftKey && event.code === "Comma") return "<";
  if (event.shiftKey && event.code === "Period") return ">";
  return event.key;
}
