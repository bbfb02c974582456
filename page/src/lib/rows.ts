import type { Head } from "../api";
import { type Columns, column } from "./columns";
import type { Trace } from "./trace";

/** What a ladder draws: the packets at the place of observation, or every traversal of a link. */
export interface Rows {
  readonly count: number;
  readonly at: Float64Array;
  readonly sent: Float64Array;
  readonly arrived: Float64Array;
  readonly lostNs: Float64Array;
  readonly lostAt: Uint16Array;
  readonly from: Uint16Array;
  readonly to: Uint16Array;
  readonly class: Uint8Array;
  readonly columns: readonly { name: string; address: string | null; role: string }[];
  /** The packet at the place of observation that row `i` is, or 0. */
  packet(i: number): number;
  /** The row that packet `number` is, or the first of its rows. */
  row(number: number): number;
  short(i: number): string;
  trouble(i: number): boolean;
  /** Whether TCP states belong to the columns. */
  readonly everyHop: boolean;
}

/** The packets of a trace. */
export function packetRows(trace: Trace): Rows {
  return {
    count: trace.rows,
    at: trace.at,
    sent: trace.sent,
    arrived: trace.arrived,
    lostNs: trace.lostNs,
    lostAt: trace.lostAt,
    from: trace.from,
    to: trace.to,
    class: trace.class,
    columns: trace.head.hosts,
    packet: (i) => i + 1,
    row: (number) => number - 1,
    short: (i) => trace.short(i + 1),
    trouble: (i) => trace.trouble(i + 1),
    everyHop: false,
  };
}

/** Every traversal of a link, a column a device along the path. */
export function hopRows(head: Head, trace: Trace, columns: Columns): Rows {
  const place = new Map<number, number>();
  head.devices.forEach((device, i) => place.set(device, i));
  const shown = head.devices.map((device) => ({ name: head.places[device]?.name ?? "", address: null, role: head.places[device]?.role ?? "" }));
  const moved = (name: string) => {
    const out = new Uint16Array(columns.rows);
    column(columns, name, Uint16Array).forEach((device, i) => {
      let at = place.get(device);
      if (at === undefined) {
        at = shown.push({ name: head.places[device]?.name ?? "", address: null, role: "" }) - 1;
        place.set(device, at);
      }
      out[i] = at;
    });
    return out;
  };
  const sent = column(columns, "sent", Float64Array);
  const packet = column(columns, "packet", Uint32Array);
  const protocol = column(columns, "protocol", Uint8Array);
  const length = column(columns, "length", Uint32Array);
  const lostAt = column(columns, "lost_at", Uint16Array);
  const first = new Map<number, number>();
  packet.forEach((number, i) => {
    if (number && !first.has(number)) first.set(number, i);
  });
  return {
    count: columns.rows,
    at: sent,
    sent,
    arrived: column(columns, "arrived", Float64Array),
    lostNs: column(columns, "lost_ns", Float64Array),
    lostAt,
    from: moved("from"),
    to: moved("to"),
    class: column(columns, "class", Uint8Array),
    columns: shown,
    packet: (i) => packet[i] ?? 0,
    row: (number) => first.get(number) ?? 0,
    short: (i) => (packet[i] ? trace.short(packet[i] ?? 1) : `${head.protocols[protocol[i] ?? 0]?.name ?? ""} ${length[i] ?? 0} B`),
    trouble: (i) => (lostAt[i] ?? 0) !== 0,
    everyHop: true,
  };
}
