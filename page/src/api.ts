// The shapes of the server's answers. Generated from the Rust types of the web crate once they are there.

export interface ApiProblem { code: string; input: string | null; place: string | null; message: string; remedy: string | null }
export interface ApiError { error: ApiProblem }

export interface Scenario { name: string; title: string; about: string; url: string | null; kind: string; knobs: Record<string, string> }
export interface Choice { value: string; label: string }
export interface Knob {
  name: string; label: string; group: string; kind: string; unit: string | null; default: string;
  min: string | null; max: string | null; steps: string[]; choices: Choice[]; help: string; flag: string;
}
export interface Start { run: string | null; source: string | null; knobs: Record<string, string>; error: ApiProblem | null }
export interface Sources { version: string; start: Start | null; scenarios: Scenario[]; knobs: Knob[] }
export interface RunRequest { source: string; knobs: Record<string, string> }
export interface RunAnswer { run: string; ready: boolean }

export interface Host { name: string; address: string | null; role: string }
export interface Place { name: string; role: string }
export interface Tap { name: string; place: string }
export interface Protocol { name: string; layer: number }
export interface Class { name: string; line: string }
export interface Flag { bit: number; name: string; short: string }
export interface MarkKind { bit: number; id: string; name: string; line: string; rfc: string; trouble: boolean }
export interface Phase { name: string; from_ns: number; to_ns: number; rtt_ns: number | null; round_trips: number | null }
export interface Span { from_ns: number; to_ns: number }
export interface TimeWait { host: string; from_ns: number; to_ns: number }
export interface Totals { total_ns: number; first_byte_ns: number | null; close: Span | null; time_wait: TimeWait | null }
export interface TlsSummary {
  version: string; cipher_suite: string; group: string | null; alpn: string | null; server_name: string | null;
  records: number; decrypted: number; why: string | null;
}
export interface Exchange { request: string; response: string | null }
export interface Connection {
  index: number; conversation: number; client: string; server: string; client_host: number; server_host: number;
  packets: number; first: number; last: number; from_ns: number; to_ns: number; bytes_up: number; bytes_down: number;
  retransmissions: number; round_trip_ns: number | null; ending: string; application: string;
  tls: TlsSummary | null; http: Exchange[];
}
export interface UrlParts {
  href: string; scheme: string; host: string; port: number; port_given: boolean; path: string; query: string | null;
  parameters: [string, string][]; fragment: string | null;
}
export interface CacheLine { at_ns: number; text: string }
export interface Outcome { ok: boolean; text: string }
export interface Findings { columns: string[]; rows: string[][]; verdict: string }
export interface Problem { place: string | null; message: string; remedy: string | null }
export interface Origin { kind: string; source: string; knobs: Record<string, string>; command: string }
export interface Head {
  run: string; tap: string; badge: string; title: string; about: string; source: Origin; epoch: string;
  packets: number; duration_ns: number; hosts: Host[]; places: Place[]; devices: number[]; taps: Tap[];
  protocols: Protocol[]; classes: Class[]; flags: Flag[]; states: Record<string, string>; marks: MarkKind[]; known: string[];
  phases: Phase[]; totals: Totals | null; round_trip_ns: number | null; main_connection: number | null;
  connections: Connection[]; caches: CacheLine[]; url: UrlParts | null; outcome: Outcome | null; findings: Findings | null;
  problems: Problem[]; extra: string[];
}

export interface Column { name: string; type: string; offset: number }
export interface ColumnsHead { rows: number; columns: Column[] }
export interface Texts { from: number; texts: string[] }
export interface Found { numbers: number[]; more: boolean }

export interface StateAt { before: string | null; after: string | null; known: string }
export interface Mark { id: string; name: string; line: string; rfc: string; lost_at: string | null }
export interface Envelope { id: string; name: string; layer: number; unit: string; buffer: number; from_bit: number; to_bit: number; line: string; rfc: string }
export interface Node {
  id: string; name: string; depth: number; leaf: boolean; from_bit: number; to_bit: number; value: string; raw: number | null;
  meaning: string; line: string; rfc: string; notes: string[]; derived: string[]; protected: boolean;
}
export interface DiagramCell { from_bit: number; bits: number; name: string; value: string; node: number | null }
export interface Diagram { id: string; name: string; rfc: string; from_bit: number; rows: DiagramCell[][]; text: string }
export interface Buffer { title: string; bytes: string; length: number; cut: boolean; nodes: Node[]; diagrams: Diagram[]; errors: string[] }
export interface Link {
  event: number; at_ns: number; place: string; kind: string; text: string; rfc: string; root: boolean;
  because: number | null; packet: number | null;
}
export interface Packet {
  number: number; at_ns: number; from: string; to: string; protocol: string; length: number; meaning: string; flags: string;
  seq: number | null; ack: number | null; seq_raw: number | null; ack_raw: number | null; connection: number | null;
  marks: Mark[]; client: StateAt | null; server: StateAt | null;
  envelopes: Envelope[]; buffers: Buffer[]; why: Link[]; why_note: string;
}
export interface Chain { links: Link[] }
export interface Entry { id: string; name: string; sort: string; line: string; text: string; rfc: string; also: string[] }
export interface Explained { entries: Entry[]; near: { id: string; name: string }[] }

export interface Bundle {
  version: number; title: string; run: string; tap: string; head: Head; columns: string; hops: string | null; texts: string[];
  packets: Record<string, Packet>; selection: string | null; extra: Record<string, unknown>;
}

export interface Sentence { text: string; a_ns: number | null; b_ns: number | null; phase: string | null }
export interface Milestone { id: string; name: string; a_ns: number | null; b_ns: number | null; a_packet: number | null; b_packet: number | null }
export interface Comparison { sentences: Sentence[]; milestones: Milestone[] }
