import { describe, expect, it } from "vitest";
import type { Envelope } from "../api";
import { nests } from "./envelopes";

const envelopes = (...inside: (number | null)[]) => inside.map((at) => ({ inside: at }) as Envelope);

describe("envelopes", () => {
  it("stand in each other, and beside each other where two are in one", () => {
    // A frame, a packet, a segment, a record, and two messages in it; then a second record.
    const [frame, ...others] = nests(envelopes(null, 0, 1, 2, 3, 3, 2));
    expect(others).toHaveLength(0);
    const segment = frame?.holds[0]?.holds[0];
    expect(segment?.at).toBe(2);
    expect(segment?.holds.map((one) => one.at)).toEqual([3, 6]);
    expect(segment?.holds[0]?.holds.map((one) => one.at)).toEqual([4, 5]);
  });
  it("are a tree even where what is said of them is none", () => {
    const all = nests(envelopes(1, 0, 9, 2));
    expect(all.map((one) => one.at)).toEqual([0, 2]);
    expect(nests([])).toEqual([]);
  });
});
