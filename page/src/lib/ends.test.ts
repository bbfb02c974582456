import { describe, expect, it } from "vitest";
import type { Head } from "../api";
import { endNames, endsOf, mainEnds, MOST_COLUMNS, namedEnds, ownColumns, pairs, usualEnds } from "./ends";
import { packetRows } from "./rows";
import { Trace } from "./trace";

/** Packets between hosts, each as `[from, to]`; the first connection is between the hosts that are named. */
function trace(names: readonly string[], packets: readonly (readonly [number, number])[], main: readonly [number, number] | null = null, badge = "captured"): Trace {
  const head = {
    badge,
    hosts: names.map((name) => ({ name, address: name === "server" ? "192.0.2.80" : null, role: "unknown" })),
    main_connection: main ? 0 : null,
    connections: main ? [{ first: 1, client_host: main[0], server_host: main[1] }] : [],
    marks: [], flags: [], protocols: [], places: [], phases: [], states: {},
  } as unknown as Head;
  const byName = new Map(Object.entries({
    at: Float64Array.from(packets, (_, i) => i),
    from: Uint16Array.from(packets, ([from]) => from),
    to: Uint16Array.from(packets, ([, to]) => to),
  }));
  return new Trace(head, { rows: packets.length, byName });
}

const NAMES = ["client", "dns", "printer", "gateway", "server"];
const OFFICE = trace(NAMES, [[0, 1], [1, 0], [0, 4], [4, 0], [0, 4], [2, 3], [2, 3], [2, 3], [2, 3], [3, 3]], [0, 4]);

describe("the two ends", () => {
  it("are those of the main connection, or whoever exchanges the most packets", () => {
    expect(mainEnds(OFFICE)).toEqual([0, 4]);
    expect(mainEnds(trace(NAMES, [[0, 1], [2, 3], [3, 2]]))).toEqual([2, 3]);
    expect(mainEnds(trace(NAMES, [[1, 1]]))).toBeNull();
  });
  it("can be chosen among all that speak with each other, the busiest first", () => {
    expect(pairs(OFFICE)).toEqual([{ ends: [2, 3], packets: 4 }, { ends: [0, 4], packets: 3 }, { ends: [0, 1], packets: 2 }]);
  });
  it("are what a capture of many hosts begins with; a simulation and a capture of few begin with all", () => {
    expect(usualEnds(OFFICE)).toEqual([0, 4]);
    expect(usualEnds(trace(NAMES.slice(0, 4), [[0, 1]], [0, 1]))).toBeNull();
    expect(usualEnds(trace(NAMES, [[0, 4]], [0, 4], "simulated"))).toBeNull();
  });
  it("are the selected packet's on demand", () => {
    expect([endsOf(OFFICE, 2), endsOf(OFFICE, 6), endsOf(OFFICE, 10)]).toEqual([[0, 1], [2, 3], [0, 4]]);
  });
  it("are found again by their names, and what is usual where a name is nobody's", () => {
    expect(namedEnds(OFFICE, endNames(OFFICE, [2, 3]))).toEqual([2, 3]);
    expect(namedEnds(OFFICE, endNames(OFFICE, null))).toBeNull();
    for (const wrong of [null, ["client"], ["client", "nobody"], ["client", "client"], []]) expect(namedEnds(OFFICE, wrong)).toEqual([0, 4]);
  });
});

describe("the columns of packets", () => {
  it("are two for the ends and one that the others share; every packet keeps its row, its ends and their names", () => {
    const rows = packetRows(OFFICE, [0, 4]);
    expect(rows.columns.map((column) => column.name)).toEqual(["client", "server", "3 others"]);
    expect(rows.columns.map((column) => column.host)).toEqual([0, 4, -1]);
    expect(rows.columns[2]?.shared).toEqual({ hosts: 3, packets: 7 });
    expect(rows.count).toBe(10);
    expect([rows.from[0], rows.to[0], rows.from[2], rows.to[2], rows.from[5], rows.to[5]]).toEqual([0, 2, 0, 1, 2, 2]);
    expect(rows.ends(5)).toEqual(["printer", "gateway"]);
    // A packet between two of the others is none that a host sends to itself.
    expect([rows.within(4), rows.within(5), rows.within(9)]).toEqual([false, true, false]);
    expect(rows.packet(5)).toBe(6);
  });
  it("are a host's each while they are few, and bounded however many hosts a capture has", () => {
    expect(packetRows(OFFICE, null).columns.map((column) => column.name)).toEqual(NAMES);
    const crowd = Array.from({ length: 5000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const packets = crowd.flatMap((_, i) => (i ? Array.from({ length: i % 97 === 5 ? 9 : 1 }, () => [0, i] as const) : []));
    const busy = trace(crowd, packets, [0, 4999]);
    const rows = packetRows(busy, null);
    expect(rows.columns).toHaveLength(MOST_COLUMNS);
    expect(rows.columns[0]?.host).toBe(0);
    expect(rows.columns.at(-2)?.host).toBe(4999); // the main connection's, though one packet is all that it has
    expect(rows.columns.at(-1)?.name).toBe("4985 others");
    expect(ownColumns(busy, null)?.slice(1, 3)).toEqual([5, 102]);
  });
  it("stay as they are where there is one host beside the ends", () => {
    expect(packetRows(trace(NAMES.slice(0, 3), [[0, 1], [0, 2]]), [0, 1]).columns.map((column) => column.name)).toEqual(["client", "dns", "printer"]);
  });
});
