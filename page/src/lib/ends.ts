import type { Trace } from "./trace";

/** Two hosts that speak with each other, by their indices, the one on the left first. */
export type Ends = readonly [number, number];

/** So many hosts have a column each at most; the quietest share the last one. */
export const MOST_COLUMNS = 16;
/** A capture of more hosts than this begins with the two ends of what it is mostly about. */
const FEW_HOSTS = 4;
/** So many pairs can be chosen from. */
const MOST_PAIRS = 40;

/** The pairs of hosts that speak with each other and how many packets they exchange, those with the most first. */
export function pairs(trace: Trace): { ends: Ends; packets: number }[] {
  const counts = new Map<number, number>();
  const hosts = trace.head.hosts.length;
  const { from, to } = trace;
  // A million packets pass here, mostly one like the one before: those are counted together.
  let [last, run] = [-1, 0];
  for (let i = 0; i <= trace.rows; i++) {
    const a = from[i] ?? 0;
    const b = to[i] ?? 0;
    const key = i === trace.rows ? -1 : a < b ? a * hosts + b : b * hosts + a;
    if (key === last) run++;
    else {
      if (last >= 0) counts.set(last, (counts.get(last) ?? 0) + run);
      [last, run] = [key, 1];
    }
  }
  for (let host = 0; host < hosts; host++) counts.delete(host * hosts + host); // to oneself is no pair
  return [...counts]
    .sort(([x, n], [y, m]) => m - n || x - y)
    .slice(0, MOST_PAIRS)
    .map(([key, packets]) => ({ ends: [Math.floor(key / hosts), key % hosts], packets }));
}

/** The two hosts that a run is about: the ends of its main connection, or whoever exchanges the most packets; null where nobody does. */
export function mainEnds(trace: Trace): Ends | null {
  const main = trace.head.connections[trace.head.main_connection ?? 0];
  if (main && main.client_host !== main.server_host) return [main.client_host, main.server_host];
  return pairs(trace)[0]?.ends ?? null;
}

/** The ends of packet `number`'s connection, or who it passes between; those of the run where it is nobody's but its sender's. */
export function endsOf(trace: Trace, number: number): Ends | null {
  const i = number - 1;
  const connection = trace.head.connections[(trace.connection[i] ?? 0) - 1];
  const [a, b] = connection ? [connection.client_host, connection.server_host] : [trace.from[i] ?? 0, trace.to[i] ?? 0];
  if (a === b) return mainEnds(trace);
  return connection || a < b ? [a, b] : [b, a];
}

/** The ends with which a run is shown at first; null for all of its hosts. A simulation has the hosts that belong to it, a capture those that were near. */
export function usualEnds(trace: Trace): Ends | null {
  return trace.head.badge === "captured" && trace.head.hosts.length > FEW_HOSTS ? mainEnds(trace) : null;
}

/** The ends that an address or another run of the same hosts names; what is usual where it names none, or hosts that are not there. */
export function namedEnds(trace: Trace, names: readonly string[] | null): Ends | null {
  if (names?.[0] === "all" && names.length === 1) return null;
  const [a, b] = (names ?? []).map((name) => trace.head.hosts.findIndex((host) => host.name === name));
  return a === undefined || b === undefined || a < 0 || b < 0 || a === b ? usualEnds(trace) : [a, b];
}

/** Their names, or `all`. */
export function endNames(trace: Trace, ends: Ends | null): string[] {
  return ends ? ends.map((host) => trace.head.hosts[host]?.name ?? "") : ["all"];
}

/** The hosts that have a column of their own, in the ladder's order; null where each has one. */
export function ownColumns(trace: Trace, ends: Ends | null): number[] | null {
  const hosts = trace.head.hosts.length;
  if (ends) return hosts > ends.length + 1 ? [...ends] : null;
  if (hosts <= MOST_COLUMNS) return null;
  const packets = new Uint32Array(hosts);
  for (const column of [trace.from, trace.to]) column.forEach((host) => (packets[host] = (packets[host] ?? 0) + 1));
  const main: readonly number[] = mainEnds(trace) ?? [];
  return Array.from(packets.keys())
    .sort((a, b) => Number(main.includes(b)) - Number(main.includes(a)) || (packets[b] ?? 0) - (packets[a] ?? 0) || a - b)
    .slice(0, MOST_COLUMNS - 1)
    .sort((a, b) => a - b);
}
