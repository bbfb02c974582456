import type { Turn } from "../api";
import type * as address from "./address";
import { Opening } from "./opening.svelte";

export { problemOf, wordsOf } from "./data";
export { SPEEDS } from "./playing.svelte";
export { type Field, type Panel, PANELS } from "./shown.svelte";

/** Everything that the views share: what is shown, moving through it, opening another run, and comparing two. */
class App extends Opening {
  /** Keeps this run as A, runs it again with that knob turned too, and compares. */
  async whatIf(turn: Turn): Promise<void> {
    this.kept = this.run;
    const value = [this.knobs[turn.knob], turn.value].filter(Boolean).join(",");
    await this.turn(turn.knob, value);
    this.panel = "compare";
  }

  /** Keeps this run as A. */
  keep(): void {
    this.kept = this.run;
  }

  /** Exchanges A, which was kept, and B, which is shown. */
  swap(): void {
    const [a, b] = [this.run, this.kept];
    if (!a || !b) return;
    this.kept = a;
    this.opened(b);
    const columns = { hops: this.everyHop, ends: this.columnNames };
    this.show(b, this.packet, this.fieldId);
    this.showColumns(columns);
  }

  /** The place that the address should hold now. */
  get place(): Partial<address.Place> {
    return {
      ...this.made(this.run),
      against: this.kept && this.kept !== this.run ? this.made(this.kept) : null,
      tap: this.tap,
      packet: this.packet,
      field: this.field ? this.fieldId : null,
      panel: this.panel === "states" ? null : this.panel,
      mode: this.mode,
      view: this.view,
      hops: this.everyHop,
      ends: this.columnNames,
    };
  }
}

export const app = new App();
