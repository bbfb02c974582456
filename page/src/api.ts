// Generated from crates/web/src/api: WIRESCOPE_UPDATE=1 cargo test -p wirescope-web typescript

export type ApiError = { 
/**
 * What went wrong.
 */
error: ApiProblem, };
export type ApiProblem = { 
/**
 * The sort of error.
 */
code: string, 
/**
 * The input that is wrong.
 */
input: string | null, 
/**
 * The place in it: a knob's name, `byte 1234` of a file, a field.
 */
place: string | null, 
/**
 * What is wrong.
 */
message: string, 
/**
 * What would help.
 */
remedy: string | null, };
export type Code = "bad-url" | "bad-knob" | "bad-scenario" | "bad-capture" | "bad-keys" | "bad-request" | "too-large" | "no-room" | "too-slow" | "too-many" | "unknown-run" | "unknown-packet" | "unknown-tap" | "not-found" | "not-available" | "foreign" | "run-failed" | "internal";
export type Sources = { 
/**
 * The program's version.
 */
version: string, 
/**
 * What the server was started with.
 */
start: Start | null, 
/**
 * The scenarios that ship with the program.
 */
scenarios: Array<Scenario>, 
/**
 * The knobs, in the order in which they are listed.
 */
knobs: Array<Knob>, 
/**
 * The most bytes of a capture and its key log that are taken.
 */
largest_upload: number, 
/**
 * The most bytes of a scenario file that are taken.
 */
largest_scenario: number, };
export type Start = { 
/**
 * The run, if it could be made.
 */
run: string | null, 
/**
 * The URL or scenario; `None` for a capture.
 */
source: string | null, 
/**
 * The knobs that were turned.
 */
knobs: { [key in string]: string }, 
/**
 * Why it could not be opened.
 */
error: ApiProblem | null, };
export type Scenario = { 
/**
 * Its name.
 */
name: string, 
/**
 * A line about it.
 */
title: string, 
/**
 * What it shows, in a few sentences.
 */
about: string, 
/**
 * The URL that it requests.
 */
url: string | null, 
/**
 * What sort it is.
 */
kind: ScenarioKind, 
/**
 * Where its knobs stand.
 */
knobs: { [key in string]: string }, };
export type ScenarioKind = "scenario" | "argument";
export type Knob = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its name for people.
 */
label: string, 
/**
 * The part of the run that it belongs to.
 */
group: string, 
/**
 * What it takes.
 */
kind: KnobKind, 
/**
 * How a number without a unit is read.
 */
unit: string | null, 
/**
 * Where it stands for a URL.
 */
default: string, 
/**
 * The least that makes sense.
 */
min: string | null, 
/**
 * The most that makes sense.
 */
max: string | null, 
/**
 * Good values in order, for a slider.
 */
steps: Array<string>, 
/**
 * The values of a choice.
 */
choices: Array<Choice>, 
/**
 * A line of help.
 */
help: string, 
/**
 * The option on the command line.
 */
flag: string, };
export type KnobKind = "seed" | "duration" | "rate" | "chance" | "bytes" | "number" | "choice" | "switch" | "text" | "lines";
export type Choice = { 
/**
 * The value.
 */
value: string, 
/**
 * Its name for people.
 */
label: string, };
export type RunRequest = { 
/**
 * A URL, the name of a scenario, or what the scenario file is called whose text stands in `file`.
 */
source: string, 
/**
 * The knobs that are turned, by name, each with its value as on the command line.
 */
knobs: { [key in string]: string }, 
/**
 * The text of a scenario file.
 */
file: string | null, };
export type RunAnswer = { 
/**
 * Its id: the same for the same request or the same bytes.
 */
run: string, 
/**
 * Whether it is there already. If not, what is asked of it waits, and its progress can be followed.
 */
ready: boolean, };
export type Progress = { 
/**
 * What is being done, in words.
 */
stage: string, 
/**
 * How much of it is done.
 */
done: number, 
/**
 * Of how much, if that is known.
 */
total: number | null, 
/**
 * Whether its first packets can be asked for already.
 */
beginning: boolean, };
export type Head = { 
/**
 * Its id.
 */
run: string, 
/**
 * The tap that it is seen from.
 */
tap: string, 
/**
 * Where its packets come from.
 */
badge: Badge, 
/**
 * A line about it.
 */
title: string, 
/**
 * What it shows, in a few sentences.
 */
about: string, 
/**
 * What was opened.
 */
source: SourceInfo, 
/**
 * Time 0 on the wall clock (RFC 3339).
 */
epoch: string, 
/**
 * Number of packets.
 */
packets: number, 
/**
 * Whether these are the first packets of a capture that is still being read: what the whole tells is not known yet.
 */
beginning: boolean, 
/**
 * When the last packet passed, and everything that is known to have happened was over.
 */
duration_ns: number, 
/**
 * The columns of the ladder, left to right; `from` and `to` of the packets count here.
 */
hosts: Array<Host>, 
/**
 * Devices and links of a simulation.
 */
places: Array<Place>, 
/**
 * The columns of the ladder of all hops, left to right; they count in `places`.
 */
devices: Array<number>, 
/**
 * Where the run can be observed; the first is the one that is taken if none is named.
 */
taps: Array<Tap>, 
/**
 * Protocols; the packets' `protocol` counts here.
 */
protocols: Array<Protocol>, 
/**
 * Sorts of packet; the packets' `class` counts here.
 */
classes: Array<Class>, 
/**
 * TCP's flags.
 */
flags: Array<FlagBit>, 
/**
 * Names of TCP's states by code.
 */
states: { [key in string]: string }, 
/**
 * What is special about packets, by bit.
 */
marks: Array<MarkBit>, 
/**
 * How a state is known; `client_known` and `server_known` count here.
 */
known: Array<string>, 
/**
 * The critical path's parts, one behind the other; empty if there is no request.
 */
phases: Array<Phase>, 
/**
 * The critical path in figures.
 */
totals: Totals | null, 
/**
 * Derived: the round-trip time of the main connection.
 */
round_trip_ns: number | null, 
/**
 * The connection that the critical path belongs to; counts in `connections`, and may be none of the first.
 */
main_connection: number | null, 
/**
 * The TCP connections in order of their first packets: the first 1,000.
 */
connections: Array<Connection>, 
/**
 * All connections there are.
 */
connections_in_all: number, 
/**
 * The requests in order of their beginnings: the first 500.
 */
requests: Array<RequestLine>, 
/**
 * All requests there are.
 */
requests_in_all: number, 
/**
 * The caches in the order in which they were asked.
 */
caches: Array<Cache>, 
/**
 * The URL in its parts.
 */
url: UrlInfo | null, 
/**
 * What came of the request.
 */
outcome: Outcome | null, 
/**
 * What came of runs that were compared.
 */
findings: Findings | null, 
/**
 * What is wrong with a capture or its keys; it is shown all the same.
 */
problems: Array<ApiProblem>, 
/**
 * What else can be asked of the run: paths below it.
 */
extra: Array<string>, 
/**
 * What the server writes the run in, by how such files end.
 */
exports: Array<string>, };
export type Badge = "simulated" | "captured";
export type SourceInfo = { 
/**
 * What sort of source it is.
 */
kind: SourceKind, 
/**
 * The URL, the scenario's name or the file's name.
 */
source: string, 
/**
 * The knobs that were turned.
 */
knobs: { [key in string]: string }, 
/**
 * Where every knob stands; empty for a capture and for runs that are compared.
 */
conditions: { [key in string]: string }, 
/**
 * The command that shows the same.
 */
command: string, 
/**
 * The text of the scenario file that was opened.
 */
file: string | null, };
export type SourceKind = "simulation" | "capture";
export type Host = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its address, where that is not its name.
 */
address: string | null, 
/**
 * What it is.
 */
role: string, };
export type Place = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it is.
 */
role: string, };
export type Tap = { 
/**
 * Its name.
 */
name: string, 
/**
 * The device.
 */
place: string, };
export type Protocol = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its layer in the OSI model.
 */
layer: number, };
export type Class = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it is, in a line.
 */
line: string, };
export type FlagBit = { 
/**
 * Its bit's number.
 */
bit: number, 
/**
 * Its name.
 */
name: string, };
export type MarkBit = { 
/**
 * Its bit's number.
 */
bit: number, 
/**
 * Its id, for `explain`.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What it means, in a line.
 */
line: string, 
/**
 * Where it is defined.
 */
rfc: string, 
/**
 * Whether it is trouble.
 */
trouble: boolean, 
/**
 * Whether it says that the packet is none of its own: the capture has one packet twice.
 */
copy: boolean, };
export type Phase = { 
/**
 * Its name.
 */
name: string, 
/**
 * From when.
 */
from_ns: number, 
/**
 * To when.
 */
to_ns: number, 
/**
 * Derived: the round-trip time of the path that it used.
 */
rtt_ns: number | null, 
/**
 * Derived: its length in round trips.
 */
round_trips: number | null, };
export type Totals = { 
/**
 * From the first packet to the last byte.
 */
total_ns: number, 
/**
 * From the first packet to the first byte of the response.
 */
first_byte_ns: number | null, 
/**
 * The close, which nobody waits for.
 */
close: Close | null, 
/**
 * TIME-WAIT.
 */
time_wait: TimeWait | null, };
export type Close = { 
/**
 * From when.
 */
from_ns: number, 
/**
 * To when.
 */
to_ns: number, };
export type TimeWait = { 
/**
 * At which host.
 */
host: string, 
/**
 * From when.
 */
from_ns: number, 
/**
 * To when.
 */
to_ns: number, };
export type Connection = { 
/**
 * Its place in the head's list.
 */
index: number, 
/**
 * The conversation's number.
 */
conversation: number, 
/**
 * The client's address and port.
 */
client: string, 
/**
 * The server's.
 */
server: string, 
/**
 * The client's column.
 */
client_host: number, 
/**
 * The server's column.
 */
server_host: number, 
/**
 * Its packets.
 */
packets: number, 
/**
 * Its first packet.
 */
first: number, 
/**
 * Its last packet.
 */
last: number, 
/**
 * When its first packet passed.
 */
from_ns: number, 
/**
 * When its last packet passed.
 */
to_ns: number, 
/**
 * Bytes of the client's stream.
 */
bytes_up: number, 
/**
 * Bytes of the server's stream.
 */
bytes_down: number, 
/**
 * Segments sent again.
 */
retransmissions: number, 
/**
 * Derived: one round trip between the ends.
 */
round_trip_ns: number | null, 
/**
 * How it ended.
 */
ending: string, 
/**
 * What its bytes are.
 */
application: string, 
/**
 * TLS on it.
 */
tls: TlsInfo | null, 
/**
 * The first lines of its HTTP messages.
 */
http: Array<HttpLine>, };
export type TlsInfo = { 
/**
 * The version agreed on.
 */
version: string | null, 
/**
 * The cipher suite agreed on.
 */
cipher_suite: string | null, 
/**
 * The group of the key exchange.
 */
group: string | null, 
/**
 * The protocol agreed on.
 */
alpn: string | null, 
/**
 * The name that the client asked for.
 */
server_name: string | null, 
/**
 * Protected records.
 */
records: number, 
/**
 * How many of them were decrypted.
 */
decrypted: number, 
/**
 * Why others were not.
 */
why: string | null, };
export type HttpLine = { 
/**
 * The request's first line.
 */
request: string, 
/**
 * The response's.
 */
response: string | null, };
export type RequestLine = { 
/**
 * Its connection: an index into the head's list.
 */
connection: number | null, 
/**
 * Its first line, if it can be read.
 */
line: string | null, 
/**
 * The site, if it is known.
 */
host: string | null, 
/**
 * The status code of its final response.
 */
status: number | null, 
/**
 * Whether it is the one whose phases the head tells.
 */
main: boolean, 
/**
 * Whether it has a stream of its own, beside others on the connection.
 */
multiplexed: boolean, 
/**
 * When the first thing was done for it: a name, a connection, or the request itself.
 */
from_ns: number, 
/**
 * When its first packet passed.
 */
asked_ns: number, 
/**
 * When the response's first packet passed.
 */
first_ns: number | null, 
/**
 * When the last did.
 */
last_ns: number | null, 
/**
 * Its first packet.
 */
packet: number, 
/**
 * The response's last, as far as it was seen.
 */
response_packet: number | null, 
/**
 * The response's bytes, its head included.
 */
bytes_down: number, 
/**
 * Whether the response is all there.
 */
whole: boolean, };
export type Cache = { 
/**
 * When.
 */
at_ns: number, 
/**
 * What it said.
 */
text: string, };
export type UrlInfo = { 
/**
 * All of it.
 */
href: string, 
/**
 * The scheme.
 */
scheme: string, 
/**
 * The host.
 */
host: string, 
/**
 * The port.
 */
port: number, 
/**
 * Whether the URL gives it.
 */
port_given: boolean, 
/**
 * The path.
 */
path: string, 
/**
 * The query.
 */
query: string | null, 
/**
 * The query's parameters.
 */
parameters: Array<[string, string]>, 
/**
 * The fragment, which stays in the browser.
 */
fragment: string | null, };
export type Outcome = { 
/**
 * Whether there was a response.
 */
ok: boolean, 
/**
 * What came, in words.
 */
text: string, };
export type Findings = { 
/**
 * The table's heading.
 */
columns: Array<string>, 
/**
 * The table, a row a run.
 */
rows: Array<Array<string>>, 
/**
 * What it says.
 */
verdict: string, };
export type ColumnsHead = { 
/**
 * Rows in each column.
 */
rows: number, 
/**
 * The columns.
 */
columns: Array<ColumnInfo>, };
export type ColumnInfo = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its numbers: `f64`, `u32`, `u16` or `u8`.
 */
type: ColumnType, 
/**
 * Where it begins, in bytes behind the head.
 */
offset: number, 
/**
 * How its numbers are written: as they are, or shorter. Where doubles are written as `u32`, the highest stands for NaN.
 */
stored: ColumnType, 
/**
 * How many stretches of equal numbers there are, if only those are written: the rows with which they begin, each of 32
 * bits, and at the next multiple of eight bytes the number of each. 0 if a number is written for each row.
 */
runs: number, };
export type ColumnType = "f64" | "u32" | "u16" | "u8";
export type Texts = { 
/**
 * The number of the first.
 */
from: number, 
/**
 * A text a packet.
 */
texts: Array<string>, };
export type Hits = { 
/**
 * Their numbers.
 */
numbers: Array<number>, 
/**
 * The last packet that was looked at.
 */
until: number, 
/**
 * Whether there are packets behind that.
 */
more: boolean, };
export type Packet = { 
/**
 * Its number at the tap, from 1.
 */
number: number, 
/**
 * When it passed the tap.
 */
at_ns: number, 
/**
 * The host that sent it.
 */
from: string, 
/**
 * The host that it is for.
 */
to: string, 
/**
 * The innermost protocol that says something.
 */
protocol: string, 
/**
 * Bytes on the wire.
 */
length: number, 
/**
 * What it says.
 */
meaning: string, 
/**
 * TCP's flags; empty for other packets.
 */
flags: string, 
/**
 * Derived: the relative sequence number.
 */
seq: number | null, 
/**
 * Derived: the relative acknowledgment number.
 */
ack: number | null, 
/**
 * The sequence number on the wire.
 */
seq_raw: number | null, 
/**
 * The acknowledgment number on the wire.
 */
ack_raw: number | null, 
/**
 * The TCP connection that it belongs to; counts in the head's.
 */
connection: number | null, 
/**
 * What is special about it.
 */
marks: Array<Mark>, 
/**
 * The client's TCP state.
 */
client: StateAt | null, 
/**
 * The server's TCP state.
 */
server: StateAt | null, 
/**
 * What it is wrapped in, outermost first.
 */
envelopes: Array<Envelope>, 
/**
 * The frame, and whatever it completes.
 */
buffers: Array<Buffer>, 
/**
 * Why it was sent: back to a root.
 */
why: Array<Link>, 
/**
 * Why nothing is known of that; empty if something is.
 */
why_note: string, 
/**
 * The knob that has to be turned for the run to lose this very packet, if that can be done.
 */
lose: Turn | null, };
export type Turn = { 
/**
 * The knob's name.
 */
knob: string, 
/**
 * Its value.
 */
value: string, };
export type Mark = { 
/**
 * Its id, for `explain`.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What it means, in a line.
 */
line: string, 
/**
 * Where it is defined.
 */
rfc: string, 
/**
 * Where the packet was lost, if this says that it was.
 */
lost_at: string | null, };
export type StateAt = { 
/**
 * Before it.
 */
before: string | null, 
/**
 * With it.
 */
after: string | null, 
/**
 * How that is known.
 */
known: Known, };
export type Known = "witnessed" | "inferred" | "unknown";
export type Envelope = { 
/**
 * Its id, for `explain`: `tcp`.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Its layer in the OSI model.
 */
layer: number, 
/**
 * What its layer calls such a unit: frame, packet, segment ...
 */
unit: string, 
/**
 * The buffer that it stands in.
 */
buffer: number, 
/**
 * The node of its header.
 */
node: number, 
/**
 * The first bit of its header.
 */
from_bit: number, 
/**
 * The bit behind its header.
 */
to_bit: number, 
/**
 * The bit behind all that it holds.
 */
holds_to_bit: number, 
/**
 * The envelope that it stands in: its place in the packet's list. `None` of the outermost.
 */
inside: number | null, 
/**
 * What it is, in a line.
 */
line: string, 
/**
 * Where it is defined.
 */
rfc: string, };
export type Buffer = { 
/**
 * What it is, for people.
 */
title: string, 
/**
 * Its bytes in base64; the first of them, if `cut`.
 */
bytes: string, 
/**
 * How many bytes it has.
 */
length: number, 
/**
 * Whether not all of its bytes or nodes are here.
 */
cut: boolean, 
/**
 * Its tree in preorder; the leaves tile the bytes.
 */
nodes: Array<Node>, 
/**
 * The bit diagrams of its fixed headers.
 */
diagrams: Array<Diagram>, 
/**
 * What broke a format.
 */
errors: Array<string>, };
export type Node = { 
/**
 * The field's id, for `explain`.
 */
id: string, 
/**
 * The field's name.
 */
name: string, 
/**
 * How many groups it stands in.
 */
depth: number, 
/**
 * Whether it is a leaf.
 */
leaf: boolean, 
/**
 * Its first bit.
 */
from_bit: number, 
/**
 * The bit behind it.
 */
to_bit: number, 
/**
 * Its value as people write it.
 */
value: string, 
/**
 * Its value, where that is a number that a browser holds exactly.
 */
raw: number | null, 
/**
 * What the value means, or the field, in a line.
 */
meaning: string, 
/**
 * What the field is, in a line.
 */
line: string, 
/**
 * Where it is defined.
 */
rfc: string, 
/**
 * The decoder's remarks.
 */
notes: Array<string>, 
/**
 * Values derived from the wire's own.
 */
derived: Array<string>, 
/**
 * Whether it is encrypted, and stands in clear in another buffer or nowhere.
 */
protected: boolean, };
export type Diagram = { 
/**
 * The header's id.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Where it is defined.
 */
rfc: string, 
/**
 * Where the header begins in its buffer.
 */
from_bit: number, 
/**
 * How many bits it has.
 */
bits: number, 
/**
 * Its rows of 32 bits, each with the fields in it; of a field of many rows the first row stands for all.
 */
rows: Array<Array<Cell>>, 
/**
 * The drawing as RFCs print it.
 */
text: string, };
export type Cell = { 
/**
 * The field's id.
 */
id: string, 
/**
 * The field's name.
 */
name: string, 
/**
 * Its value.
 */
value: string, 
/**
 * Its first bit in this row, counted from the header's.
 */
from_bit: number, 
/**
 * Its bits in this row.
 */
bits: number, 
/**
 * Its node in the buffer's tree.
 */
node: number | null, };
export type Link = { 
/**
 * The event's number.
 */
event: number, 
/**
 * When it happened.
 */
at_ns: number, 
/**
 * Where.
 */
place: string, 
/**
 * The id of its kind, for `explain`.
 */
kind: string, 
/**
 * What happened.
 */
text: string, 
/**
 * The rule behind it.
 */
rfc: string, 
/**
 * Whether a chain may end here: an act of a person, or a configured timer.
 */
root: boolean, 
/**
 * The event that it served, where that is not what triggered it.
 */
because: number | null, 
/**
 * The packet at this tap that it is about.
 */
packet: number | null, };
export type Chain = { 
/**
 * From the event back to a root.
 */
links: Array<Link>, };
export type Explained = { 
/**
 * The meanings, the likeliest first.
 */
entries: Array<Entry>, 
/**
 * Terms that are near it.
 */
near: Array<Near>, };
export type Entry = { 
/**
 * Its id, such as `tcp.window`.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What sort of thing it is.
 */
sort: string, 
/**
 * What it means, in a line.
 */
line: string, 
/**
 * At length: paragraphs, separated by an empty line.
 */
text: string, 
/**
 * Where it is defined.
 */
rfc: string, 
/**
 * Other words for it.
 */
also: Array<string>, 
/**
 * Terms that belong to it.
 */
see: Array<string>, };
export type Near = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its name.
 */
name: string, };
export type Extra = unknown;
export type Bundle = { 
/**
 * The version of this structure: 2.
 */
version: number, 
/**
 * The run's title.
 */
title: string, 
/**
 * The run's id.
 */
run: string, 
/**
 * The tap that it is seen from.
 */
tap: string, 
/**
 * The run in one look.
 */
head: Head, 
/**
 * The packets' columns in base64.
 */
columns: string, 
/**
 * The hops' columns in base64, of a simulation.
 */
hops: string | null, 
/**
 * What each packet says, the first one's first.
 */
texts: Array<string>, 
/**
 * Packets with their trees, by number: the JSON of each, packed. Whoever sends the file to a friend sends a sixth of it.
 */
packets: { [key in string]: string }, 
/**
 * Which packets those are, if not all.
 */
selection: string | null, 
/**
 * Other answers by their paths below the run, as they stand in the head's `extra`: the JSON of each, packed.
 */
extra: { [key in string]: string }, };

export type Problem = ApiProblem;
export type Flag = FlagBit;
export type MarkKind = MarkBit;
export type Span = Close;
export type TlsSummary = TlsInfo;
export type Exchange = HttpLine;
export type UrlParts = UrlInfo;
export type CacheLine = Cache;
export type Origin = SourceInfo;
export type Column = ColumnInfo;
export type Found = Hits;
export type DiagramCell = Cell;
