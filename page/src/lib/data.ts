import type {
  ApiError, ApiProblem, Bundle, Chain, Explained, Found, Head, Packet, Progress, RunAnswer, RunRequest, Sources, Texts,
} from "../api";
import type { Comparison } from "../story";
import { bytesOf, decodeColumns } from "./columns";
import { sentence } from "./format";
import { Trace } from "./trace";

/** A failure that can be shown: what, where, and the remedy. */
export class Failure extends Error {
  constructor(readonly problem: ApiProblem) {
    super(problem.message);
  }
}

/** What went wrong, as it is shown. */
export function problemOf(cause: unknown): ApiProblem {
  if (cause instanceof Failure) return cause.problem;
  return { code: "internal", input: null, place: null, message: cause instanceof Error ? cause.message : String(cause), remedy: null };
}

/** What went wrong and what helps, in sentences. */
export function wordsOf(cause: unknown): string {
  const { message, remedy } = problemOf(cause);
  return [sentence(message), sentence(remedy)].filter(Boolean).join(" ");
}

const problem = (code: string, message: string, remedy: string | null): ApiProblem => ({ code, input: null, place: null, message, remedy });

/** What an exported file holds inside, or null where a server answers. */
export function bundled(): Bundle | null {
  const text = document.getElementById("wirescope-data")?.textContent?.trim();
  return text ? (JSON.parse(text) as Bundle) : null;
}

async function answered(request: Promise<Response>): Promise<Response> {
  let response: Response;
  try {
    response = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new Failure(problem("gone", "The server does not answer.", "Start it again with `wirescope serve`."));
  }
  if (response.ok) return response;
  let said: ApiProblem | null = null;
  try {
    said = ((await response.json()) as ApiError).error;
  } catch {
    // not from our server: the status is all that there is to say
  }
  throw new Failure(said ?? problem("internal", `The server answers ${response.status} ${response.statusText}.`, null));
}

const query = (values: Record<string, string | number | null | undefined>): string => {
  const pairs = Object.entries(values).filter((pair): pair is [string, string | number] => pair[1] !== null && pair[1] !== undefined && pair[1] !== "");
  return pairs.length ? "?" + new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString() : "";
};

/** One run's data, from a server or from the file itself. */
export interface Run {
  readonly id: string;
  readonly trace: Trace;
  texts(from: number, count: number): Promise<string[]>;
  packet(number: number, signal?: AbortSignal): Promise<Packet>;
  chain(event: number): Promise<Chain>;
  /** Another answer of the server about this run, by its path below the run: `series?connection=0`. */
  more<T>(path: string): Promise<T>;
  /** The rows of every hop, if there are any. */
  hops(): Promise<ArrayBuffer>;
  /** The packets behind `after` that hold a text, as far as one answer looks. */
  find(text: string, after: number, signal?: AbortSignal): Promise<Found>;
  /** Where a file of this run can be fetched, or null where there is no server. */
  exportAddress(format: string, how?: Record<string, string | undefined>): string | null;
}

class ServedRun implements Run {
  constructor(
    readonly id: string,
    readonly trace: Trace,
    private readonly tap: string | null,
    /** Whether the first packets will do while the rest is still being read. */
    private readonly beginning: boolean,
  ) {}

  private address(path: string, values: Record<string, string | number | null | undefined> = {}): string {
    const [bare, more] = path.split("?");
    const extra = Object.fromEntries(new URLSearchParams(more ?? ""));
    return `/api/run/${this.id}/${bare}${query({ ...extra, tap: this.tap, beginning: this.beginning ? 1 : null, ...values })}`;
  }

  async texts(from: number, count: number): Promise<string[]> {
    return (await this.json<Texts>(this.address("texts", { from, count }))).texts;
  }
  packet(number: number, signal?: AbortSignal): Promise<Packet> {
    return this.json(this.address(`packet/${number}`), signal);
  }
  chain(event: number): Promise<Chain> {
    return this.json(this.address("chain", { event }));
  }
  more<T>(path: string): Promise<T> {
    return this.json(this.address(path));
  }
  async hops(): Promise<ArrayBuffer> {
    return (await answered(fetch(this.address("hops")))).arrayBuffer();
  }
  find(q: string, after: number, signal?: AbortSignal): Promise<Found> {
    return this.json(this.address("find", { q, after, limit: 1_000_000 }), signal);
  }
  exportAddress(format: string, how: Record<string, string | undefined> = {}): string {
    return this.address(`export.${format}`, { ...how, beginning: null });
  }
  private async json<T>(address: string, signal?: AbortSignal): Promise<T> {
    return (await answered(fetch(address, signal ? { signal } : {}))).json() as Promise<T>;
  }
}

/** A value that was packed with gzip and written in base64. */
async function unpacked<T>(text: string): Promise<T> {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).json()) as T;
}

class BundledRun implements Run {
  readonly id: string;
  constructor(
    private readonly bundle: Bundle,
    readonly trace: Trace,
  ) {
    this.id = bundle.run;
  }
  async texts(from: number, count: number): Promise<string[]> {
    return this.bundle.texts.slice(from - 1, from - 1 + count);
  }
  async packet(number: number): Promise<Packet> {
    const found = this.bundle.packets[String(number)];
    if (!found) throw new Failure(problem("not-here", `This file does not hold the bytes of packet ${number}.`, this.bundle.selection));
    return unpacked<Packet>(found);
  }
  async chain(): Promise<Chain> {
    return { links: [] };
  }
  async more<T>(path: string): Promise<T> {
    const found = this.bundle.extra[path];
    if (found === undefined) throw new Failure(problem("not-here", "This file does not hold that view.", "Open the run with `wirescope serve` to see it."));
    return unpacked<T>(found);
  }
  async hops(): Promise<ArrayBuffer> {
    if (!this.bundle.hops) throw new Failure(problem("not-here", "This file does not hold the hops.", null));
    return bytesOf(this.bundle.hops).buffer;
  }
  async find(q: string, after: number): Promise<Found> {
    const wanted = q.toLowerCase();
    const numbers: number[] = [];
    this.bundle.texts.forEach((text, i) => {
      if (i + 1 > after && text.toLowerCase().includes(wanted)) numbers.push(i + 1);
    });
    return { numbers, until: this.bundle.texts.length, more: false };
  }
  exportAddress(): null {
    return null;
  }
}

/** The server's side of the page. */
export const server = {
  async sources(): Promise<Sources> {
    return (await answered(fetch("/api/sources"))).json() as Promise<Sources>;
  },
  /** Starts a run, or finds it if the same one was made before. */
  async start(request: RunRequest, replaces: string | null, signal?: AbortSignal): Promise<RunAnswer> {
    const headers: Record<string, string> = { "Content-Type": "application/json", "X-Wirescope": "1" };
    if (replaces) headers["X-Wirescope-Replaces"] = replaces;
    const init: RequestInit = { method: "POST", headers, body: JSON.stringify(request) };
    if (signal) init.signal = signal;
    return (await answered(fetch("/api/run", init))).json() as Promise<RunAnswer>;
  },
  /** Follows a run while it is made, in words; resolves when it can be asked or has failed: the next answer says which. */
  progress(run: string, tell: (words: string, beginning: boolean) => void, signal?: AbortSignal): Promise<void> {
    return new Promise((done) => {
      const events = new EventSource(`/api/run/${encodeURIComponent(run)}/progress`);
      const end = () => {
        events.close();
        done();
      };
      events.addEventListener("progress", (event) => {
        const { stage, done: part, total, beginning } = JSON.parse((event as MessageEvent<string>).data) as Progress;
        tell(total && part ? `${stage}, ${Math.round((part / total) * 100)} %` : stage, beginning);
      });
      for (const name of ["ready", "failed", "error"]) events.addEventListener(name, end);
      signal?.addEventListener("abort", end);
    });
  },
  /** Opens a capture, with its key log if there is one. */
  async capture(file: File, keys: File | null): Promise<RunAnswer> {
    const body = new Blob(keys ? [file, keys] : [file]);
    const headers = { "Content-Type": "application/octet-stream", "X-Wirescope": "1" };
    return (await answered(fetch(`/api/capture${query({ size: file.size, name: file.name })}`, { method: "POST", headers, body }))).json() as Promise<RunAnswer>;
  },
  async keys(run: string, keys: File): Promise<RunAnswer> {
    const headers = { "Content-Type": "application/octet-stream", "X-Wirescope": "1" };
    return (await answered(fetch(`/api/run/${run}/keys`, { method: "POST", headers, body: keys }))).json() as Promise<RunAnswer>;
  },
  async explain(term: string): Promise<Explained> {
    return (await answered(fetch(`/api/explain${query({ term })}`))).json() as Promise<Explained>;
  },
  async compare(a: string, b: string): Promise<Comparison> {
    return (await answered(fetch(`/api/compare${query({ a, b })}`))).json() as Promise<Comparison>;
  },
  /** Loads a run that is there, or waits for one that is being made; `beginning` is content with its first packets. */
  async open(id: string, tap: string | null, signal?: AbortSignal, beginning = false): Promise<Run> {
    const init = signal ? { signal } : {};
    const below = `/api/run/${encodeURIComponent(id)}`;
    const how = query({ tap, beginning: beginning ? 1 : null });
    const [head, columns] = await Promise.all([
      answered(fetch(`${below}/head${how}`, init)).then((r) => r.json() as Promise<Head>),
      answered(fetch(`${below}/columns${how}`, init)).then((r) => r.arrayBuffer()),
    ]);
    const trace = new Trace(head, decodeColumns(columns));
    // The whole came between both answers.
    if (beginning && trace.rows !== head.packets) return server.open(id, tap, signal);
    return new ServedRun(head.run, trace, tap, head.beginning);
  },
};

/** The run inside an exported file. */
export function openBundle(bundle: Bundle): Run {
  return new BundledRun(bundle, new Trace(bundle.head, decodeColumns(bytesOf(bundle.columns).buffer)));
}
