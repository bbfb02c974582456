import { Shown } from "./shown.svelte";
import type { Jump } from "./trace";

/** How much slower than the run's own time it is played: 100 means a hundredth of its speed. */
export const SPEEDS = [1000, 300, 100, 30, 10, 3, 1] as const;

const LEAST_ROUND_TRIP_NS = 1e6;

/** How long a packet stays where nothing may glide, in milliseconds. */
const LEAST_STAY_MS = 250;

/** Whether the reader asked for less motion: playing then goes from packet to packet, and nothing moves in between. */
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Moving through the run that is shown: by packets, by what happened, by time, and by itself. */
export class Playing extends Shown {
  playing = $state(false);
  speed = $state<number>(100);
  private frame = 0;

  protected override get patience(): number {
    return this.playing ? 120 : super.patience;
  }

  /** Looks an event up: in the log if there is one, else its packet or moment alone. */
  lookUp(link: { event: number; at_ns: number; packet: number | null }): void {
    this.pause();
    if (link.packet) this.select(link.packet);
    if (this.moment !== link.at_ns) this.go(link.at_ns);
    if (!this.trace?.head.extra.some((path) => path.startsWith("log"))) return;
    this.event = link.event;
    this.panel = "log";
  }

  step(by: number): void {
    this.pause();
    this.select(this.packet + by);
  }

  jump(to: Jump, by: 1 | -1): void {
    this.pause();
    const found = this.trace?.seek(to, this.packet, by);
    if (found) this.select(found);
  }

  /** A round trip of the run's main path, in nanoseconds; a millisecond where there is none. */
  get roundTrip(): number {
    return Math.max(this.trace?.head.round_trip_ns ?? 0, LEAST_ROUND_TRIP_NS);
  }

  shift(ns: number): void {
    this.pause();
    this.go(this.moment + ns);
  }

  faster(by: number): void {
    const i = SPEEDS.indexOf(this.speed as (typeof SPEEDS)[number]);
    this.speed = SPEEDS[Math.min(Math.max(i + by, 0), SPEEDS.length - 1)] ?? 100;
  }

  play(): void {
    if (this.playing) return this.pause();
    const trace = this.trace;
    const axis = this.axis;
    if (!trace || !axis) return;
    if (this.packet >= trace.rows) this.select(1);
    this.playing = true;
    let last = performance.now();
    let stepped = last;
    // Where playing has come to; what is shown stays behind it where nothing may glide.
    let reached = this.moment;
    let shown = this.moment;
    const tick = (now: number) => {
      if (!this.playing) return;
      const passed = Math.min(now - last, 100) * 1e6;
      last = now;
      if (this.moment !== shown) reached = this.moment; // the reader went elsewhere meanwhile
      // Nobody watches a timeout of seconds at a hundredth of its speed: a silence takes at most about a second.
      const next = trace.at[trace.passed(reached)];
      const silent = next !== undefined && (next - reached) * this.speed > 1.2e9;
      reached = Math.max(reached + passed / this.speed, silent ? next - 1e9 / this.speed : -Infinity);
      if (!calm()) this.go(reached);
      else if (now - stepped >= LEAST_STAY_MS && trace.passed(reached) > this.packet) {
        this.select(trace.passed(reached));
        stepped = now;
      }
      shown = this.moment;
      if (next === undefined && this.packet >= (this.veil ? this.veil - 1 : trace.rows)) return this.pause();
      this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  pause(): void {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.frame);
    if (this.detail?.number !== this.packet) void this.fetchDetail(this.packet);
  }
}
