// Generated from crates/story: WIRESCOPE_UPDATE=1 cargo test -p wirescope-story typescript

export type How = "witnessed" | "inferred" | "unknown";
export type Drawing = { 
/**
 * How wide it is.
 */
width: number, 
/**
 * How high it is.
 */
height: number, 
/**
 * The boxes.
 */
states: Array<StateBox>, 
/**
 * The arrows, in the order of the table.
 */
transitions: Array<Arrow>, };
export type StateBox = { 
/**
 * The state's code.
 */
code: number, 
/**
 * Its name.
 */
name: string, 
/**
 * What it means.
 */
line: string, 
/**
 * Where it is defined.
 */
rfc: string, 
/**
 * The column (0 to 2) of the grid in which it stands.
 */
x: number, 
/**
 * The row (0 to 6).
 */
y: number, 
/**
 * The middle of the box in the drawing.
 */
at: [number, number], 
/**
 * Its width and height.
 */
size: [number, number], };
export type Arrow = { 
/**
 * The code of the state before.
 */
from: number, 
/**
 * The code of the state after.
 */
to: number, 
/**
 * What happens, as the RFC's figure writes it.
 */
event: string, 
/**
 * What is done.
 */
action: string, 
/**
 * All of it in a sentence.
 */
line: string, 
/**
 * Where the rule stands.
 */
rfc: string, 
/**
 * Whether the RFC's figure draws it; the others stand in its text alone, and are best drawn only when they are taken.
 */
in_figure: boolean, 
/**
 * A line with corners, from the border of one box to that of the other.
 */
path: Array<[number, number]>, 
/**
 * Where its label's middle belongs.
 */
label: [number, number], };
export type Machines = { 
/**
 * The conversation.
 */
conversation: number, 
/**
 * The moment, in nanoseconds of the story's time; all that happened at it is included.
 */
at_ns: number, 
/**
 * The connection's last packet that has passed the tap by then.
 */
packet: number | null, 
/**
 * The client's end, and the server's.
 */
ends: [Machine, Machine], };
export type Machine = { 
/**
 * `client` or `server`.
 */
side: string, 
/**
 * The host's name, or its address.
 */
host: string, 
/**
 * Its address.
 */
address: string, 
/**
 * Its port.
 */
port: number, 
/**
 * Its state's code ([`State`]); 255 if it is not known.
 */
state: number, 
/**
 * Its state, as RFC 9293 calls it; empty if it is not known.
 */
state_name: string, 
/**
 * How the state is known.
 */
known: How, 
/**
 * What the inference rests on, or why the state is not known.
 */
why: string, 
/**
 * How it came into this state; `None` before its first transition.
 */
taken: Taken | null, 
/**
 * All transitions that it takes in the whole of the story, the first ones of a few.
 */
history: Array<Taken>, 
/**
 * The timers that run, the first to run out first.
 */
timers: Array<RunningTimer>, 
/**
 * Why timers are not known; empty where they are.
 */
timers_why: string, 
/**
 * Its figures, in reading order.
 */
values: Array<Value>, };
export type Taken = { 
/**
 * When.
 */
at_ns: number, 
/**
 * The codes of the states before and after.
 */
codes: [number, number], 
/**
 * Whether it was taken at the very moment that is asked about.
 */
now: boolean, 
/**
 * The state before.
 */
from: string, 
/**
 * The state after.
 */
to: string, 
/**
 * What happened, as RFC 9293's figure writes it; empty if no arrow leads this way.
 */
event: string, 
/**
 * What was done about it, in the same manner.
 */
action: string, 
/**
 * Where the rule stands.
 */
rfc: string, 
/**
 * The arrow: an index into the drawing's transitions.
 */
arrow: number | null, 
/**
 * The simulation's event, for its chain of causes.
 */
event_id: number | null, 
/**
 * What brought it about, in words; empty for a capture.
 */
text: string, 
/**
 * The packet that brought it about or that it sent, at the story's tap.
 */
packet: number | null, };
export type RunningTimer = { 
/**
 * Its number among TCP's timers.
 */
id: number, 
/**
 * Its name.
 */
name: string, 
/**
 * What it waits for.
 */
line: string, 
/**
 * Where the rule stands.
 */
rfc: string, 
/**
 * When it was armed.
 */
set_ns: number, 
/**
 * When it runs out, if nothing stops it.
 */
expires_ns: number, 
/**
 * How much of it is left.
 */
left_ns: number, 
/**
 * The event that armed it.
 */
event: number, };
export type Value = { 
/**
 * Its id: `cwnd`.
 */
id: string, 
/**
 * Its name for people.
 */
name: string, 
/**
 * The number, in `unit`.
 */
value: number | null, 
/**
 * `bytes` or `ns`.
 */
unit: string, 
/**
 * The number in words; or why there is none.
 */
text: string, 
/**
 * What it means.
 */
line: string, 
/**
 * Where it is defined.
 */
rfc: string, 
/**
 * How it is known.
 */
known: How, 
/**
 * What an inference rests on, or why it is not known.
 */
why: string, };
export type Graphs = { 
/**
 * The conversation.
 */
conversation: number, 
/**
 * The graphs, in reading order.
 */
graphs: Array<Graph>, };
export type Graph = { 
/**
 * Its id, unique among the connection's graphs: `sequence.client`.
 */
id: string, 
/**
 * Its title.
 */
title: string, 
/**
 * What it shows.
 */
line: string, 
/**
 * The unit of its values: `bytes`, `ns`, `bit_s`.
 */
unit: string, 
/**
 * Whose data or figures they are: `client` or `server`; `None` for a link.
 */
side: string | null, 
/**
 * What is drawn in it.
 */
series: Array<Series>, 
/**
 * Moments with a reason: why the congestion window moved.
 */
notes: Array<Note>, };
export type Series = { 
/**
 * Its id, unique in the graph.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What it means.
 */
line: string, 
/**
 * How it is drawn: `line`, `step`, `dots`, `bars`, `cross`, `diamond`.
 */
look: string, 
/**
 * What it stands for: `data`, `retransmission`, `ack`, `window`, `sack`, `limit`, `measured`, `smoothed`, `timer`, `drop`, `loss`.
 */
role: string, 
/**
 * How it is known.
 */
known: How, 
/**
 * What an inference rests on, or why the series is empty.
 */
why: string, 
/**
 * When, in nanoseconds of the story's time; ascending.
 */
at_ns: Array<number>, 
/**
 * The values.
 */
value: Array<number>, 
/**
 * Where each bar ends, of series that have bars.
 */
value_to: Array<number> | null, 
/**
 * The packets, of series whose points are packets; 0 where there is none at the story's tap.
 */
packet: Array<number> | null, 
/**
 * How many points were left out.
 */
left_out: number, };
export type Note = { 
/**
 * When.
 */
at_ns: number, 
/**
 * What happened and why.
 */
text: string, 
/**
 * The packet that brought it about.
 */
packet: number | null, 
/**
 * The event, for its chain of causes.
 */
event: number, };
export type Journey = { 
/**
 * The packet at the story's tap.
 */
packet: number, 
/**
 * Device by device, in order of time; where the packet was copied or cut, each piece goes on by itself.
 */
hops: Array<Hop>, 
/**
 * Why there are none: a capture shows one place only. Empty otherwise.
 */
why: string, };
export type Hop = { 
/**
 * The device.
 */
place: string, 
/**
 * The interface where it came in; empty where the packet was made.
 */
in_tap: string, 
/**
 * The interface where it went out; empty where it ended.
 */
out_tap: string, 
/**
 * When it came in, or was made.
 */
at_ns: number, 
/**
 * When it went out; `None` where it ended.
 */
out_ns: number | null, 
/**
 * What the device did with it, in words.
 */
what: string, 
/**
 * The fields that the device changed.
 */
fields: Array<Change>, 
/**
 * The fields that changed on the line before it: bits that flipped.
 */
damaged: Array<Change>, 
/**
 * The tables that decided over its way on.
 */
decided: Array<Table>, 
/**
 * Where and why it was lost behind this device, or discarded in it, if it was.
 */
lost: string | null, 
/**
 * When that was.
 */
lost_ns: number | null, 
/**
 * The packet of the story that was seen here; `None` at other places than the story's tap.
 */
packet: number | null, };
export type Change = { 
/**
 * The field's id.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * The header that it stands in, by its name for people.
 */
layer: string, 
/**
 * Its value before.
 */
old: string, 
/**
 * Its value after.
 */
new: string, 
/**
 * What it means.
 */
line: string, 
/**
 * Where it is defined.
 */
rfc: string, };
export type Table = { 
/**
 * What it is: `routing table`, `ARP table`, `neighbour table` (IPv6), `NAT table`, `switching table`.
 */
table: string, 
/**
 * What its columns are.
 */
columns: Array<string>, 
/**
 * Its rows, as far as this run has shown them.
 */
rows: Array<Array<string>>, 
/**
 * Which row decided.
 */
chosen: number | null, 
/**
 * The decision in words.
 */
text: string, 
/**
 * Where the rule stands.
 */
rfc: string, 
/**
 * The decision's event, for its chain of causes.
 */
event: number, };
export type Questions = { 
/**
 * The questions that nobody's question led to, in order of time: of a simulation those of programs.
 */
questions: Array<Question>, 
/**
 * How it is known which question led to which: witnessed by causes, or inferred from times.
 */
known: How, 
/**
 * What the inference rests on.
 */
why: string, };
export type Question = { 
/**
 * When it was asked.
 */
at_ns: number, 
/**
 * When the answer was there; `None` if none came.
 */
to_ns: number | null, 
/**
 * Who asked.
 */
from: string, 
/**
 * Who was asked; of a program's question, the machine's own resolver.
 */
to: string, 
/**
 * The name.
 */
name: string, 
/**
 * The type of record: `A`.
 */
sort: string, 
/**
 * What came back, in words; empty if nothing did.
 */
answer: string, 
/**
 * Whether it was a referral: ask those servers.
 */
referral: boolean, 
/**
 * `UDP` or `TCP`; empty for a question that stays inside a machine.
 */
transport: string, 
/**
 * The caches that were asked before anybody else was.
 */
caches: Array<CacheAsked>, 
/**
 * The packet that asked, at the story's tap.
 */
packet: number | null, 
/**
 * The packet that answered.
 */
answer_packet: number | null, 
/**
 * The questions that it led to, in order of time.
 */
children: Array<Question>, };
export type CacheAsked = { 
/**
 * When.
 */
at_ns: number, 
/**
 * Whether it had the answer.
 */
hit: boolean, 
/**
 * In words.
 */
text: string, };
export type Log = { 
/**
 * How many rows match.
 */
total: number, 
/**
 * Whether all events were looked through.
 */
complete: boolean, 
/**
 * How many matching rows stand before the first of these.
 */
from: number, 
/**
 * The rows, in order of happening.
 */
entries: Array<LogEntry>, 
/**
 * The groups there are, in order of their first rows; only where `from` is 0.
 */
groups: Array<LogGroup>, 
/**
 * Why there is no log; empty if there is one.
 */
why: string, };
export type LogEntry = { 
/**
 * The event.
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
 * `act`, `timer`, `decision` or `passage`.
 */
class: string, 
/**
 * What happened, in words.
 */
text: string, 
/**
 * The rule behind it.
 */
rfc: string, 
/**
 * The event that triggered it; `None` for an act.
 */
cause: number | null, 
/**
 * The event that it serves, where that is not what triggered it.
 */
because: number | null, 
/**
 * Its group.
 */
group: string, 
/**
 * The packet at the story's tap that it is about.
 */
packet: number | null, };
export type LogGroup = { 
/**
 * Its key: what a row's `group` says, and what is asked for.
 */
key: string, 
/**
 * How many rows it has.
 */
count: number, };
export type Tour = { 
/**
 * What it is about.
 */
title: string, 
/**
 * Its steps, in order of time.
 */
steps: Array<TourStep>, };
export type TourStep = { 
/**
 * The packet that it is about.
 */
packet: number | null, 
/**
 * The moment that it is about.
 */
at_ns: number | null, 
/**
 * A few words.
 */
title: string, 
/**
 * A sentence or two, with this run's own numbers in them.
 */
text: string, 
/**
 * The field of the packet to look at.
 */
field: string | null, 
/**
 * What to look at: `ladder`, `states`, `graphs`, `hops`, `dns`, `waterfall`.
 */
view: string | null, };
export type Predictions = { 
/**
 * The questions, in the order in which the run answers them.
 */
questions: Array<Prediction>, };
export type Prediction = { 
/**
 * Its id, unique in the run: `ack-2`.
 */
id: string, 
/**
 * It is asked while this packet is still hidden.
 */
before_packet: number, 
/**
 * The question.
 */
ask: string, 
/**
 * `number` or `choice`.
 */
kind: string, 
/**
 * What can be chosen; empty for a number.
 */
choices: Array<string>, 
/**
 * The right answer.
 */
answer: string, 
/**
 * Other ways to say the same: the number on the wire for a relative one.
 */
accepts: Array<string>, 
/**
 * Why it is right, with the RFC.
 */
because: string, 
/**
 * The packet that gives the answer.
 */
packet: number, 
/**
 * The field of that packet in which it stands.
 */
field: string | null, };
export type Comparison = { 
/**
 * The differences in words, the most telling first.
 */
sentences: Array<Sentence>, 
/**
 * What happened in either, with its time in both.
 */
milestones: Array<Aligned>, 
/**
 * The phases of either, with how long they took in both.
 */
phases: Array<PhasePair>, 
/**
 * Figures of both.
 */
counts: Array<Count>, };
export type Sentence = { 
/**
 * The words.
 */
text: string, 
/**
 * The time that it speaks of, in A.
 */
a_ns: number | null, 
/**
 * In B.
 */
b_ns: number | null, 
/**
 * The phase or milestone that it is about; empty for figures.
 */
phase: string, };
export type Aligned = { 
/**
 * Its id: `first_byte`.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * When, in A.
 */
a_ns: number | null, 
/**
 * When, in B.
 */
b_ns: number | null, 
/**
 * How much later in B.
 */
later_ns: number | null, 
/**
 * The packet in A with which it happened.
 */
a_packet: number | null, 
/**
 * In B.
 */
b_packet: number | null, };
export type PhasePair = { 
/**
 * Its name.
 */
name: string, 
/**
 * How long it took in A; 0 if it does not occur.
 */
a_ns: number, 
/**
 * In B.
 */
b_ns: number, 
/**
 * Derived: how many round trips of its path in A, in thousandths.
 */
a_milli_round_trips: number | null, 
/**
 * In B.
 */
b_milli_round_trips: number | null, };
export type Count = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * In A; `None` if it is not known.
 */
a: number | null, 
/**
 * In B.
 */
b: number | null, };
