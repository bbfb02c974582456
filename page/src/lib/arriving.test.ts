import { describe, expect, it } from "vitest";
import { type Arrival, arrive, type Origin } from "./arriving";
import type { Run } from "./data";

const run = (name: string, beginning = false) => ({ id: name, trace: { head: { beginning } } }) as unknown as Run;

/** A server that tells of a run at the pace of the test, and what was told of it. */
function staged() {
  const told: string[] = [];
  let say: (words: string, beginning: boolean) => void = () => undefined;
  let ready: () => void = () => undefined;
  const waiting = new Map<boolean, { give: (run: Run) => void; refuse: (cause: Error) => void }>();
  const from: Origin = {
    open: (_id, _tap, _signal, beginning = false) => new Promise((give, refuse) => waiting.set(beginning, { give, refuse })),
    progress: (_id, tell, signal) => new Promise((done) => {
      say = tell;
      ready = done;
      signal?.addEventListener("abort", () => done());
    }),
  };
  const to: Arrival = {
    far: (words, shown) => told.push(`${shown ? "reading" : "busy"}: ${words}`),
    first: (first) => told.push(`first ${first.id}`),
    whole: (whole, first) => told.push(`whole ${whole.id} behind ${first?.id ?? "nothing"}`),
  };
  const beat = () => new Promise((done) => setTimeout(done));
  const abort = new AbortController();
  const over = arrive(from, "c1", null, abort.signal, to);
  over.catch(() => undefined);
  return {
    told, over, abort, beat,
    far: (words: string, beginning: boolean) => say(words, beginning),
    made: async () => (ready(), await beat()),
    gives: async (which: Run) => (waiting.get(which.trace.head.beginning)?.give(which), await beat()),
    refuses: async () => (waiting.get(false)?.refuse(new Error("unknown")), await beat()),
  };
}

describe("a run that arrives", () => {
  it("is told of with its first packets, and then as a whole", async () => {
    const run1 = staged();
    run1.far("1 %", false);
    run1.far("2 %", true);
    await run1.gives(run("begun", true));
    run1.far("9 %", true);
    await run1.made();
    await run1.gives(run("all"));
    expect(await run1.over).toBe(true);
    expect(run1.told).toEqual(["busy: 1 %", "busy: 2 %", "first begun", "reading: 2 %", "reading: 9 %", "whole all behind begun"]);
  });
  it("is told of once where its first packets come too late, or are all", async () => {
    const late = staged();
    late.far("2 %", true);
    await late.made();
    await late.gives(run("all"));
    await late.gives(run("begun", true));
    expect(await late.over).toBe(true);
    expect(late.told).toEqual(["busy: 2 %", "whole all behind nothing"]);
  });
  it("is told of no more once something else was opened", async () => {
    const left = staged();
    left.far("2 %", true);
    left.abort.abort();
    await left.beat();
    await left.gives(run("begun", true));
    await left.gives(run("all"));
    expect(await left.over).toBe(false);
    expect(left.told).toEqual(["busy: 2 %"]);
  });
  it("may turn out to be another: what the server says against it is passed on", async () => {
    const other = staged();
    other.far("2 %", true);
    await other.gives(run("begun", true));
    await other.made();
    await other.refuses();
    await expect(other.over).rejects.toThrow("unknown");
    expect(other.told).toEqual(["busy: 2 %", "first begun", "reading: 2 %"]);
  });
});
