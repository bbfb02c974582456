import type { ApiProblem, Packet, RunRequest, Sources, Turn } from "../api";
import * as address from "./address";
import { Axis } from "./axis";
import { bundled, Failure, openBundle, type Run, server } from "./data";
import { Density } from "./density";
import { Texts } from "./texts.svelte";
import type { Jump, Trace } from "./trace";

/** A field of the packet that is shown: a node of one of its buffers. */
export interface Field {
  buffer: number;
  node: number;
}

/** How much slower than the run's own time it is played: 100 means a hundredth of its speed. */
export const SPEEDS = [1000, 300, 100, 30, 10, 3, 1] as const;

/** What the panels below and beside the ladder can show. */
export const PANELS = ["states", "graphs", "waterfall", "hops", "dns", "log", "compare"] as const;
export type Panel = (typeof PANELS)[number];

const LEAST_ROUND_TRIP_NS = 1e6;

/** Everything that the views share: the run, the one selection (packet, field, moment), and what is being done. */
class App {
  sources = $state.raw<Sources | null>(null);
  run = $state.raw<Run | null>(null);
  /** The run that was kept as A, to compare with. */
  kept = $state.raw<Run | null>(null);
  source = $state("");
  knobs = $state<Record<string, string>>({});
  /** The text of the scenario file that `source` is the name of, or null. */
  file = $state.raw<string | null>(null);
  /** What is being waited for, in words; empty when nothing is. */
  busy = $state("");
  /** How far the capture is read whose first packets are shown, in words; empty when all of it is there. */
  reading = $state("");
  problem = $state.raw<ApiProblem | null>(null);
  /** What is shown in the place of what could not be; empty where it is what was shown before. */
  instead = $state("");
  exported = $state(false);

  /** The selected packet's number; 0 where a trace is empty. */
  packet = $state(0);
  /** The moment at which everything is shown, in nanoseconds. */
  moment = $state(0);
  field = $state.raw<Field | null>(null);
  hover = $state.raw<Field | null>(null);
  detail = $state.raw<Packet | null>(null);
  detailProblem = $state.raw<ApiProblem | null>(null);

  playing = $state(false);
  speed = $state<number>(100);
  panel = $state<Panel>("states");
  mode = $state<"rows" | "time">("rows");
  view = $state<"ladder" | "table">("ladder");
  everyHop = $state(false);
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
  /** What a link wants to show of a capture that is not here: the file is asked for. */
  awaited = $state.raw<address.Place | null>(null);

  private readonly details = new Map<number, Packet>();
  private wanted: AbortController | null = null;
  private starting: AbortController | null = null;
  /** A run that was begun and is not ready: a newer one takes its place. */
  private making: string | null = null;
  /** The run whose first packets are shown, and what ends the waiting for the rest. */
  private rest: AbortController | null = null;
  /** The packet that a link wants to show, and that is not among the first. */
  private wantedPacket: number | null = null;
  /** A run that goes on with what was shown: the same packets, and those behind them. */
  private goingOn: Run | null = null;
  private fieldId: string | null = null;
  private frame = 0;
  private tap: string | null = null;

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

  /** Begins: with what the address holds, or the exported file, or the first scenario. */
  async begin(): Promise<void> {
    const wanted = address.read(readFragment());
    this.look(wanted);
    const bundle = bundled();
    if (bundle) {
      this.exported = true;
      const run = openBundle(bundle);
      this.opened(run);
      this.show(run, wanted.packet, wanted.field);
      this.everyHop = wanted.hops;
      return;
    }
    try {
      this.sources = await server.sources();
      const start = this.sources.start;
      if (wanted.run && !wanted.source) await this.reopen(wanted.run, wanted);
      else if (wanted.source) await this.start(wanted.source, wanted.knobs, wanted);
      else if (start?.run) {
        await this.reopen(start.run, wanted);
      } else if (start?.source && !start.error) await this.start(start.source, start.knobs, wanted);
      else {
        if (start?.error) this.problem = start.error;
        await this.startFirst(start?.error ?? null);
      }
      // Whatever could not be opened, there is something to see.
      if (!this.run && !this.awaited) await this.startFirst(this.problem);
      if (wanted.against) await this.keepAlso(wanted.against);
    } catch (cause) {
      this.fail(cause);
    }
  }

  /** The first scenario, in the place of what could not be shown. */
  private async startFirst(said: ApiProblem | null): Promise<void> {
    const first = this.sources?.scenarios.find((s) => s.name === "https") ?? this.sources?.scenarios[0];
    if (!first) return;
    await this.start(first.name, {}, undefined, said);
    if (said) this.instead = `Shown in its place: ${first.title}.`;
  }

  /** How things are shown, by the address. */
  private look(wanted: address.Place): void {
    this.mode = wanted.mode === "time" ? "time" : "rows";
    this.view = wanted.view === "table" ? "table" : "ladder";
    this.panel = PANELS.find((panel) => panel === wanted.panel) ?? "states";
  }

  /** Goes where the address points, after somebody changed it. */
  async follow(): Promise<void> {
    const wanted = address.read(readFragment());
    this.look(wanted);
    if (this.exported || !wanted.source && !wanted.run || address.same(wanted, this.made(this.run)) && wanted.tap === this.tap) {
      if (wanted.packet) this.select(wanted.packet);
      if (wanted.field) this.chooseId(wanted.field);
      else this.choose(null);
    } else if (wanted.source) await this.start(wanted.source, wanted.knobs, wanted);
    else if (wanted.run) await this.reopen(wanted.run, wanted);
    this.everyHop = wanted.hops;
    if (wanted.against) await this.keepAlso(wanted.against);
  }

  /** Keeps as A what an address names. */
  private async keepAlso(made: address.Made): Promise<void> {
    if (this.kept && address.same(made, this.made(this.kept))) return;
    try {
      let run = made.run;
      if (made.source) {
        const answer = await server.start({ source: made.source, knobs: made.knobs, file: null }, null);
        if (!answer.ready) await server.progress(answer.run, (words) => (this.busy = words));
        run = answer.run;
      }
      if (run) this.kept = await server.open(run, null);
    } catch (cause) {
      this.fail(cause);
    } finally {
      this.busy = "";
    }
  }

  /** What a run is made of. A capture and a scenario file are found by the run's name: whoever has the file can bring it back. */
  private made(run: Run | null): address.Made {
    const source = run?.trace.head.source;
    const knobs = { ...source?.knobs };
    return !run || source?.kind === "capture" || source?.file ? { source: null, knobs, run: run?.id ?? null } : { source: source?.source ?? null, knobs, run: null };
  }

  /** What is shown was made of this. */
  private opened(run: Run): void {
    const { source, knobs, file } = run.trace.head.source;
    this.source = source;
    this.knobs = { ...knobs };
    this.file = file;
  }

  private async reopen(id: string, wanted: address.Place): Promise<void> {
    this.busy = "Opening the run";
    try {
      this.tap = wanted.tap;
      const shown = await this.arrive(id, wanted.tap, (run) => {
        this.opened(run);
        this.show(run, wanted.packet, wanted.field);
        this.everyHop = wanted.hops;
      });
      if (!shown) return;
    } catch (cause) {
      // Only whoever has the file can bring it back.
      if (cause instanceof Failure && cause.problem.code === "unknown-run") this.awaited = wanted;
      this.fail(cause);
    } finally {
      this.busy = "";
    }
  }

  /**
   * Shows a run as soon as its first packets are known, and then the whole. Gives whether it was shown: not if something else was opened
   * meanwhile.
   */
  private async arrive(id: string, tap: string | null, show: (run: Run) => void): Promise<boolean> {
    this.rest?.abort();
    const mine = new AbortController();
    this.rest = mine;
    let first = null as Run | null;
    let asked = false;
    let far = "";
    const early = async () => {
      try {
        const run = await server.open(id, tap, mine.signal, true);
        if (mine.signal.aborted || !run.trace.head.beginning || first) return;
        first = run;
        show(run);
        this.busy = "";
        this.reading = far;
      } catch {
        // the whole will say what is wrong
      }
    };
    try {
      await server.progress(id, (words, beginning) => {
        far = words;
        if (first) this.reading = words;
        else this.busy = words;
        if (beginning && !asked) void early();
        asked ||= beginning;
      }, mine.signal);
      if (mine.signal.aborted) return false;
      const whole = await server.open(id, tap, mine.signal);
      const shown = first;
      first = whole; // whatever comes too late now is not shown
      if (shown) this.settle(shown, whole);
      else show(whole);
      return true;
    } catch (cause) {
      if (mine.signal.aborted) return false;
      throw cause;
    } finally {
      if (this.rest === mine) {
        this.rest = null;
        this.reading = "";
      }
    }
  }

  /** The whole takes the place of its first packets. Whoever looks at them goes on looking at the same. */
  private settle(first: Run, whole: Run): void {
    if (this.kept === first) this.kept = whole;
    if (this.run !== first) return;
    this.goingOn = whole;
    this.run = whole;
    this.details.clear();
    const wanted = this.wantedPacket;
    this.wantedPacket = null;
    if (wanted && this.packet === first.trace.rows) this.select(wanted);
    else void this.fetchDetail(this.packet);
  }

  /** Whether a run goes on with what was shown before: the same packets at the same places, and those behind them. */
  goesOn(run: Run | null): boolean {
    return run !== null && run === this.goingOn;
  }

  /** Makes a run of a URL, a scenario or a scenario file. What is shown stays until the new run is there, and if it fails. */
  async start(source: string, knobs: Record<string, string>, wanted?: Partial<address.Place>, said: ApiProblem | null = null, file: string | null = null): Promise<void> {
    this.starting?.abort();
    const mine = new AbortController();
    this.starting = mine;
    const request: RunRequest = { source: source.trim(), knobs: $state.snapshot(knobs), file };
    this.busy = "Simulating";
    try {
      const made = await server.start(request, this.making, mine.signal);
      this.making = made.ready ? null : made.run;
      if (!made.ready) await server.progress(made.run, (words) => (this.busy = words), mine.signal);
      this.making = null;
      const tap = wanted?.tap ?? null;
      const run = await server.open(made.run, tap, mine.signal);
      this.tap = tap;
      this.source = source;
      this.knobs = { ...knobs };
      this.file = file;
      this.awaited = null;
      this.problem = said;
      this.instead = "";
      this.show(run, wanted?.packet ?? null, wanted?.field ?? null);
      if (wanted?.hops) this.everyHop = true;
      if (run.trace.head.findings && !wanted?.panel) this.panel = "waterfall"; // what came out of a comparison stands there
    } catch (cause) {
      if (!mine.signal.aborted) this.fail(cause);
    } finally {
      if (this.starting === mine) {
        this.busy = "";
        this.starting = null;
      }
    }
  }

  /** Runs the same source again with a knob turned. The packet that was looked at stays, as far as there is one. */
  async turn(name: string, value: string): Promise<void> {
    const knobs = { ...this.knobs, [name]: value };
    if (value === "") delete knobs[name];
    this.knobs = knobs;
    await this.start(this.source, knobs, { packet: this.packet, tap: this.tap, field: this.fieldId }, null, this.file);
  }

  /** Watches the run from another place. */
  async observe(tap: string): Promise<void> {
    const run = this.run;
    if (!run) return;
    this.busy = "Opening";
    try {
      this.tap = tap === run.trace.head.taps[0]?.name ? null : tap;
      this.show(await server.open(run.id, this.tap), null, this.fieldId);
    } catch (cause) {
      this.fail(cause);
    } finally {
      this.busy = "";
    }
  }

  /** Opens dropped files: a scenario, or a capture and its key log beside it or afterwards. */
  async drop(files: readonly File[]): Promise<void> {
    const scenario = files.find((file) => /\.toml$/i.test(file.name));
    if (scenario) return this.openScenario(scenario);
    const isKeys = (file: File) => /\.(keys?|keylog|log|txt)$/i.test(file.name);
    const capture = files.find((file) => !isKeys(file)) ?? null;
    const keys = files.find(isKeys) ?? null;
    this.busy = "Reading the capture";
    try {
      const run = this.run;
      let made;
      if (capture) made = await server.capture(capture, keys);
      else if (keys && run?.trace.head.source.kind === "capture") made = await server.keys(run.id, keys);
      else throw new Failure({ code: "bad-keys", input: keys?.name ?? null, place: null, message: "This is a key log without a capture.", remedy: "Drop it together with its capture, or open the capture first." });
      const awaited = this.awaited?.run === made.run ? this.awaited : null;
      const before = this.packet;
      const show = (opened: Run) => {
        this.tap = null;
        this.opened(opened);
        this.problem = null;
        this.awaited = null;
        this.show(opened, awaited?.packet ?? (capture ? null : before), awaited?.field ?? null);
      };
      if (capture) await this.arrive(made.run, null, show);
      else {
        // The same packets again: what was shown stays until all of it is there.
        if (!made.ready) await server.progress(made.run, (words) => (this.busy = words));
        show(await server.open(made.run, null));
      }
    } catch (cause) {
      this.fail(cause);
    } finally {
      this.busy = "";
    }
  }

  /** Opens a scenario file, under the conditions of the link that asked for it if one did. */
  private async openScenario(file: File): Promise<void> {
    const most = this.sources?.largest_scenario ?? 0;
    if (file.size > most) {
      this.fail(new Failure({ code: "too-large", input: file.name, place: null, message: `${file.name} is too large for a scenario: at most ${most} bytes are taken.`, remedy: "A capture's name does not end in .toml." }));
      return;
    }
    const wanted = this.awaited;
    await this.start(file.name, wanted?.knobs ?? {}, wanted ?? {}, null, await file.text());
  }

  /** Keeps this run as A, runs it again with that knob turned too, and compares. */
  async whatIf(turn: Turn): Promise<void> {
    this.kept = this.run;
    const value = [this.knobs[turn.knob], turn.value].filter(Boolean).join(",");
    await this.turn(turn.knob, value);
    this.panel = "compare";
  }

  /** Selects the first packet that matches the filter, now or once it is known. */
  takeMatch(): void {
    const first = this.matches?.[0];
    if (first) this.select(first);
    else this.wantsMatch = this.filter !== "";
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
    this.show(b, this.packet, this.fieldId);
  }

  private show(run: Run, packet: number | null, field: string | null): void {
    this.pause();
    if (!run.trace.head.beginning) {
      // Whatever was on its way is not waited for any more.
      this.rest?.abort();
      this.reading = "";
    }
    this.wantedPacket = run.trace.head.beginning && packet && packet > run.trace.rows ? packet : null;
    this.run = run;
    this.details.clear();
    this.detail = null;
    this.field = null;
    this.hover = null;
    this.fieldId = field;
    this.filter = "";
    this.everyHop = false;
    this.veil = 0;
    this.event = null;
    this.packet = 0;
    this.select(Math.min(packet ?? 1, run.trace.rows));
  }

  private fail(cause: unknown): void {
    this.instead = "";
    this.problem = problemOf(cause);
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
    const last = this.veil ? (trace.at[this.veil - 2] ?? axis.from) : axis.to;
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

  private async fetchDetail(number: number): Promise<void> {
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
    // While it plays, or a key is held down, only the packet at which it rests is asked for.
    await new Promise((done) => setTimeout(done, this.playing ? 120 : this.detail ? 30 : 0));
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
    const tick = (now: number) => {
      if (!this.playing) return;
      const passed = Math.min(now - last, 100) * 1e6;
      last = now;
      let moment = this.moment + passed / this.speed;
      // Nobody watches a timeout of seconds at a hundredth of its speed: a silence takes at most about a second.
      const next = trace.at[trace.passed(this.moment)];
      if (next !== undefined && (next - this.moment) * this.speed > 1.2e9) moment = Math.max(moment, next - 1e9 / this.speed);
      this.go(moment);
      if (next === undefined) return this.pause();
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
    };
  }
}

function find(packet: Packet, id: string): Field | null {
  for (let buffer = 0; buffer < packet.buffers.length; buffer++) {
    const node = packet.buffers[buffer]?.nodes.findIndex((n) => n.id === id) ?? -1;
    if (node >= 0) return { buffer, node };
  }
  return null;
}

export function problemOf(cause: unknown): ApiProblem {
  if (cause instanceof Failure) return cause.problem;
  return { code: "internal", input: null, place: null, message: cause instanceof Error ? cause.message : String(cause), remedy: null };
}

function readFragment(): string {
  try {
    return location.hash;
  } catch {
    return "";
  }
}

export const app = new App();
