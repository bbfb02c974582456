import type { Envelope } from "../api";

/** An envelope with those that stand in it, each by its place in the packet's list. */
export interface Nest {
  at: number;
  holds: Nest[];
}

/** The envelopes of a packet as they stand in each other. */
export function nests(envelopes: readonly Envelope[]): Nest[] {
  const all: Nest[] = envelopes.map((_, at) => ({ at, holds: [] }));
  const outermost: Nest[] = [];
  envelopes.forEach((envelope, at) => {
    const own = all[at] as Nest;
    // Only what came before can hold it: so it is a tree, whatever was sent.
    const holder = envelope.inside !== null && envelope.inside < at ? all[envelope.inside] : undefined;
    (holder?.holds ?? outermost).push(own);
  });
  return outermost;
}
