import type { ColumnsHead } from "../api";

/** One number a row, in the smallest array that holds it. */
export type Numbers = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** Columns of little-endian numbers, as they travel: rows count from 0, packet n is row n - 1. */
export interface Columns {
  readonly rows: number;
  readonly byName: ReadonlyMap<string, Numbers>;
}

const KINDS = {
  f64: Float64Array,
  i32: Int32Array,
  u32: Uint32Array,
  u16: Uint16Array,
  u8: Uint8Array,
} as const;

const MAGIC = 0x31435357; // "WSC1", little-endian

/** What stands for NaN where doubles are written as whole numbers of 32 bits. */
const NONE = 0xffffffff;

/** Reads the columns. What is written as it is used is not copied. Throws an Error that says what is wrong with the bytes. */
export function decodeColumns(buffer: ArrayBuffer): Columns {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new Error("these are no columns: they do not begin with WSC1");
  const headLength = view.getUint32(4, true);
  const start = 8 + headLength;
  if (start > buffer.byteLength) throw new Error("the columns end inside their head");
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headLength))) as ColumnsHead;
  const byName = new Map<string, Numbers>();
  for (const column of head.columns) {
    const Kind = KINDS[column.type as keyof typeof KINDS];
    const Stored = KINDS[(column.stored ?? column.type) as keyof typeof KINDS];
    if (!Kind || !Stored) continue; // a newer kind of column: nothing here asks for it
    const written = <T extends Numbers>(As: Typed<T>, from: number, count: number): T => {
      if (from + count * As.BYTES_PER_ELEMENT > buffer.byteLength) {
        throw new Error(`the column ${column.name} ends after ${buffer.byteLength} bytes, before its ${head.rows} rows do`);
      }
      // A view needs its alignment; what is not aligned is copied once.
      return from % As.BYTES_PER_ELEMENT === 0 ? new As(buffer, from, count) : new As(buffer.slice(from, from + count * As.BYTES_PER_ELEMENT));
    };
    const from = start + column.offset;
    const runs = column.runs ?? 0;
    if (runs > 0) {
      const starts = written(Uint32Array, from, runs);
      byName.set(column.name, stretched(Kind, head.rows, starts, written(Kind as Typed<Numbers>, from + Math.ceil(runs / 2) * 8, runs)));
    } else if (Stored === Kind) byName.set(column.name, written(Kind as Typed<Numbers>, from, head.rows));
    else byName.set(column.name, widened(Kind, written(Stored as Typed<Numbers>, from, head.rows)));
  }
  return { rows: head.rows, byName };
}

interface Typed<T extends Numbers> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, from?: number, count?: number): T;
}

/** Stretches of equal numbers, each from its row to the next one's. */
function stretched(Kind: new (rows: number) => Numbers, rows: number, starts: Uint32Array, numbers: Numbers): Numbers {
  const all = new Kind(rows);
  starts.forEach((row, i) => all.fill(numbers[i] ?? 0, row, starts[i + 1] ?? rows));
  return all;
}

/** Numbers that were written in fewer bytes than they are used in. */
function widened(Kind: new (rows: number) => Numbers, stored: Numbers): Numbers {
  const all = new Kind(stored.length);
  if (!(all instanceof Float64Array)) {
    all.set(stored);
    return all;
  }
  for (let i = 0; i < stored.length; i++) {
    const number = stored[i] ?? NONE;
    all[i] = number === NONE ? NaN : number;
  }
  return all;
}

/** What columns hold that say nothing, of each kind one. */
const silent = new WeakMap<Columns, Map<unknown, Numbers>>();

/**
 * The column of that name. Where the server has none it says nothing in any row: doubles are NaN, whole numbers 0. Nobody writes
 * into a column: all that say nothing are one.
 */
export function column<T extends Numbers>(columns: Columns, name: string, Kind: new (rows: number) => T): T {
  const found = columns.byName.get(name);
  if (found instanceof Kind) return found;
  const known = silent.get(columns) ?? new Map<unknown, Numbers>();
  silent.set(columns, known);
  const same = known.get(Kind);
  if (same instanceof Kind) return same;
  const nothing = new Kind(columns.rows);
  if (nothing instanceof Float64Array) nothing.fill(NaN);
  known.set(Kind, nothing);
  return nothing;
}

/** The bytes behind base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
