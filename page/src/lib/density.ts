/** How many packets, by direction, and how many in trouble. */
export interface Counts {
  toServer: number;
  toClient: number;
  trouble: number;
}

/**
 * Sums over any range of packets in constant time, whatever the trace's size: one pass makes running totals. So a strip of
 * a thousand pixels over a million packets costs a thousand subtractions.
 */
export class Density {
  private readonly toClient: Uint32Array;
  private readonly trouble: Uint32Array;

  constructor(side: ArrayLike<number>, troubled: (row: number) => boolean) {
    const rows = side.length;
    this.toClient = new Uint32Array(rows + 1);
    this.trouble = new Uint32Array(rows + 1);
    let [client, trouble] = [0, 0];
    for (let i = 0; i < rows; i++) {
      if (side[i]) client++;
      if (troubled(i)) trouble++;
      this.toClient[i + 1] = client;
      this.trouble[i + 1] = trouble;
    }
  }

  /** The packets of rows `from` (included) to `to` (excluded), both clamped to the trace. */
  counts(from: number, to: number): Counts {
    const last = this.toClient.length - 1;
    const a = Math.min(Math.max(Math.floor(from), 0), last);
    const b = Math.min(Math.max(Math.floor(to), a), last);
    const toClient = (this.toClient[b] ?? 0) - (this.toClient[a] ?? 0);
    return { toServer: b - a - toClient, toClient, trouble: (this.trouble[b] ?? 0) - (this.trouble[a] ?? 0) };
  }
}
