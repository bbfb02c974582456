import { describe, expect, it } from "vitest";
import type { Head } from "../api";
import type { Columns, Numbers } from "./columns";
import { Trace } from "./trace";

function trace(columns: Record<string, Numbers>, main: number | null = null): Trace {
  const head = {
    main_connection: main,
    connections: [{ first: 2 }],
    marks: [{ bit: 0, id: "tcp.retransmission", name: "retransmission", line: "", rfc: "", trouble: true, copy: false }, { bit: 1, id: "tcp.window_update", name: "window update", line: "", rfc: "", trouble: false, copy: false }, { bit: 2, id: "tcp.copy", name: "the same packet again", line: "", rfc: "", trouble: false, copy: true }],
    flags: [{ bit: 1, name: "SYN", short: "S" }, { bit: 4, name: "ACK", short: "A" }],
    protocols: [{ name: "TCP", layer: 4 }, { name: "HTTP", layer: 7 }],
    places: [{ name: "the access line", role: "link" }],
    phases: [{ name: "TCP", from_ns: 0, to_ns: 20, rtt_ns: 20, round_trips: 1 }, { name: "HTTP", from_ns: 20, to_ns: 60, rtt_ns: 20, round_trips: 2 }],
    states: { "1": "ESTABLISHED", "2": "SYN-SENT" },
  } as unknown as Head;
  const byName = new Map(Object.entries(columns));
  return new Trace(head, { rows: columns["at"]?.length ?? 0, byName } satisfies Columns);
}

describe("a trace", () => {
  const t = trace({
    at: Float64Array.of(0, 10, 20, 20, 40),
    marks: Uint32Array.of(0, 1, 0, 2, 0),
    lost_at: Uint16Array.of(0, 0, 0, 0, 1),
    repeats: Uint32Array.of(0, 1, 0, 0, 0),
    flags: Uint16Array.of(2, 18, 16, 16, 0),
    payload: Uint32Array.of(0, 0, 0, 72, 0),
    protocol: Uint8Array.of(0, 0, 0, 1, 1),
    client_before: Uint8Array.of(7, 2, 1, 1, 1),
    client_after: Uint8Array.of(2, 1, 1, 1, 1),
  });
  it("knows what has passed at a moment", () => {
    expect([-1, 0, 9, 20, 99].map((ns) => t.passed(ns))).toEqual([0, 1, 1, 4, 5]);
  });
  it("finds what is looked for, forwards and backwards, and nothing past the ends", () => {
    expect(t.seek("trouble", 1, 1)).toBe(2);
    expect(t.seek("trouble", 2, 1)).toBe(5);
    expect(t.seek("trouble", 5, 1)).toBeNull();
    expect(t.seek("trouble", 5, -1)).toBe(2);
    expect(t.seek("loss", 1, 1)).toBe(5);
    expect(t.seek("retransmission", 1, 1)).toBe(2);
    expect(t.seek("state", 1, 1)).toBe(2);
    expect(t.seek("phase", 1, 1)).toBe(3);
  });
  it("counts round trips from its main connection, listed or not", () => {
    const at = Float64Array.of(5, 10, 20, 30);
    const connection = Uint32Array.of(0, 1, 1, 1501);
    expect(trace({ at, connection }).origin).toBe(10);
    expect(trace({ at, connection }, 1500).origin).toBe(30);
    expect(trace({ at, connection }, 7).origin).toBe(5);
  });
  it("does not take an ordinary mark for trouble", () => {
    expect(t.trouble(4)).toBe(false);
    expect(t.markNames(4)).toEqual(["window update"]);
  });
  it("does not take what was captured twice for sent twice", () => {
    const twice = trace({ at: Float64Array.of(0, 1, 2), marks: Uint32Array.of(0, 4, 1), repeats: Uint32Array.of(0, 1, 1), flags: Uint16Array.of(2, 2, 2) });
    expect([twice.copy(1), twice.copy(2), twice.copy(3)]).toEqual([false, true, false]);
    expect(twice.seek("retransmission", 1, 1)).toBe(3);
    expect(twice.seek("trouble", 1, 1)).toBe(3);
    expect([twice.short(1), twice.short(2)]).toEqual(["SYN", "SYN again"]);
  });
  it("says in a few words what a packet is", () => {
    expect(t.short(2)).toBe("SYN ACK");
    expect(t.short(4)).toBe("HTTP 72 B");
    expect(t.short(5)).toBe("HTTP");
    expect(t.lostWhere(5)).toBe("the access line");
    expect(t.state(2)).toBe("SYN-SENT");
    expect(t.state(255)).toBe("");
  });
});
