import type { Head } from "../api";
import { type Columns, column } from "./columns";
import { type Ends, ownColumns } from "./ends";
import type { Trace } from "./trace";

/** A column of a ladder: a host, a device, or several hosts that share it. */
export interface RowsColumn {
  readonly name: string;
  readonly address: string | null;
  /** The index of the host that has it to itself; -1 for a device that is none, and for hosts that share one. */
  readonly host: number;
  /** The hosts that share it, and how many packets they sent or received; null for a column of one's own. */
  readonly shared: { readonly hosts: number; readonly packets: number } | null;
}

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
  readonly columns: readonly RowsColumn[];
  /** The packet at the place of observation that row `i` is, or 0. */
  packet(i: number): number;
  /** The row that packet `number` is, or the first of its rows. */
  row(number: number): number;
  short(i: number): string;
  trouble(i: number): boolean;
  /** Whether it was captured before: it is no packet of its own. */
  copy(i: number): boolean;
  /** Who sent it, and who it was for: by name, whatever column they share. */
  ends(i: number): [string, string];
  /** Whether it passes between two hosts that share a column. */
  within(i: number): boolean;
  /** Whether TCP states belong to the columns. */
  readonly everyHop: boolean;
}

/** The packets of a trace: between its hosts, or between two of them, while the others share a column. */
export function packetRows(trace: Trace, ends: Ends | null): Rows {
  const { hosts } = trace.head;
  const name = (host: number | undefined) => hosts[host ?? 0]?.name ?? "";
  const plain: Rows = {
    count: trace.rows,
    at: trace.at,
    sent: trace.sent,
    arrived: trace.arrived,
    lostNs: trace.lostNs,
    lostAt: trace.lostAt,
    from: trace.from,
    to: trace.to,
    class: trace.class,
    columns: hosts.map(({ name, address }, host) => ({ name, address, host, shared: null })),
    packet: (i) => i + 1,
    row: (number) => number - 1,
    short: (i) => trace.short(i + 1),
    trouble: (i) => trace.trouble(i + 1),
    copy: (i) => trace.copy(i + 1),
    ends: (i) => [name(trace.from[i]), name(trace.to[i])],
    within: () => false,
    everyHop: false,
  };
  const own = ownColumns(trace, ends);
  if (!own) return plain;

  const last = own.length;
  const place = new Uint16Array(hosts.length).fill(last);
  own.forEach((host, at) => (place[host] = at));
  const from = new Uint16Array(trace.rows);
  const to = new Uint16Array(trace.rows);
  let packets = 0;
  for (let i = 0; i < trace.rows; i++) {
    const [a, b] = [place[trace.from[i] ?? 0] ?? last, place[trace.to[i] ?? 0] ?? last];
    from[i] = a;
    to[i] = b;
    if (a === last || b === last) packets++;
  }
  const others = hosts.length - own.length;
  const within = (i: number) => from[i] === last && to[i] === last && trace.from[i] !== trace.to[i];
  return {
    ...plain,
    from,
    to,
    columns: [
      ...own.map((host) => ({ name: name(host), address: hosts[host]?.address ?? null, host, shared: null })),
      { name: `${others} others`, address: null, host: -1, shared: { hosts: others, packets } },
    ],
    within,
  };
}

/** Every traversal of a link, a column a device along the path. */
export function hopRows(head: Head, trace: Trace, columns: Columns): Rows {
  const place = new Map<number, number>();
  head.devices.forEach((device, i) => place.set(device, i));
  const own = (name: string): RowsColumn => ({ name, address: null, host: head.hosts.findIndex((host) => host.name === name), shared: null });
  const shown = head.devices.map((device) => own(head.places[device]?.name ?? ""));
  const moved = (name: string) => {
    const out = new Uint16Array(columns.rows);
    column(columns, name, Uint16Array).forEach((device, i) => {
      let at = place.get(device);
      if (at === undefined) {
        at = shown.push(own(head.places[device]?.name ?? "")) - 1;
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
  const [from, to] = [moved("from"), moved("to")];
  return {
    count: columns.rows,
    at: sent,
    sent,
    arrived: column(columns, "arrived", Float64Array),
    lostNs: column(columns, "lost_ns", Float64Array),
    lostAt,
    from,
    to,
    class: column(columns, "class", Uint8Array),
    columns: shown,
    packet: (i) => packet[i] ?? 0,
    row: (number) => first.get(number) ?? 0,
    short: (i) => (packet[i] ? trace.short(packet[i] ?? 1) : `${head.protocols[protocol[i] ?? 0]?.name ?? ""} ${length[i] ?? 0} B`),
    trouble: (i) => (lostAt[i] ?? 0) !== 0,
    copy: () => false,
    ends: (i) => [shown[from[i] ?? 0]?.name ?? "", shown[to[i] ?? 0]?.name ?? ""],
    within: () => false,
    everyHop: true,
  };
}

/** The row, from 1, that row `i` repeats, or 0. Of the rows of every hop the first of each packet are bound. */
export function repeated(rows: Rows, trace: Trace, i: number): number {
  if (!rows.everyHop) return trace.repeats[i] ?? 0;
  const number = rows.packet(i);
  const first = number && rows.row(number) === i ? (trace.repeats[number - 1] ?? 0) : 0;
  return first ? rows.row(first) + 1 : 0;
}
