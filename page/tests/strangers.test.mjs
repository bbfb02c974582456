// What comes from elsewhere: captures and keys, hostile text, wrong input, a server that is gone; and a run that is taken away as a file.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { base, journey, open, packet, runOf, serve, shows, unfold, withBrowser } from "./browser.mjs";

const browser = withBrowser();

/** A simulated HTTPS request as somebody would have captured it, and its key log beside it. */
async function captured() {
  const headers = { "Content-Type": "application/json", "X-Wirescope": "1" };
  const answer = await fetch(`${base}api/run`, { method: "POST", headers, body: JSON.stringify({ source: "https", knobs: {} }) });
  const { run } = await answer.json();
  const file = async (format) => Buffer.from(await (await fetch(`${base}api/run/${run}/export.${format}`)).arrayBuffer());
  return { capture: withoutSecrets(await file("pcapng")), keys: await file("keys") };
}

/** A pcapng without its Decryption Secrets Blocks (type 10). */
function withoutSecrets(file) {
  const blocks = [];
  for (let at = 0; at < file.length; ) {
    const size = file.readUInt32LE(at + 4);
    if (file.readUInt32LE(at) !== 10) blocks.push(file.subarray(at, at + size));
    at += size;
  }
  return Buffer.concat(blocks);
}

/** Drops files on the page, as a hand would. */
async function drop(page, files) {
  const data = await page.evaluateHandle((files) => {
    const data = new DataTransfer();
    for (const { name, bytes } of files) data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
    return data;
  }, files.map(({ name, buffer }) => ({ name, bytes: buffer.toString("base64") })));
  for (const type of ["dragenter", "dragover", "drop"]) await page.dispatchEvent("body", type, { dataTransfer: data });
}

journey("a capture dropped without its keys, then with them", "#source=curl", {}, async (page) => {
  const { capture, keys } = await captured();
  await drop(page, [{ name: "trace.pcapng", buffer: capture }]);
  await page.locator(".badge.captured").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.type("9");
  await page.keyboard.press("Enter");
  await shows(page, 9);
  assert.doesNotMatch(await page.textContent(".inspector .meaning"), /GET/);
  await drop(page, [{ name: "keys.log", buffer: keys }]);
  await page.waitForFunction(() => /GET \/ HTTP\/1.1/.test(document.querySelector(".inspector .meaning")?.textContent ?? ""));
  assert.equal(await packet(page), 9, "the packet that was looked at stays");
});

journey("a link to a capture asks for its file, and opens where it pointed", "#source=curl", {}, async (page) => {
  const { capture, keys } = await captured();
  await drop(page, [{ name: "trace.pcapng", buffer: capture }, { name: "keys.log", buffer: keys }]);
  await page.locator(".badge.captured").waitFor();
  await page.waitForFunction(() => /run=c/.test(location.hash));
  const run = /run=(c[^&]*)/.exec(page.url())[1];
  const other = await serve("curl");
  try {
    const fresh = await page.context().newPage();
    await fresh.goto(`${other.url}#run=${run}&packet=9&field=tcp.window`);
    await fresh.getByText("This link shows a capture").waitFor();
    await drop(fresh, [{ name: "trace.pcapng", buffer: capture }, { name: "keys.log", buffer: keys }]);
    await shows(fresh, 9);
    await fresh.locator(".card .name", { hasText: "Window" }).waitFor();
    await fresh.close();
  } finally {
    await other.end();
  }
});

/** A capture (pcap, nanoseconds) of these frames, each with its moment in nanoseconds. */
function pcap(frames) {
  const words = (...values) => Buffer.from(Uint32Array.from(values).buffer);
  const at = (ns) => words(1_700_000_000 + Math.floor(ns / 1e9), ns % 1e9);
  return Buffer.concat([words(0xa1b23c4d, 0x00040002, 0, 0, 65535, 1), ...frames.flatMap(({ ns, bytes }) => [at(ns), words(bytes.length, bytes.length), bytes])]);
}

/** The frames of a pcapng of one interface. */
function frames(file) {
  const found = [];
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) {
    if (file.readUInt32LE(at) !== 6) continue;
    const ns = (BigInt(file.readUInt32LE(at + 12)) << 32n) | BigInt(file.readUInt32LE(at + 16));
    found.push({ ns, bytes: file.subarray(at + 28, at + 28 + file.readUInt32LE(at + 20)) });
  }
  return found.map(({ ns, bytes }) => ({ ns: Number(ns - found[0].ns), bytes }));
}

/** Somebody of the same network asks for the address of another (RFC 826). */
function arp(from, to) {
  const mac = [2, 0, 0, 0, 9, from];
  return Buffer.from([255, 255, 255, 255, 255, 255, ...mac, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, ...mac, 192, 168, 7, from, 0, 0, 0, 0, 0, 0, 192, 168, 7, to]);
}

const columns = (page) => page.locator(".hosts .host .name").allTextContents();

journey("of a capture of many hosts the two ends have the ladder, any two of them, or all; nothing is left out", "#source=curl", {}, async (page) => {
  const own = frames(Buffer.from(await (await fetch(`${base}api/run/${await runOf(page)}/export.pcapng`)).arrayBuffer()));
  const noise = Array.from({ length: 40 }, (_, i) => ({ ns: i * 1e6 + 500, bytes: arp(20 + (i % 20), 40 + (i % 3)) }));
  const all = [...own, ...noise].sort((a, b) => a.ns - b.ns);
  await drop(page, [{ name: "office.pcap", buffer: pcap(all) }]);
  await page.locator(".badge.captured").waitFor();
  await page.locator(".hosts .host", { hasText: /others/ }).waitFor();
  assert.deepEqual((await columns(page)).slice(0, 2), ["10.0.1.5", "10.0.2.10"]);
  assert.match(await page.locator(".hosts .host").last().innerText(), /^\d+ others\s+40 packets$/);
  // Every packet still has its row and says who it was between.
  assert.equal(await page.locator(".ladder [role=option]").first().getAttribute("aria-setsize"), String(all.length));
  assert.match(await page.locator(".ladder [role=option]", { hasText: "192.168.7.2" }).first().textContent(), /192\.168\.7\.20 to .*ARP/);
  assert.doesNotMatch(page.url(), /ends=/);

  // By keyboard alone: another pair, then all of them; the address holds it.
  const which = page.getByRole("combobox", { name: "Which two ends" });
  await which.focus();
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => location.hash.includes("ends=192.168.7."));
  assert.ok((await columns(page)).slice(0, 2).every((name) => name.startsWith("192.168.7.") || name === "everyone"), String(await columns(page)));
  const address = page.url();
  await page.getByRole("button", { name: "all hosts" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.hash.endsWith("ends=all"));
  const many = await columns(page);
  assert.equal(many.length, 16);
  assert.match(many.at(-1), /^\d+ others$/);
  const fresh = await page.context().newPage();
  await fresh.goto(address);
  await fresh.locator(".hosts .host", { hasText: /others/ }).waitFor();
  assert.equal(new URL(address).hash.includes(encodeURIComponent((await columns(fresh))[0])), true);

  // In the picture of it too.
  await page.getByRole("button", { name: "two ends" }).click();
  const pair = (await columns(page)).slice(0, 2);
  await page.getByRole("button", { name: "Share and export" }).click();
  const picture = await (await fetch(new URL(await page.locator("dialog[open] a[href*='export.svg']").getAttribute("href"), base))).text();
  assert.deepEqual([...picture.matchAll(/class="host"[^>]*>([^<]*)</g)].map(([, name]) => name), [...pair, (await columns(page)).at(-1)]);
  await page.keyboard.press("Escape");

  // And in a file of it, opened where the link said.
  const folder = await mkdtemp(join(tmpdir(), "wirescope-ends-"));
  const file = join(folder, "office.html");
  await writeFile(file, Buffer.from(await (await fetch(`${base}api/run/${/run=(c[^&]*)/.exec(address)[1]}/export.html`)).arrayBuffer()));
  await fresh.goto("about:blank");
  await fresh.goto(pathToFileURL(file) + new URL(address).hash);
  await fresh.locator(".hosts .host", { hasText: /others/ }).waitFor();
  assert.equal(await fresh.getByRole("button", { name: "two ends" }).getAttribute("aria-pressed"), "true");
  await rm(folder, { recursive: true });
  await fresh.close();
});

journey("a packet that was captured twice is marked so, bound to the first, and no trouble", "#source=curl", {}, async (page) => {
  const own = frames(Buffer.from(await (await fetch(`${base}api/run/${await runOf(page)}/export.pcapng`)).arrayBuffer()));
  await drop(page, [{ name: "mirror.pcap", buffer: pcap(own.flatMap(({ ns, bytes }) => [{ ns, bytes }, { ns: ns + 100, bytes }])) }]);
  await page.locator(".badge.captured").waitFor();
  const rows = await page.locator(".ladder [role=option] .sr").allTextContents();
  assert.match(rows[1], /SYN again, the same packet again/);
  assert.doesNotMatch(rows[0], /again/);
  assert.equal(await page.locator(".ladder .number.trouble").count(), 0);
  await page.keyboard.press("n");
  assert.equal(await packet(page), 1, "nothing is wrong with it");
});

journey("a wrong URL is refused in words, and nothing is lost", "#source=curl&packet=5", {}, async (page) => {
  await page.fill(".source input[type=text]", "https://exa mple:99999/");
  await page.keyboard.press("Enter");
  const alert = page.locator("[role=alert]");
  await alert.waitFor();
  assert.match(await alert.textContent(), /What was shown before is still here/);
  assert.equal(await packet(page), 5);
});

journey("a wrong knob is refused where it was turned", "#source=curl&packet=5", {}, async (page) => {
  await page.getByRole("button", { name: "Conditions" }).click();
  await page.fill("#knob-rtt", "33 parsecs");
  await page.keyboard.press("Enter");
  await page.locator(".knob .wrong").waitFor();
  assert.equal(await page.getAttribute("#knob-rtt", "aria-invalid"), "true");
  assert.match(await page.textContent(".knob .wrong"), /33 parsecs/);
  assert.equal(await packet(page), 5);
});

journey("of a damaged capture what was whole is shown, and the place of the damage; of nonsense only words", "#source=curl&packet=5", {}, async (page) => {
  await drop(page, [{ name: "nonsense.pcapng", buffer: Buffer.from("this is no capture at all, and long enough to be looked at") }]);
  const alert = page.locator("[role=alert]");
  await alert.waitFor();
  assert.match(await alert.textContent(), /not a packet capture.*reads pcap and pcapng/i);
  assert.equal(await packet(page), 5);
  const { capture } = await captured();
  await drop(page, [{ name: "cut.pcapng", buffer: capture.subarray(0, Math.floor(capture.length * 0.6)) }]);
  await page.locator(".badge.captured").waitFor();
  assert.match(await page.textContent(".problem"), /byte \d+/);
  assert.ok((await page.locator("[role=option]").count()) > 3);
});

const SCENARIO = 'title = "A run of one\'s own"\nseed = 5\n[request]\nurl = "http://files.example/a"\n[network]\nrtt = "20ms"\n';

journey("a scenario file dropped is run, its conditions turned; a mistake in it is shown with its place, and nothing is lost", "#source=curl&packet=5", {}, async (page) => {
  const toml = (text, name = "mine.toml") => drop(page, [{ name, buffer: Buffer.from(text) }]);
  await toml(`${SCENARIO}colour = "<b>red</b>"\n`);
  const alert = page.locator("[role=alert]");
  await alert.waitFor();
  assert.match(await alert.textContent(), /mine\.toml: unknown field colour,.*\(line 7, column 1\).*Line 7 reads: colour = "<b>red<\/b>".*still here/);
  assert.equal(await packet(page), 5);
  await toml(`${SCENARIO}about = "${"a".repeat(1 << 20)}"`, "long.toml");
  await alert.filter({ hasText: /long\.toml is too large for a scenario/ }).waitFor();
  await toml(SCENARIO);
  await page.waitForFunction(() => document.title.startsWith("A run of one's own"));
  assert.equal(await alert.count(), 0);
  assert.equal(await page.inputValue(".source input[type=text]"), "mine.toml");
  await page.getByRole("button", { name: "Conditions" }).click();
  assert.equal(await page.inputValue("#knob-rtt"), "20ms");
  await page.fill("#knob-rtt", "50ms");
  await page.keyboard.press("Enter");
  await page.locator(".command", { hasText: "wirescope --scenario mine.toml --rtt 50ms" }).waitFor();
  await page.waitForFunction(() => /run=s/.test(location.hash) && /k.rtt=50ms/.test(location.hash));
  // What a file calls itself is text, in the browser's own bars too.
  const own = await page.title();
  await toml(SCENARIO.replace("one's own", "<img src=x>\u202egnp"), "<b>\u202e.toml");
  await page.waitForFunction((own) => document.title !== own, own);
  assert.match(await page.title(), /<img src=x>/);
  for (const shown of [await page.title(), await page.evaluate(() => document.body.innerText)]) assert.ok(!shown.includes("\u202e"), shown);
  assert.equal(await page.locator("img").count(), 0);
  await toml(SCENARIO);
  await page.waitForFunction((own) => document.title === own, own);
  await page.fill("#knob-rtt", "50ms");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /k.rtt=50ms/.test(location.hash));
  // The link finds the run; a server that has it not asks for the file, and turns the same conditions.
  const fragment = new URL(page.url()).hash;
  const other = await serve("curl");
  try {
    const fresh = await page.context().newPage();
    await fresh.goto(`${other.url}${fragment}`);
    await fresh.getByText("This link shows a scenario file").waitFor();
    await drop(fresh, [{ name: "mine.toml", buffer: Buffer.from(SCENARIO) }]);
    await fresh.waitForFunction((hash) => location.hash === hash, fragment);
    await fresh.close();
  } finally {
    await other.end();
  }
});

test("a scenario file is opened by the command line too", { timeout: 600_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "wirescope-page-"));
  await writeFile(join(folder, "mine.toml"), SCENARIO);
  const server = await serve(join(folder, "mine.toml"), "--mtu", "1000");
  try {
    const page = await open(browser(), "", { url: server.url });
    assert.match(await page.title(), /^A run of one's own/);
    await page.getByRole("button", { name: "Conditions" }).click();
    assert.deepEqual([await page.inputValue("#knob-rtt"), await page.inputValue("#knob-mtu")], ["20ms", "1000"]);
    await page.context().close();
  } finally {
    await server.end();
    await rm(folder, { recursive: true });
  }
});

test("a server that is gone is said so where it is missed, and what was seen stays", { timeout: 600_000 }, async () => {
  const server = await serve("curl");
  const page = await open(browser(), "#source=curl&packet=5", { url: server.url });
  await page.locator("[role=treeitem]").first().waitFor();
  await server.end();
  await page.keyboard.press("j");
  await page.locator(".inspector .quiet", { hasText: /does not answer/ }).waitFor();
  assert.match(await page.textContent("[role=option][aria-selected=true]"), /Packet 6/);
  await page.keyboard.press("k");
  await shows(page, 5);
  // Each panel that misses it says so itself, and what it knows stays: the states, the phases.
  await page.keyboard.press("j");
  await page.locator("#panel .quiet", { hasText: /does not answer.*wirescope serve/ }).waitFor();
  assert.match(await page.textContent(".end.client .state"), /ESTABLISHED/);
  for (const tab of ["graphs", "hops", "log"]) {
    await page.locator(`#tab-${tab}`).click();
    await page.locator("#panel .quiet", { hasText: /does not answer.*wirescope serve/ }).waitFor();
  }
  await page.locator("#tab-waterfall").click();
  await page.locator(".waterfall table", { hasText: "TCP" }).waitFor();
  await page.getByRole("button", { name: "Tour", exact: true }).click();
  await page.locator(".learn", { hasText: /does not answer/ }).waitFor();
  await page.getByRole("button", { name: "Close the tour" }).click();
  await page.keyboard.press("k");
  await shows(page, 5);
  await page.fill(".source input[type=text]", "https");
  await page.keyboard.press("Enter");
  const alert = page.locator("[role=alert]");
  await alert.waitFor();
  assert.match(await alert.textContent(), /does not answer/);
  assert.equal(await packet(page), 5);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

const HOSTILE = '<img src=x onerror="document.title=\'broken into\'"></script><script>document.title="broken into"</script>\u202egnp';
const HOSTILE_RUN = `#source=http%3A%2F%2Fwww.example.com%2F&k.header=${encodeURIComponent(`X-Note: ${HOSTILE}`)}`;

/** The packet with the hostile field is shown, and nothing of it is more than text. */
async function unbroken(page) {
  await page.waitForFunction(() => document.querySelector("[role=tree]")?.textContent?.includes("<img"));
  assert.equal(await page.locator("img").count(), 0);
  assert.ok(!(await page.evaluate(() => document.body.innerText)).includes("\u202e"), "nothing turns other text round");
  assert.doesNotMatch(await page.title(), /broken into/);
}

/** The exported file of a run, opened from disk, in a page that tells what it asks for. */
async function exported(run, fragment, body) {
  const answer = await fetch(`${base}api/run/${run}/export.html`);
  assert.equal(answer.status, 200);
  const folder = await mkdtemp(join(tmpdir(), "wirescope-page-"));
  try {
    const file = join(folder, "run.html");
    await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    const requests = [];
    const page = await open(browser(), fragment, { url: pathToFileURL(file).href, before: (page) => page.on("request", (r) => requests.push(r.url())) });
    await body(page, folder, file);
    await page.waitForTimeout(200);
    assert.deepEqual(requests.filter((url) => !url.startsWith("file:") && !url.startsWith("data:")), []);
    assert.equal(requests.filter((url) => url.startsWith("file:")).length, 1);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A 16-bit number, and a 32-bit one, as the network writes them. */
const two = (n) => [(n >> 8) & 255, n & 255];
const four = (n) => [...two(n >>> 16), ...two(n & 65535)];
const text = (words) => [...Buffer.from(words)];

/** A datagram in its frame; checksums are nobody's concern here. */
function ip(protocol, from, to, payload) {
  const bytes = [0x45, 0, ...two(20 + payload.length), ...two(1), 0x40, 0, 64, protocol, 0, 0, ...from, ...to, ...payload];
  return Buffer.from([2, 0, 0, 0, 0, to[3], 2, 0, 0, 0, 0, from[3], 8, 0, ...bytes]);
}
const udp = (from, to, ports, payload) => ip(17, from, to, [...two(ports[0]), ...two(ports[1]), ...two(8 + payload.length), 0, 0, ...payload]);
const tcp = (from, to, ports, seq, ack, flags, payload = []) => ip(6, from, to, [...two(ports[0]), ...two(ports[1]), ...four(seq), ...four(ack), 0x50, flags, 255, 255, 0, 0, 0, 0, ...payload]);

/** A capture in which whatever can hold text holds what a page might take for its own: names, hosts, paths, fields, reasons, bodies. */
function hostileCapture() {
  const [client, server, names] = [[10, 1, 1, 5], [10, 1, 1, 80], [10, 1, 1, 53]];
  const evil = '<img src=x onerror="document.title=1"><b onclick=a>\u202egnp\u2066\u0007\u001b[31m</b>';
  const label = (words) => [Buffer.byteLength(words), ...text(words)];
  const name = [...label("<img src=x>"), ...label("\u202egnp\u0007"), ...label("example"), 0];
  const ask = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 1, 0, 1];
  const answer = [0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, ...name, 0, 1, 0, 1, 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, ...two(name.length), ...name];
  // DHCP (RFC 2131): who asks for an address calls itself that (option 12).
  const dhcp = [1, 1, 6, 0, ...four(9), ...Array(12).fill(0), ...Array(8).fill(0), 2, 0, 0, 0, 0, 5, ...Array(10).fill(0), ...Array(192).fill(0), 99, 130, 83, 99, 53, 1, 1, 12, ...label(evil.slice(0, 60)), 255];
  const get = text(`GET /${evil.replaceAll(" ", "+").replace(/[\u0007\u001b]/g, "")}?q=<script>1</script> HTTP/1.1\r\nHost: ${evil}\r\nUser-Agent: ${evil}\r\n\r\n`);
  const body = `<script>document.title=1</script>${evil}`;
  const ok = text(`HTTP/1.1 200 ${evil}\r\nServer: ${evil}\r\nContent-Type: text/html\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  const to = (...rest) => tcp(client, server, [50000, 80], ...rest);
  const back = (...rest) => tcp(server, client, [80, 50000], ...rest);
  const all = [
    udp([0, 0, 0, 0], [255, 255, 255, 255], [68, 67], dhcp), udp(client, names, [40000, 53], ask), udp(names, client, [53, 40000], answer),
    to(1000, 0, 2), back(5000, 1001, 18), to(1001, 5001, 16), to(1001, 5001, 24, get), back(5001, 1001 + get.length, 24, ok), to(1001 + get.length, 5001 + ok.length, 16),
    to(1001 + get.length, 5001 + ok.length, 17), back(5001 + ok.length, 1002 + get.length, 17), to(1002 + get.length, 5002 + ok.length, 16),
  ];
  return pcap(all.map((bytes, i) => ({ ns: i * 1e6, bytes })));
}

/** Nothing of what is shown, or said to those who listen, is more than text, or turns other text round. */
async function onlyText(page, where) {
  const found = await page.evaluate(() => {
    const wrong = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
    const out = [...document.querySelectorAll("img, iframe, object, embed, [onclick], [onerror], b[onclick], script[src]")].map((e) => e.outerHTML.slice(0, 80));
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) if (node.parentElement.tagName !== "SCRIPT" && wrong.test(node.data)) out.push(`text ${JSON.stringify(node.data.slice(0, 80))}`);
    for (const element of document.body.querySelectorAll("*")) for (const { name, value } of element.attributes) if (wrong.test(value)) out.push(`${element.tagName} ${name} ${JSON.stringify(value.slice(0, 80))}`);
    if (wrong.test(document.title)) out.push("the title");
    return out;
  });
  assert.deepEqual(found, [], where);
  assert.match(await page.title(), /wirescope$/, where);
}

/** Every packet, in every panel, in ladder and table, down to what stands in its messages. */
async function everywhere(page, packets) {
  for (let n = 1; n <= packets; n++) {
    await shows(page, n);
    for (const buffer of await page.getByRole("group", { name: "Bytes to look at" }).getByRole("button").all()) await buffer.click();
    await onlyText(page, `packet ${n}`);
    if (n < packets) await page.keyboard.press("j");
  }
  for (const tab of await page.$$eval("[role=tab]", (tabs) => tabs.map((tab) => tab.id))) {
    await page.locator(`#${tab}`).click();
    await page.waitForTimeout(300);
    await onlyText(page, tab);
  }
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await page.locator("[role=grid] .w", { hasText: "GET /" }).waitFor();
  await onlyText(page, "the table");
  // What would turn text round is named instead.
  assert.match(await page.locator("main").innerText(), /⟨RLO⟩gnp/);
}

journey("hostile text in a capture stays text in every view, in what is taken away, and in the exported file", "#source=curl", {}, async (page) => {
  await drop(page, [{ name: "<img src=x>\u202egnp.pcap", buffer: hostileCapture() }]);
  await page.locator(".badge.captured").waitFor();
  await page.waitForFunction(() => /run=c/.test(location.hash));
  const run = /run=(c[^&]*)/.exec(page.url())[1];
  await everywhere(page, 12);
  await page.fill(".filter input", "<img");
  await page.locator(".filtered", { hasText: "<img" }).waitFor();
  await onlyText(page, "the filter");
  const svg = await (await fetch(`${base}api/run/${run}/export.svg`)).text();
  assert.doesNotMatch(svg, /<img|<script|onclick=a>|[\u202a-\u202e\u2066-\u2069\u0007\u001b]/);
  await exported(run, "#packet=1", (page) => everywhere(page, 12));
});

journey("a file of many packets holds the trees of a selection, and says so of the others", "#source=curl&k.size=3200k", {}, async (page) => {
  await unfold(page);
  await page.getByRole("button", { name: "Share and export" }).click();
  await page.locator("dialog[open] label input").fill("3000-3010, 4001");
  const address = () => page.locator("dialog[open] a[href*='export.html']").getAttribute("href");
  await page.waitForFunction(() => /packets=3000/.test(document.querySelector("dialog[open] a[href*='export.html']")?.getAttribute("href") ?? ""));
  const folder = await mkdtemp(join(tmpdir(), "wirescope-part-"));
  const file = join(folder, "part.html");
  await writeFile(file, Buffer.from(await (await fetch(new URL(await address(), base))).arrayBuffer()));
  const fresh = await open(browser(), "#packet=3005", { url: pathToFileURL(file).href });
  await fresh.locator("[role=treeitem][data-id='tcp.seq']").first().waitFor();
  for (const [n, there] of [[4001, true], [3011, false], [12, false]]) {
    await fresh.keyboard.press("g");
    await fresh.keyboard.type(String(n));
    await fresh.keyboard.press("Enter");
    if (there) await shows(fresh, n);
    else await fresh.locator(".inspector .quiet", { hasText: new RegExp(`does not hold the bytes of packet ${n}.*12 of \\d+ packets`, "s") }).waitFor();
    // What it says and where it stands is there for every packet.
    assert.equal(await fresh.getAttribute("[role=option][aria-selected=true]", "aria-posinset"), String(n));
  }
  assert.deepEqual(fresh.errors, []);
  await fresh.context().close();
  await rm(folder, { recursive: true });
});

journey("hostile text from the wire stays text, in the page and in the exported file", HOSTILE_RUN, {}, async (page) => {
  await page.keyboard.press("/");
  await page.keyboard.type("GET /");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /GET/.test(document.querySelector(".inspector .meaning")?.textContent ?? ""));
  const n = await packet(page);
  await page.getByRole("group", { name: "Bytes to look at" }).getByRole("button", { name: /HTTP request/ }).click();
  await page.getByRole("button", { name: "Conditions" }).click();
  await unbroken(page);
  await exported(await runOf(page), `#packet=${n}&field=http.field_value`, unbroken);
});

test("an exported file shows the same packet and needs no one, in a sandboxed frame too", { timeout: 600_000 }, async () => {
  const first = await open(browser(), "#source=curl&packet=6");
  const run = await runOf(first);
  const meaning = await first.textContent(".inspector .meaning");
  const bytes = await first.textContent(".hex");
  await first.context().close();
  await exported(run, "#packet=6", async (page, folder, file) => {
    assert.equal(await packet(page), 6);
    assert.equal(await page.textContent(".inspector .meaning"), meaning);
    assert.equal(await page.textContent(".hex"), bytes);
    for (const tab of await page.$$eval("[role=tab]", (tabs) => tabs.map((tab) => tab.id))) {
      await page.locator(`#${tab}`).click();
      await page.waitForTimeout(150);
      assert.doesNotMatch(await page.textContent("#panel"), /does not hold/, tab);
    }
    await page.keyboard.press("Escape");
    await page.keyboard.press("k");
    await shows(page, 5);
    const post = join(folder, "post.html");
    await writeFile(post, `<!doctype html><title>A post</title><iframe src="${pathToFileURL(file).href}#packet=4" sandbox="allow-scripts" width="1000" height="760" title="A run"></iframe>`);
    const other = await page.context().newPage();
    const wrong = [];
    other.on("pageerror", (error) => wrong.push(error.message));
    await other.goto(pathToFileURL(post).href);
    await other.frameLocator("iframe").locator(".inspector header .where strong", { hasText: "#4" }).waitFor();
    assert.deepEqual(wrong, []);
    await other.close();
  });
});
