import { describe, expect, it } from "vitest";
import type { Head } from "../api";
import { hopRows, packetRows, repeated } from "./rows";
import { Trace } from "./trace";

/** Three packets of which the last repeats the first; the first is lost on its second link, and ARP has no number at the tap. */
const head = {
  hosts: [{ name: "client", address: null }, { name: "server", address: null }],
  places: [{ name: "client", role: "host" }, { name: "router", role: "router" }, { name: "server", role: "host" }],
  devices: [0, 1, 2], main_connection: null, connections: [], marks: [], flags: [], protocols: [{ name: "ARP", layer: 2 }], phases: [], states: {},
} as unknown as Head;
const trace = new Trace(head, {
  rows: 3,
  byName: new Map(Object.entries({ at: Float64Array.of(0, 10, 300), from: Uint16Array.of(0, 1, 0), to: Uint16Array.of(1, 0, 1), repeats: Uint32Array.of(0, 0, 1) })),
});
const packet = Uint32Array.of(0, 1, 1, 2, 2, 3, 3);
const hops = hopRows(head, trace, {
  rows: packet.length,
  byName: new Map(Object.entries({
    packet,
    sent: Float64Array.of(-5, 0, 5, 6, 10, 300, 305),
    arrived: Float64Array.of(-1, 5, NaN, 10, 15, 305, 310),
    lost_at: Uint16Array.of(0, 0, 2, 0, 0, 0, 0),
    lost_ns: Float64Array.of(NaN, NaN, 8, NaN, NaN, NaN, NaN),
    from: Uint16Array.of(0, 0, 1, 2, 1, 0, 1),
    to: Uint16Array.of(1, 1, 2, 1, 0, 1, 2),
    protocol: new Uint8Array(7), class: new Uint8Array(7), length: new Uint32Array(7),
  })),
});

describe("what is sent again", () => {
  it("is bound to what it repeats, packet by packet", () => {
    const rows = packetRows(trace, null);
    expect([0, 1, 2].map((i) => repeated(rows, trace, i))).toEqual([0, 0, 1]);
  });
  it("is bound on every hop once, from its first traversal to the first of what it repeats", () => {
    expect([...packet.keys()].map((i) => repeated(hops, trace, i))).toEqual([0, 0, 0, 0, 0, 2, 0]);
    // The row that it is bound to is the first packet's, not one of the same index.
    expect(hops.packet(repeated(hops, trace, 5) - 1)).toBe(1);
  });
});
