import type { ApiProblem, Packet } from "../api";
import { Axis } from "./axis";
import { problemOf, type Run } from "./data";
import { Density } from "./density";
import { endNames, type Ends, namedEnds, usualEnds } from "./ends";
import { Texts } from "./texts.svelte";
import type { Trace } from "./trace";

/** A field of the packet that is shown: a node of one of its buffers. */
export interface Field {
  buffer: number;
  node: number;
}

/** What the panels below and beside the ladder can show. */
export const PANELS = ["states", "graphs", "waterfall", "hops", "dns", "log", "compare"] as const;
export type Panel = (typeof PANELS)[number];

/** The run that is shown, the one selection in it (packet, field, moment), and how it is looked at. */
export class Shown {
  run = $state.raw<Run | null>(null);
  /** The run that was kept as A, to compare with. */
  kept = $state.raw<Run | null>(null);

  /** The selected packet's number; 0 where a trace is empty. */
  packet = $state(0);
  /** The moment at which everything is shown, in nanoseconds. */
  moment = $state(0);
  field = $state.raw<Field | null>(null);
  hover = $state.raw<Field | null>(null);
  detail = $state.raw<Packet | null>(null);
  detailProblem = $state.raw<ApiProblem | null>(null);

  panel = $state<Panel>("states");
  mode = $state<"rows" | "time">("rows");
  view = $state<"ladder" | "table">("ladder");
  everyHop = $state(false);
  /** The two hosts that have columns of their own on the ladder; null for all hosts. */
  ends = $state.raw<Ends | null>(null);
  rawNumbers = $state(false);
  filter = $state("");
  /** The event that was looked up in the log, or null. */
  event = $state<number | null>(null);
  /** The first packet that is not shown yet, because a question about it is open; 0 where nothing is hidden. */
  veil = $state(0);
  /** The packets that match the filter, or null where none is set. */
  matches = $state.raw<number[] | null>(null);
  /** Whether the first match is to be selected as soon as it is known. */
  wantsMatch = false;
  private readonly details = new Map<number, Packet>();
  private wanted: AbortController | null = null;
  protected fieldId: string | null = null;

  readonly trace: Trace | null = $derived(this.run?.trace ?? null);
  /** What the packets of the run say, in words. */
  readonly texts: Texts | null = $derived(this.run ? new Texts(this.run) : null);
  readonly density: Density | null = $derived.by(() => {
    const trace = this.run?.trace;
    return trace ? new Density(trace.side, (i) => trace.trouble(i + 1)) : null;
  });
  readonly axis: Axis | null = $derived.by(() => {
    const trace = this.run?.trace;
    return trace ? new Axis(trace.at, Math.min(0, trace.at[0] ?? 0), Math.max(trace.end, trace.head.totals?.total_ns ?? 0, 1)) : null;
  });
  /** The field that is lit everywhere: what is pointed at, or else what is selected. */
  readonly lit: Field | null = $derived(this.hover ?? this.field);

  /** Shows a run from its packet `packet` on, or from its first. */
  protected present(run: Run, packet: number | null, field: string | null): void {
    this.run = run;
    this.details.clear();
    this.detail = null;
    this.field = null;
    this.hover = null;
    this.fieldId = field;
    this.filter = "";
    this.everyHop = false;
    this.ends = usualEnds(run.trace);
    this.veil = 0;
    this.event = null;
    this.packet = 0;
    this.select(Math.min(packet ?? 1, run.trace.rows));
  }

  /** Shows a run that goes on with the one that is shown: the same packets, and those behind them. */
  protected goOn(run: Run, packet: number | null): void {
    // Its hosts may stand in another order.
    this.ends = namedEnds(run.trace, this.trace && endNames(this.trace, this.ends));
    this.run = run;
    this.details.clear();
    if (packet) this.select(packet);
    else void this.fetchDetail(this.packet);
  }

  /** Shows the columns that an address names: every hop, two hosts, all of them, or what is usual. */
  protected showColumns(wanted: { hops?: boolean; ends?: readonly string[] | null } | undefined): void {
    this.everyHop = wanted?.hops ?? false;
    if (this.trace) this.ends = namedEnds(this.trace, wanted?.ends ?? null);
  }

  /** The ladder's columns, for an address: null for what is usual. */
  protected get columnNames(): string[] | null {
    const trace = this.trace;
    if (!trace) return null;
    const names = endNames(trace, this.ends);
    return names.join("\0") === endNames(trace, usualEnds(trace)).join("\0") ? null : names;
  }

  /** Selects a packet; the moment becomes its own. */
  select(number: number): void {
    const trace = this.trace;
    if (!trace || trace.rows === 0) return;
    const n = Math.min(Math.max(Math.round(number), 1), this.veil ? this.veil - 1 : trace.rows);
    this.moment = trace.at[n - 1] ?? 0;
    this.event = null;
    this.take(n);
  }

  /** Goes to a moment; the selected packet becomes the last that has passed. */
  go(ns: number): void {
    const trace = this.trace;
    const axis = this.axis;
    if (!trace || !axis || trace.rows === 0) return;
    // TIME-WAIT ends long after the last packet: whoever wants to see that gets there.
    const last = this.veil ? (trace.at[this.veil - 2] ?? axis.from) : Math.max(axis.to, trace.head.totals?.time_wait?.to_ns ?? 0);
    this.moment = Math.min(Math.max(ns, axis.from), last);
    this.event = null;
    const passed = trace.passed(this.moment);
    this.take(Math.max(this.veil ? Math.min(passed, this.veil - 1) : passed, 1));
  }

  private take(number: number): void {
    if (number === this.packet) return;
    this.packet = number;
    this.hover = null;
    void this.fetchDetail(number);
  }

  /** How long a packet is selected before it is asked for, in milliseconds: while a key is held down, only the one at which it rests. */
  protected get patience(): number {
    return this.detail ? 30 : 0;
  }

  protected async fetchDetail(number: number): Promise<void> {
    const run = this.run;
    if (!run) return;
    this.wanted?.abort();
    const known = this.details.get(number);
    if (known) {
      this.setDetail(known);
      return;
    }
    const mine = new AbortController();
    this.wanted = mine;
    await new Promise((done) => setTimeout(done, this.patience));
    if (mine.signal.aborted) return;
    try {
      const packet = await run.packet(number, mine.signal);
      if (mine.signal.aborted || this.run !== run) return;
      if (this.details.size > 100) this.details.clear();
      this.details.set(number, packet);
      this.setDetail(packet);
    } catch (cause) {
      if (mine.signal.aborted || this.run !== run) return;
      this.detail = null;
      this.detailProblem = problemOf(cause);
    }
  }

  private setDetail(packet: Packet): void {
    this.detail = packet;
    this.detailProblem = null;
    // The same field of the next packet stays selected, so that it can be watched as it changes.
    this.field = this.fieldId ? find(packet, this.fieldId) : null;
  }

  /** Selects a field of the packet, or none. */
  choose(field: Field | null): void {
    this.field = field;
    this.fieldId = field ? (this.detail?.buffers[field.buffer]?.nodes[field.node]?.id ?? null) : null;
  }

  /** Selects a field by its dotted id, in this packet or in the one that is on its way. */
  chooseId(id: string): void {
    this.fieldId = id;
    if (this.detail && this.detail.number === this.packet) this.field = find(this.detail, id);
  }

  /** Selects the first packet that matches the filter, now or once it is known. */
  takeMatch(): void {
    const first = this.matches?.[0];
    if (first) this.select(first);
    else this.wantsMatch = this.filter !== "";
  }
}

function find(packet: Packet, id: string): Field | null {
  for (let buffer = 0; buffer < packet.buffers.length; buffer++) {
    const node = packet.buffers[buffer]?.nodes.findIndex((n) => n.id === id) ?? -1;
    if (node >= 0) return { buffer, node };
  }
  return null;
}
