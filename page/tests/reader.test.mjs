// What a reader does on the page, in a real Chromium against a real server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { base, journey, packet, program, runOf, seen, shows, tabTo, withBrowser } from "./browser.mjs";

withBrowser();

journey("there is something to see at once, and it is paused", "", {}, async (page) => {
  assert.equal(await packet(page), 1);
  assert.ok((await page.locator("[role=option]").count()) > 3);
  await page.waitForTimeout(400);
  assert.equal(await packet(page), 1);
});

journey("from a URL to a field's meaning with the keyboard alone", "", {}, async (page) => {
  await page.keyboard.press("u");
  await page.keyboard.type("http://10.0.2.10/page?x=1");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.title.includes("10.0.2.10/page"));
  await page.keyboard.press("Escape");
  // The filter finds the request among what a joining machine says first.
  await page.keyboard.press("/");
  await page.keyboard.type("GET /page");
  await page.keyboard.press("Enter");
  await page.locator(".inspector .meaning", { hasText: "GET /page" }).waitFor();
  await tabTo(page, "[role=treeitem]");
  for (let i = 0; i < 60; i++) {
    if (await page.evaluate(() => document.activeElement?.getAttribute("data-id") === "tcp.window")) break;
    const closed = await page.evaluate(() => document.activeElement?.getAttribute("aria-expanded") === "false");
    await page.keyboard.press(closed ? "ArrowRight" : "ArrowDown");
    // Nobody presses a key before the last one is seen to have done something.
    await page.evaluate(() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen))));
  }
  await page.waitForFunction(() => /Window/.test(document.querySelector(".card")?.textContent ?? ""));
  const card = await page.textContent(".card");
  assert.match(card, /Window/);
  assert.match(card, /RFC 9293/);
  await page.waitForFunction(() => location.hash.includes("10.0.2.10") && location.hash.includes("field=tcp.window"));
});

journey("one selection in every view", "#source=curl", {}, async (page) => {
  for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
  await shows(page, 3);
  const ladder = await seen(page);
  assert.equal(ladder.ladder, "3");
  assert.match(ladder.transport, /packet 3 of 11/);
  assert.match(ladder.slider, /packet 3 of 11/);
  assert.equal(ladder.states, "ESTABLISHED | SYN-RECEIVED");
  await page.getByRole("button", { name: "Table", exact: true }).click();
  assert.equal(await page.getAttribute("[role=row][aria-selected=true]", "id"), "cell-3");
  await page.locator("#cell-6").click();
  await shows(page, 6);
  await page.getByRole("button", { name: "Ladder", exact: true }).click();
  assert.equal((await seen(page)).ladder, "6");
  await page.waitForFunction(() => location.hash.includes("packet=6"));
});

journey("a field pointed at lights its very bits and bytes", "#source=curl&packet=4", {}, async (page) => {
  const field = page.locator("[data-id='tcp.window']");
  await field.scrollIntoViewIfNeeded();
  await field.hover();
  // Ethernet is 14 bytes, IPv4 20, and the window stands at TCP's bytes 14 and 15.
  const lit = () => page.$$eval(".hex .byte.lit", (bytes) => bytes.map((b) => Number(b.dataset.byte)));
  assert.deepEqual(await lit(), [48, 49]);
  assert.deepEqual(await page.$$eval(".cell.lit .label", (cells) => cells.map((c) => c.textContent)), ["Window"]);
  await page.locator(".hex [data-byte='24']").first().hover();
  assert.deepEqual(await lit(), [24, 25], "IPv4's checksum");
  // IPv4 is closed in the tree: it is lit in the field's place.
  assert.equal(await page.getAttribute(".node.lit", "data-id"), "ipv4");
});

/** All that a packet's moment shows, once it is there. */
const whole = (page) => page.evaluate(async () => {
  // The state machines follow a moment later: until they rest.
  for (let before = ""; ; ) {
    const now = document.querySelector("#panel").innerText;
    if (now === before) break;
    before = now;
    await new Promise((done) => setTimeout(done, 250));
  }
  const text = (selector) => document.querySelector(selector)?.textContent.replace(/\s+/g, " ").trim();
  return Object.fromEntries([".inspector .meaning", ".inspector .hex", ".inspector [role=tree]", ".end.client .state", ".end.server .state", ".now .of"].map((selector) => [selector, text(selector)]));
});

journey("scrubbing shows what stepping shows", "#source=curl", {}, async (page) => {
  const stepped = [];
  for (let n = 1; n <= 11; n++) {
    await shows(page, n);
    stepped.push({ ...(await seen(page)), ...(await whole(page)) });
    await page.keyboard.press("j");
  }
  const slider = page.locator("input[type=range][aria-label=Moment]");
  const scrubbed = new Map();
  for (let place = 0; place <= 1000; place += 20) {
    await slider.evaluate((input, place) => {
      input.value = String(place);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, place);
    const now = await seen(page);
    const n = Number(/packet (\d+)/.exec(now.transport)[1]);
    assert.equal(now.ladder, stepped[n - 1].ladder);
    assert.equal(now.states, stepped[n - 1].states);
    if (!scrubbed.has(n)) {
      await shows(page, n);
      scrubbed.set(n, await whole(page));
    }
  }
  assert.ok(scrubbed.size >= 6, `${scrubbed.size} packets were reached by scrubbing`);
  // Between two packets nothing is otherwise than after the first of them but what only time changes.
  for (const [n, now] of scrubbed) for (const [what, said] of Object.entries(now)) assert.equal(said, stepped[n - 1][what], `${what} of packet ${n}`);
});

/** What the command line makes of the same conditions, as a file of that format. */
async function commandLine(format, ...args) {
  const folder = await mkdtemp(join(tmpdir(), "wirescope-run-"));
  try {
    const file = join(folder, `run.${format}`);
    await promisify(execFile)(program, [...args, "-o", file], { maxBuffer: 1 << 26 });
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

journey("a knob's run is the command line's, to the byte", "#source=https%3A%2F%2Fwww.example.com%2F&k.seed=7", {}, async (page) => {
  await page.getByRole("button", { name: "Conditions" }).click();
  await page.fill("#knob-loss", "3%");
  await page.keyboard.press("Enter");
  await page.fill("#knob-rtt", "100ms");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /--rtt 100ms/.test(document.querySelector(".command code")?.textContent ?? ""));
  const command = await page.locator(".command code").textContent();
  assert.match(command, /--seed 7 --rtt 100ms --loss 3%/);
  const there = await commandLine("pcapng", ...command.split(" ").slice(1));
  // The command is there at once, the run that it names a moment later.
  let here = Buffer.alloc(0);
  for (let i = 0; i < 50 && !here.equals(there); i++) {
    if (i > 0) await page.waitForTimeout(200);
    const run = await runOf(page);
    here = Buffer.from(await page.evaluate(async (run) => [...new Uint8Array(await (await fetch(`/api/run/${run}/export.pcapng`)).arrayBuffer())], run));
  }
  assert.ok(here.length > 2000 && here.equals(there), `${here.length} and ${there.length} bytes`);
});

journey("a knob runs it again, and the address holds it", "#source=curl", {}, async (page) => {
  await page.getByRole("button", { name: "Conditions" }).click();
  await page.fill("#knob-rtt", "100ms");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /1\d\d\.\d+ ms|100\.0|100 ms/.test(document.querySelector(".phases")?.textContent ?? ""));
  await page.waitForFunction(() => location.hash.includes("k.rtt=100ms"));
  await page.fill("#knob-rtt", "a while");
  await page.keyboard.press("Enter");
  await page.locator(".wrong").waitFor();
});

journey("A and B", "#source=curl", {}, async (page) => {
  await page.getByRole("button", { name: "Keep as A" }).click();
  await page.getByRole("button", { name: "Conditions" }).click();
  await page.fill("#knob-rtt", "100ms");
  await page.keyboard.press("Enter");
  const table = page.locator(".compare table").first();
  await table.waitFor();
  assert.match(await table.textContent(), /TCP.*\+80 ms/);
  // Aligned at the beginning, or at what happened in both: then that stands in one line.
  const bars = () => page.$$eval(".compare .track", (tracks) => tracks.map((track) => [...track.querySelectorAll("span")].map((span) => parseFloat(span.style.left))));
  const [a, b] = await bars();
  assert.equal(a[0], b[0]);
  await page.getByRole("combobox", { name: "aligned at" }).selectOption({ label: "request sent" });
  await page.locator(".compare .track i").first().waitFor();
  const [x, y] = await bars();
  assert.ok(x[0] > y[0], "the quicker begins later where both send at once");
  assert.deepEqual(...(await page.$$eval(".compare .track i", (marks) => marks.map((mark) => [mark.style.left]))));
  const before = await page.textContent(".compare .runs");
  await page.keyboard.press("Escape");
  await page.keyboard.press("c");
  await page.waitForFunction((old) => document.querySelector(".compare .runs")?.textContent !== old, before);
  assert.match(await table.textContent(), /TCP.*−80 ms/);
});

journey("one packet lost: what it would have cost, in words", "#source=https&packet=9", {}, async (page) => {
  await page.getByRole("button", { name: /What if this packet were lost/ }).click();
  await page.locator(".compare .sentences li").first().waitFor();
  const told = await page.locator(".compare .sentences").textContent();
  assert.match(told, /later|longer/);
  await page.waitForFunction(() => location.hash.includes("k.drop-up="));
  assert.match(await page.locator("#row-8").textContent(), /lost/);
});

journey("a tour leads through the run, and its questions are marked", "#source=curl", {}, async (page) => {
  await page.getByRole("button", { name: "Tour" }).click();
  const text = page.locator(".learn .text");
  await page.getByText(/^1 of \d+$/).waitFor();
  const first = await text.textContent();
  await page.getByRole("button", { name: "Next", exact: true }).click();
  await page.getByText(/^2 of \d+$/).waitFor();
  assert.notEqual(await text.textContent(), first);
  await page.getByRole("button", { name: "Ask me" }).click();
  await page.getByText(/^question 1 of \d+/).waitFor();
  const hidden = await packet(page);
  assert.equal(await page.locator("[role=option]").count(), hidden, "what the question is about is not shown yet");
  await page.keyboard.press("j");
  assert.equal(await packet(page), hidden, "nor can it be stepped to");
  const number = page.getByPlaceholder("your prediction");
  if (await number.count()) {
    await number.fill("12345678");
    await page.keyboard.press("Enter");
  } else await page.locator(".choices button").first().click();
  await page.locator(".learn b.wrong, .learn b.right").waitFor();
  assert.ok((await packet(page)) > hidden);
});

journey("whoever changes the address goes there; one that names nothing says so, and shows something", "#source=curl&packet=3", {}, async (page) => {
  await page.evaluate(() => (location.hash = "#source=curl&packet=6&field=tcp.fin&panel=waterfall"));
  await shows(page, 6);
  await page.locator(".card .name", { hasText: "FIN" }).waitFor();
  await page.evaluate(() => (location.hash = "#source=https&k.rtt=20ms&packet=9&view=table&a.source=https&panel=compare"));
  await page.waitForFunction(() => document.title.startsWith("Anatomy"));
  await page.locator("#cell-9[aria-selected=true]").waitFor();
  await page.locator(".compare .sentences li", { hasText: /earlier|shorter/ }).first().waitFor();
  await page.goto("about:blank");
  await page.goto(`${base}#source=nosuchthing&packet=4`);
  await page.locator("[role=alert]", { hasText: /nosuchthing.*Shown in its place/s }).waitFor();
  assert.ok((await page.locator("[role=option]").count()) > 3);
});

journey("where to go is asked again until it is somewhere", "#source=curl", {}, async (page) => {
  const go = async (text) => {
    await page.locator("dialog[open] input").fill(text);
    await page.keyboard.press("Enter");
  };
  await page.keyboard.press("g");
  await go("twelve");
  await page.locator("dialog[open] .wrong", { hasText: /neither a packet/ }).waitFor();
  await go("99");
  await page.locator("dialog[open] .wrong", { hasText: /There is no packet 99: there are 11/ }).waitFor();
  await go("20.1 ms");
  await shows(page, 4);
  assert.match((await seen(page)).transport, /20\.100 ms/);
});

journey("each cause is a link: to its packet, or to its place in the log", "#source=https&packet=9", {}, async (page) => {
  const why = page.locator(".inspector details:last-of-type");
  await why.getByRole("button", { name: /and what led to that/ }).click();
  const events = await why.locator("li").count();
  assert.equal(await why.locator("li button.event").count(), events);
  await why.locator("button.event", { hasText: "takes the URL apart" }).click();
  const found = page.locator(".log li[aria-current=true]");
  await found.filter({ hasText: "takes the URL apart" }).waitFor();
  await shows(page, 1);
  await page.keyboard.press("j");
  await found.filter({ hasText: "packet 2" }).waitFor();
});

journey("a link holds packet, field, panel and conditions", "#source=https&k.rtt=20ms&packet=6&field=tcp.window&panel=waterfall&mode=time", {}, async (page) => {
  assert.equal(await packet(page), 6);
  assert.match(await page.textContent(".card .name"), /Window/);
  assert.equal(await page.getAttribute("#tab-waterfall", "aria-selected"), "true");
  assert.equal(await page.getByRole("button", { name: "true time" }).getAttribute("aria-pressed"), "true");
  assert.match(await page.textContent(".phases"), /20 ms/);
});

journey("every panel follows the packet", "#source=browser", {}, async (page) => {
  for (const tab of ["graphs", "waterfall", "hops", "dns", "log", "states"]) {
    await page.locator(`#tab-${tab}`).click();
    await page.waitForFunction(() => (document.querySelector("#panel")?.textContent ?? "").length > 60);
  }
  await page.locator("#tab-log").click();
  await page.getByPlaceholder("search the log").fill("NAT");
  await page.waitForFunction(() => [...document.querySelectorAll(".log li")].length > 0 && [...document.querySelectorAll(".log li")].every((li) => /nat/i.test(li.textContent)));
  const link = page.locator(".log li button.link", { hasText: "packet" }).first();
  const n = Number((await link.textContent()).match(/\d+/)[0]);
  await link.click();
  await page.waitForFunction((n) => location.hash.includes(`packet=${n}`), n);
  await page.locator("#tab-hops").click();
  await page.waitForFunction((n) => document.querySelector(".hops .tag")?.textContent?.includes(`packet ${n}`), n);
});

/** Everything that a single key may change. */
const changed = (page) => page.evaluate(() => [
  document.querySelector(".now").textContent, document.querySelector(".speed select").value, document.querySelector("[role=option]")?.getBoundingClientRect().height,
  document.querySelector("[role=tab][aria-selected=true]").id, document.querySelectorAll("dialog[open]").length, document.querySelector(".filter") !== null,
  document.activeElement?.matches("input, [role=tab]"), document.querySelector("[aria-label=Pause]") !== null, document.querySelector(".compare")?.textContent,
].join(" | "));
const SINGLE_KEYS = [...",.<>[]+=-0/?1234567jknNpfguc"];

journey("single keys can be switched off, all of them", "#source=https&packet=4&panel=compare&k.rtt=20ms", {}, async (page) => {
  await page.getByRole("button", { name: "Keep as A" }).click();
  await page.getByRole("button", { name: "First packet" }).click();
  await page.keyboard.press("j");
  await shows(page, 2);
  await page.keyboard.press("?");
  await page.getByLabel("Single keys do this").uncheck();
  await page.keyboard.press("Escape");
  const before = await changed(page);
  for (const key of SINGLE_KEYS) {
    await page.keyboard.press(key);
    await page.evaluate(() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen))));
    assert.equal(await changed(page), before, `“${key}” still does something`);
  }
  // Escape is no such key, and the buttons do what they did.
  await page.getByRole("button", { name: "Help and keyboard" }).click();
  await page.getByLabel("Single keys do this").check();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await shows(page, 3);
});
