import type { ApiProblem, RunRequest, Sources } from "../api";
import * as address from "./address";
import { arrive } from "./arriving";
import { bundled, Failure, openBundle, problemOf, type Run, server } from "./data";
import { Playing } from "./playing.svelte";
import { PANELS } from "./shown.svelte";

/** How runs come to be shown: by the address, a URL, a scenario, files that are dropped; what is waited for, and what went wrong. */
export class Opening extends Playing {
  sources = $state.raw<Sources | null>(null);
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
  /** What a link wants to show of a capture that is not here: the file is asked for. */
  awaited = $state.raw<address.Place | null>(null);

  protected tap: string | null = null;
  private starting: AbortController | null = null;
  /** A run that was begun and is not ready: a newer one takes its place. */
  private making: string | null = null;
  /** The run whose first packets are shown, and what ends the waiting for the rest. */
  private rest: AbortController | null = null;
  /** The packet that a link wants to show, and that is not among the first. */
  private wantedPacket: number | null = null;
  /** A run that goes on with what was shown: the same packets, and those behind them. */
  private goingOn: Run | null = null;

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
      this.showColumns(wanted);
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
    this.showColumns(wanted);
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
  protected made(run: Run | null): address.Made {
    const source = run?.trace.head.source;
    const knobs = { ...source?.knobs };
    return !run || source?.kind === "capture" || source?.file ? { source: null, knobs, run: run?.id ?? null } : { source: source?.source ?? null, knobs, run: null };
  }

  /** What is shown was made of this. */
  protected opened(run: Run): void {
    const { source, knobs, file } = run.trace.head.source;
    this.source = source;
    this.knobs = { ...knobs };
    this.file = file;
  }

  private async reopen(id: string, wanted: address.Place): Promise<void> {
    this.busy = "Opening the run";
    try {
      this.tap = wanted.tap;
      await this.arrive(id, wanted.tap, (run) => {
        this.opened(run);
        this.show(run, wanted.packet, wanted.field);
        this.showColumns(wanted);
      });
    } catch (cause) {
      if (!(cause instanceof Failure) || cause.problem.code !== "unknown-run") return this.fail(cause);
      // Only whoever has the file can bring it back.
      this.awaited = wanted;
      // What began like it turned out to be another: that is what is here.
      const here = this.sources?.start?.run;
      if (here && here !== id && this.run?.trace.head.beginning) await this.reopen(here, { ...wanted, packet: this.packet });
      this.fail(cause);
    } finally {
      this.busy = "";
    }
  }

  /** Shows a run as soon as its first packets are known, and then the whole, unless something else was opened meanwhile. */
  private async arrive(id: string, tap: string | null, show: (run: Run) => void): Promise<void> {
    this.rest?.abort();
    const mine = new AbortController();
    this.rest = mine;
    try {
      await arrive(server, id, tap, mine.signal, {
        far: (words, shown) => {
          if (shown) this.reading = words;
          else this.busy = words;
        },
        first: (run) => {
          show(run);
          this.busy = "";
        },
        whole: (run, first) => {
          if (first) this.settle(first, run);
          else show(run);
        },
      });
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
    const wanted = this.wantedPacket;
    this.wantedPacket = null;
    this.goOn(whole, this.packet === first.trace.rows ? wanted : null);
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
      this.showColumns(wanted);
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
    await this.start(this.source, knobs, { packet: this.packet, tap: this.tap, field: this.fieldId, hops: this.everyHop, ends: this.columnNames }, null, this.file);
  }

  /** Watches the run from another place. */
  async observe(tap: string): Promise<void> {
    const run = this.run;
    if (!run) return;
    this.busy = "Opening";
    try {
      this.tap = tap === run.trace.head.taps[0]?.name ? null : tap;
      const columns = { hops: this.everyHop, ends: this.columnNames };
      this.show(await server.open(run.id, this.tap), null, this.fieldId);
      this.showColumns(columns);
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
        const columns = awaited ?? (capture ? undefined : { hops: false, ends: this.columnNames });
        this.show(opened, awaited?.packet ?? (capture ? null : before), awaited?.field ?? null);
        this.showColumns(columns);
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

  protected show(run: Run, packet: number | null, field: string | null): void {
    this.pause();
    if (!run.trace.head.beginning) {
      // Whatever was on its way is not waited for any more.
      this.rest?.abort();
      this.reading = "";
    }
    this.wantedPacket = run.trace.head.beginning && packet && packet > run.trace.rows ? packet : null;
    this.present(run, packet, field);
  }

  private fail(cause: unknown): void {
    this.instead = "";
    this.problem = problemOf(cause);
  }
}

function readFragment(): string {
  try {
    return location.hash;
  } catch {
    return "";
  }
}
