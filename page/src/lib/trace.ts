import type { Head, MarkBit } from "../api";
import { type Columns, column } from "./columns";

/** What can be jumped to. */
export type Jump = "trouble" | "loss" | "retransmission" | "state" | "phase";

/**
 * A run as it was loaded: its head and its columns. Never reactive: it may hold a million packets, and it never changes.
 * A packet's number counts from 1; arrays count from 0.
 */
export class Trace {
  readonly rows: number;
  readonly at: Float64Array;
  readonly sent: Float64Array;
  readonly arrived: Float64Array;
  readonly lostNs: Float64Array;
  readonly lostAt: Uint16Array;
  readonly from: Uint16Array;
  readonly to: Uint16Array;
  readonly protocol: Uint8Array;
  readonly class: Uint8Array;
  readonly side: Uint8Array;
  readonly flags: Uint16Array;
  readonly length: Uint32Array;
  readonly payload: Uint32Array;
  readonly seq: Float64Array;
  readonly ack: Float64Array;
  readonly seqRaw: Uint32Array;
  readonly ackRaw: Uint32Array;
  readonly window: Uint32Array;
  readonly marks: Uint32Array;
  readonly repeats: Uint32Array;
  readonly connection: Uint32Array;
  readonly clientBefore: Uint8Array;
  readonly clientAfter: Uint8Array;
  readonly serverBefore: Uint8Array;
  readonly serverAfter: Uint8Array;
  /** The bits of `marks` that mean trouble. */
  readonly troubleBits: number;
  /** The bits of `marks` of a packet that the capture has twice. */
  private readonly copyBits: number;
  /** When the main connection's first packet passed: from where round trips are counted. */
  readonly origin: number;
  /** The packets with which phases begin. */
  private readonly phases: readonly number[];

  constructor(
    readonly head: Head,
    columns: Columns,
  ) {
    const f64 = (name: string) => column(columns, name, Float64Array);
    const u32 = (name: string) => column(columns, name, Uint32Array);
    const u16 = (name: string) => column(columns, name, Uint16Array);
    const u8 = (name: string) => column(columns, name, Uint8Array);
    this.rows = columns.rows;
    this.at = f64("at");
    this.sent = f64("sent");
    this.arrived = f64("arrived");
    this.lostNs = f64("lost_ns");
    this.lostAt = u16("lost_at");
    this.from = u16("from");
    this.to = u16("to");
    this.protocol = u8("protocol");
    this.class = u8("class");
    this.side = u8("side");
    this.flags = u16("flags");
    this.length = u32("length");
    this.payload = u32("payload");
    this.seq = f64("seq");
    this.ack = f64("ack");
    this.seqRaw = u32("seq_raw");
    this.ackRaw = u32("ack_raw");
    this.window = u32("window");
    this.marks = u32("marks");
    this.repeats = u32("repeats");
    this.connection = u32("connection");
    this.clientBefore = u8("client_before");
    this.clientAfter = u8("client_after");
    this.serverBefore = u8("server_before");
    this.serverAfter = u8("server_after");
    const bits = (of: (mark: MarkBit) => boolean) => head.marks.filter(of).reduce((all, mark) => all | (1 << mark.bit), 0);
    this.troubleBits = bits((mark) => mark.trouble);
    this.copyBits = bits((mark) => mark.copy);
    const main = head.main_connection ?? 0;
    const first = head.connections[main]?.first ?? this.connection.indexOf(main + 1) + 1;
    this.origin = this.at[Math.max(first - 1, 0)] ?? 0;
    this.phases = head.phases.map((phase) => this.passed(phase.from_ns - 1) + 1);
  }

  /** When the last packet passed, in nanoseconds. */
  get end(): number {
    return this.rows ? (this.at[this.rows - 1] ?? 0) : 0;
  }

  /** How many packets have passed at `ns`, those of that very moment included: also the number of the last of them. */
  passed(ns: number): number {
    return countUpTo(this.at, ns);
  }

  /** Whether something is wrong with packet `number`. */
  trouble(number: number): boolean {
    const i = number - 1;
    return (this.lostAt[i] ?? 0) !== 0 || ((this.marks[i] ?? 0) & this.troubleBits) !== 0;
  }

  /** Whether packet `number` was captured before: it is none of its own. */
  copy(number: number): boolean {
    return ((this.marks[number - 1] ?? 0) & this.copyBits) !== 0;
  }

  /** Whether packet `number` has what `jump` looks for. */
  is(jump: Jump, number: number): boolean {
    const i = number - 1;
    switch (jump) {
      case "trouble": return this.trouble(number);
      case "loss": return (this.lostAt[i] ?? 0) !== 0;
      case "retransmission": return (this.repeats[i] ?? 0) !== 0 && !this.copy(number);
      case "state": return this.clientBefore[i] !== this.clientAfter[i] || this.serverBefore[i] !== this.serverAfter[i];
      case "phase": return this.phases.includes(number);
    }
  }

  /** The next packet of that sort after `number`, or before it, or null. */
  seek(jump: Jump, number: number, by: 1 | -1): number | null {
    for (let n = number + by; n >= 1 && n <= this.rows; n += by) if (this.is(jump, n)) return n;
    return null;
  }

  /** The names of the flags of packet `number`. */
  flagNames(number: number): string {
    const bits = this.flags[number - 1] ?? 0;
    return this.head.flags.filter((flag) => bits & (1 << flag.bit)).map((flag) => flag.name).join(" ");
  }

  /** The names of what is special about packet `number`. */
  markNames(number: number): string[] {
    const bits = this.marks[number - 1] ?? 0;
    return this.head.marks.filter((mark) => bits & (1 << mark.bit)).map((mark) => mark.name);
  }

  /** Where packet `number` was lost, if it was. */
  lostWhere(number: number): string | null {
    const at = this.lostAt[number - 1] ?? 0;
    return at ? (this.head.places[at - 1]?.name ?? "its way") : null;
  }

  /** A few words that fit on an arrow. */
  short(number: number): string {
    return this.copy(number) ? `${this.carries(number)} again` : this.carries(number);
  }

  private carries(number: number): string {
    const i = number - 1;
    const flags = this.flagNames(number);
    const protocol = this.head.protocols[this.protocol[i] ?? 0]?.name ?? "";
    const payload = this.payload[i] ?? 0;
    if (!flags) return protocol;
    if (!payload) return flags;
    return flags.includes("SYN") || flags.includes("FIN") ? `${flags} ${payload} B` : `${protocol} ${payload} B`;
  }

  /** The name of a TCP state by its code; empty where it is not known. */
  state(code: number | undefined): string {
    return code === undefined || code === 255 ? "" : (this.head.states[String(code)] ?? "");
  }
}

/** How many values of a sorted array are at most `limit`. */
export function countUpTo(sorted: ArrayLike<number>, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
