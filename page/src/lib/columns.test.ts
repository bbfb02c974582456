import { describe, expect, it } from "vitest";
import { bytesOf, column, decodeColumns } from "./columns";

/** Columns as the server writes them, written here by hand. */
function encode(rows: number, columns: [name: string, type: string, bytes: Uint8Array, how?: { stored?: string; runs?: number }][]): ArrayBuffer {
  let offset = 0;
  const described = columns.map(([name, type, bytes, how]) => {
    const at = offset;
    offset += Math.ceil(bytes.length / 8) * 8;
    return { name, type, offset: at, stored: type, runs: 0, ...how };
  });
  let head = JSON.stringify({ rows, columns: described });
  while ((8 + head.length) % 8) head += " ";
  const out = new Uint8Array(8 + head.length + offset);
  out.set([0x57, 0x53, 0x43, 0x31]);
  new DataView(out.buffer).setUint32(4, head.length, true);
  out.set(new TextEncoder().encode(head), 8);
  columns.forEach(([, , bytes], i) => out.set(bytes, 8 + head.length + (described[i]?.offset ?? 0)));
  return out.buffer;
}
const raw = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe("columns", () => {
  it("come out as they went in, whatever their width", () => {
    const columns = decodeColumns(
      encode(3, [
        ["at", "f64", raw(Float64Array.of(0, 1.5e9, NaN))],
        ["side", "u8", raw(Uint8Array.of(0, 1, 1))],
        ["length", "u32", raw(Uint32Array.of(58, 4_294_967_295, 1514))],
        ["flags", "u16", raw(Uint16Array.of(2, 18, 16))],
      ]),
    );
    expect(columns.rows).toBe(3);
    expect([...column(columns, "at", Float64Array)]).toEqual([0, 1.5e9, NaN]);
    expect([...column(columns, "side", Uint8Array)]).toEqual([0, 1, 1]);
    expect([...column(columns, "length", Uint32Array)]).toEqual([58, 4_294_967_295, 1514]);
    expect([...column(columns, "flags", Uint16Array)]).toEqual([2, 18, 16]);
  });
  it("are the same where they were written shorter", () => {
    const two = new Uint8Array(24); // two rows, padded, and two numbers
    two.set(raw(Uint32Array.of(0, 3)));
    two.set(raw(Uint32Array.of(7, 9)), 8);
    const three = new Uint8Array(24);
    three.set(raw(Uint32Array.of(0, 1, 4)));
    three.set(raw(Uint8Array.of(1, 255, 0)), 16);
    const columns = decodeColumns(
      encode(5, [
        ["seq", "f64", raw(Uint32Array.of(0, 1, 4_294_967_295, 4_294_967_294, 5)), { stored: "u32" }],
        ["length", "u32", raw(Uint16Array.of(58, 65_535, 0, 1, 2)), { stored: "u16" }],
        ["from", "u16", raw(Uint8Array.of(0, 1, 255, 1, 2)), { stored: "u8" }],
        ["connection", "u32", two, { runs: 2 }],
        ["client_after", "u8", three, { runs: 3 }],
      ]),
    );
    expect([...column(columns, "seq", Float64Array)]).toEqual([0, 1, NaN, 4_294_967_294, 5]);
    expect([...column(columns, "length", Uint32Array)]).toEqual([58, 65_535, 0, 1, 2]);
    expect([...column(columns, "from", Uint16Array)]).toEqual([0, 1, 255, 1, 2]);
    expect([...column(columns, "connection", Uint32Array)]).toEqual([7, 7, 7, 9, 9]);
    expect([...column(columns, "client_after", Uint8Array)]).toEqual([1, 255, 255, 255, 0]);
    const cut = encode(5, [["connection", "u32", two.slice(0, 8), { runs: 2 }]]);
    expect(() => decodeColumns(cut)).toThrow(/column connection ends/);
  });
  it("are views of what arrived, not copies", () => {
    const buffer = encode(1, [["at", "f64", raw(Float64Array.of(7))]]);
    expect(column(decodeColumns(buffer), "at", Float64Array).buffer).toBe(buffer);
  });
  it("that the server does not send say nothing, and kinds that are not known are passed over", () => {
    const columns = decodeColumns(encode(2, [["later", "u128", new Uint8Array(32)]]));
    expect([...column(columns, "repeats", Uint32Array)]).toEqual([0, 0]);
    // Zero would be a moment: a capture does not know when a packet was sent or arrived.
    expect([...column(columns, "sent", Float64Array)]).toEqual([NaN, NaN]);
    expect(column(columns, "arrived", Float64Array)).toBe(column(columns, "sent", Float64Array));
  });
  it("that are cut short or something else are refused in words", () => {
    const whole = encode(4, [["at", "f64", raw(Float64Array.of(1, 2, 3, 4))]]);
    expect(() => decodeColumns(whole.slice(0, whole.byteLength - 8))).toThrow(/column at ends/);
    expect(() => decodeColumns(whole.slice(0, 20))).toThrow(/inside their head/);
    expect(() => decodeColumns(new TextEncoder().encode("<html> no").buffer)).toThrow(/no columns/);
    expect(() => decodeColumns(new ArrayBuffer(0))).toThrow(/no columns/);
  });
  it("base64 gives the bytes", () => {
    expect([...bytesOf("AAH/gA==")]).toEqual([0, 1, 255, 128]);
  });
});
