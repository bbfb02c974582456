// A trace of a million packets (or of others), made up here, in the place of a server's answers: what is measured and held is the page.

import { createServer } from "node:http";

export const PACKETS = 1_000_000;

function columns(PACKETS, change) {
  const kinds = {
    at: Float64Array, sent: Float64Array, arrived: Float64Array, lost_ns: Float64Array, seq: Float64Array, ack: Float64Array,
    from: Uint16Array, to: Uint16Array, lost_at: Uint16Array, flags: Uint16Array,
    length: Uint32Array, payload: Uint32Array, seq_raw: Uint32Array, ack_raw: Uint32Array, window: Uint32Array, marks: Uint32Array, repeats: Uint32Array, connection: Uint32Array,
    protocol: Uint8Array, class: Uint8Array, side: Uint8Array, client_before: Uint8Array, client_after: Uint8Array, server_before: Uint8Array, server_after: Uint8Array, client_known: Uint8Array, server_known: Uint8Array,
  };
  const made = Object.entries(kinds).map(([name, Kind]) => [name, new Kind(PACKETS)]);
  const by = Object.fromEntries(made);
  for (let i = 0; i < PACKETS; i++) {
    const ack = i % 3 === 2;
    by.at[i] = i * 12_000;
    by.sent[i] = ack ? by.at[i] : by.at[i] - 10e6;
    by.arrived[i] = ack ? by.at[i] + 10e6 : by.at[i];
    by.lost_ns[i] = NaN;
    by.from[i] = ack ? 0 : 1;
    by.to[i] = ack ? 1 : 0;
    by.side[i] = ack ? 0 : 1;
    by.class[i] = ack ? 2 : 1;
    by.flags[i] = 16;
    by.connection[i] = 1;
    by.length[i] = ack ? 66 : 1514;
    by.payload[i] = ack ? 0 : 1448;
    by.seq[i] = i * 1448;
    by.ack[i] = i * 1448;
    by.marks[i] = i % 10_000 === 77 ? 1 : 0;
    for (const state of ["client_before", "client_after", "server_before", "server_after"]) by[state][i] = 1;
  }
  change?.(by);
  let offset = 0;
  const names = { Float64Array: "f64", Uint32Array: "u32", Uint16Array: "u16", Uint8Array: "u8" };
  const described = made.map(([name, array]) => {
    const at = offset;
    offset += Math.ceil(array.byteLength / 8) * 8;
    return { name, type: names[array.constructor.name], offset: at };
  });
  let head = JSON.stringify({ rows: PACKETS, columns: described });
  while ((8 + head.length) % 8) head += " ";
  const out = Buffer.alloc(8 + head.length + offset);
  out.write("WSC1");
  out.writeUInt32LE(head.length, 4);
  out.write(head, 8);
  made.forEach(([, array], i) => Buffer.from(array.buffer).copy(out, 8 + head.length + described[i].offset));
  return out;
}

/**
 * A server that passes everything on to `base`, but tells of a million packets, or of as many as are wanted, changed. Returns its address and what ends it. (The
 * debugger's pipe does not carry so much: the answers come from a server of their own.)
 */
export async function stand(base, { packets = PACKETS, change } = {}) {
  const binary = columns(packets, change);
  const ask = (request, body, path) => {
    const headers = { "x-wirescope": "1" };
    if (request.headers["content-type"]) headers["content-type"] = request.headers["content-type"];
    return fetch(new URL(path ?? request.url, base), { method: request.method, headers, ...(body.length ? { body } : {}) });
  };
  const server = createServer(async (request, response) => {
    const json = (value) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    try {
      const parts = [];
      for await (const part of request) parts.push(part);
      const body = Buffer.concat(parts);
      const url = new URL(request.url, base);
      const what = /^\/api\/run\/[^/]+\/([a-z]+)/.exec(url.pathname)?.[1];
      if (what === "columns") {
        response.writeHead(200, { "content-type": "application/octet-stream" }).end(binary);
      } else if (what === "head") {
        const head = await (await ask(request, body)).json();
        const last = (packets - 1) * 12_000;
        const hosts = [{ name: "client", address: null, role: "client" }, { name: "server", address: null, role: "server" }];
        const connections = head.connections.slice(0, 1).map((c) => ({ ...c, client_host: 0, server_host: 1, packets, first: 1, last: packets, from_ns: 0, to_ns: last }));
        const marks = [{ bit: 0, id: "tcp.retransmission", name: "retransmission", line: "", rfc: "", trouble: true }];
        json({ ...head, packets, duration_ns: last, phases: [], totals: null, hosts, connections, connections_in_all: 1, marks, extra: [] });
      } else if (what === "texts") {
        const from = Number(url.searchParams.get("from"));
        json({ from, texts: Array.from({ length: Number(url.searchParams.get("count")) }, (_, i) => `what packet ${from + i} says`) });
      } else if (what === "find") {
        // Every seventh packet, 50,000 looked at for an answer, as the server does.
        const [after, until] = [Number(url.searchParams.get("after")), Math.min(Number(url.searchParams.get("after")) + 50_000, packets)];
        const numbers = [];
        for (let n = Math.ceil((after + 1) / 7) * 7; n <= until; n += 7) numbers.push(n);
        json({ numbers, until, more: until < packets });
      } else if (what === "packet") {
        const number = Number(/packet\/(\d+)/.exec(url.pathname)[1]);
        json({ ...(await (await ask(request, body, request.url.replace(/packet\/\d+/, "packet/4"))).json()), number });
      } else {
        const answer = await ask(request, body);
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
        response.end(Buffer.from(await answer.arrayBuffer()));
      }
    } catch (error) {
      response.writeHead(502).end(String(error));
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    end: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
