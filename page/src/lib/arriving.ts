import type { Run } from "./data";

/** Where runs come from, as far as they are waited for. */
export interface Origin {
  open(id: string, tap: string | null, signal?: AbortSignal, beginning?: boolean): Promise<Run>;
  progress(id: string, tell: (words: string, beginning: boolean) => void, signal?: AbortSignal): Promise<void>;
}

/** What is told while a run arrives. */
export interface Arrival {
  /** How far it is, in words; `shown` says whether its first packets are there. */
  far(words: string, shown: boolean): void;
  /** Its first packets are there. */
  first(run: Run): void;
  /** All of it is there, behind what `first` told of, or at once. */
  whole(run: Run, first: Run | null): void;
}

/**
 * Waits for a run, and tells of its first packets as soon as they are known. Gives whether all of it came: not if `signal` ended the
 * waiting. Throws what the server says against it.
 */
export async function arrive(from: Origin, id: string, tap: string | null, signal: AbortSignal, to: Arrival): Promise<boolean> {
  let first: Run | null = null;
  let [asked, over, far] = [false, false, ""];
  const early = async () => {
    try {
      const run = await from.open(id, tap, signal, true);
      // What comes too late is not shown.
      if (signal.aborted || over || !run.trace.head.beginning) return;
      first = run;
      to.first(run);
      to.far(far, true);
    } catch {
      // the whole will say what is wrong
    }
  };
  try {
    await from.progress(id, (words, beginning) => {
      far = words;
      to.far(words, first !== null);
      if (beginning && !asked) void early();
      asked ||= beginning;
    }, signal);
    if (signal.aborted) return false;
    const run = await from.open(id, tap, signal);
    over = true;
    to.whole(run, first);
    return true;
  } catch (cause) {
    if (signal.aborted) return false;
    throw cause;
  } finally {
    over = true;
  }
}
