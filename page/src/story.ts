// What `story` tells beyond the packets: drawings, graphs, journeys, questions. Shapes as its crate writes them.

export interface StateBox { code: number; name: string; line: string; rfc: string; x: number; y: number; at: [number, number]; size: [number, number] }
export interface Arrow {
  from: number; to: number; event: string; action: string; line: string; rfc: string; in_figure: boolean;
  path: [number, number][]; label: [number, number];
}
export interface Drawing { width: number; height: number; states: StateBox[]; transitions: Arrow[] }

export interface Taken {
  at_ns: number; codes: [number, number]; now: boolean; from: string; to: string; event: string; action: string; rfc: string;
  arrow: number | null; event_id: number | null; text: string; packet: number | null;
}
export interface RunningTimer { id: number; name: string; line: string; rfc: string; set_ns: number; expires_ns: number; left_ns: number; event: number }
export interface Value { id: string; name: string; value: number | null; unit: string; text: string; line: string; rfc: string; known: string }
export interface Machine {
  side: string; host: string; address: string; port: number | null; state: number; state_name: string; known: string; why: string;
  taken: Taken | null; timers: RunningTimer[]; timers_why: string; values: Value[];
}
export interface Machines { at_ns: number; ends: Machine[] }

export interface Series {
  id: string; name: string; line: string; look: string; role: string; known: string; why: string;
  at_ns: number[]; value: number[]; value_to: number[] | null; packet: number[] | null; left_out: number;
}
export interface Note { at_ns: number; text: string; packet: number | null }
export interface Graph { id: string; title: string; line: string; unit: string; side: string | null; series: Series[]; notes: Note[] }
export interface Graphs { graphs: Graph[] }

export interface Change { id: string; name: string; layer: string; old: string; new: string; line: string; rfc: string }
export interface Decision { table: string; columns: string[]; rows: string[][]; chosen: number | null; text: string; rfc: string }
export interface Hop {
  place: string; in_tap: string; out_tap: string; at_ns: number; out_ns: number | null; what: string; fields: Change[]; damaged: Change[];
  decided: Decision[]; lost: string; lost_ns: number | null; packet: number | null;
}
export interface Journey { packet: number; hops: Hop[]; why: string }

export interface Question {
  at_ns: number; to_ns: number | null; from: string; to: string; name: string; sort: string; answer: string;
  packet: number | null; answer_packet: number | null; children: Question[];
  referral: boolean; transport: string; caches: { at_ns: number; hit: boolean; text: string }[];
}
export interface Questions { questions: Question[]; why?: string }

export interface LogEntry { event: number; at_ns: number; place: string; kind: string; text: string; rfc: string; packet: number | null }
export interface Log { total: number; entries: LogEntry[] }

export interface TourStep { packet: number | null; at_ns: number | null; title: string; text: string; field: string | null; view: string | null }
export interface Tour { title: string; steps: TourStep[] }
export interface Predict {
  id: string; before_packet: number; ask: string; kind: string; choices: string[]; answer: string; because: string; packet: number; field: string | null;
}
export interface Predictions { questions: Predict[] }
