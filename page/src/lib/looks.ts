/** How a packet of a class is drawn: told apart by stroke and arrowhead as well as by colour. */
export interface Look {
  /** The token of its colour. */
  readonly token: string;
  readonly dash: readonly number[];
  readonly width: number;
  readonly head: "filled" | "open" | "bar" | "double" | "cross" | "dot";
}

const LOOKS: Readonly<Record<string, Look>> = {
  open: { token: "--class-open", dash: [], width: 1.8, head: "double" },
  data: { token: "--class-data", dash: [], width: 1.8, head: "filled" },
  ack: { token: "--class-ack", dash: [2, 3], width: 1.3, head: "open" },
  close: { token: "--class-close", dash: [7, 3], width: 1.8, head: "bar" },
  reset: { token: "--class-reset", dash: [], width: 2.4, head: "cross" },
  question: { token: "--class-question", dash: [10, 3, 2, 3], width: 1.5, head: "open" },
  answer: { token: "--class-answer", dash: [], width: 1.5, head: "dot" },
  other: { token: "--class-other", dash: [4, 2], width: 1.4, head: "filled" },
};

export const CLASSES = Object.keys(LOOKS);

/** The look of a class by its name; one that is not known looks like `other`. */
export function look(name: string): Look {
  return LOOKS[name] ?? (LOOKS["other"] as Look);
}
