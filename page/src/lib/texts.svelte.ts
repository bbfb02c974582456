import type { Run } from "./data";

/** Texts that are asked for at a time. */
const PAGE = 200;
/** Texts that are kept. */
const MOST = 100 * PAGE;

/** What the packets of a run say, asked for as they come into sight. */
export class Texts {
  /** Grows when some have arrived. */
  arrived = $state(0);
  private readonly known = new Map<number, string>();
  private readonly asked = new Set<number>();

  constructor(private readonly run: Run) {}

  /** What packet `number` says, or null until it is there; asks for it, and for those around it. */
  of(number: number): string | null {
    void this.arrived; // whoever shows it is told when it has come
    const known = this.known.get(number);
    if (known !== undefined) return known;
    const page = Math.floor((number - 1) / PAGE);
    if (!this.asked.has(page)) {
      this.asked.add(page);
      this.run.texts(page * PAGE + 1, PAGE).then(
        (texts) => {
          if (this.known.size > MOST) {
            // What is forgotten can be asked for again.
            this.known.clear();
            this.asked.clear();
          }
          texts.forEach((text, i) => this.known.set(page * PAGE + 1 + i, text));
          this.arrived++;
        },
        () => this.asked.delete(page),
      );
    }
    return null;
  }
}
