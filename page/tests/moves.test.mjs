// Moving through a run by keys and controls, and every view at the same packet and moment.
import assert from "node:assert/strict";
import { base, journey, packet, seen, shows, withBrowser } from "./browser.mjs";

withBrowser();

const LOSSY = "#source=https&packet=1&k.size=60k&k.loss=3%25&k.seed=7";
const moment = async (page) => Number((await seen(page)).transport.replace(/[\u2009\s]/g, "").match(/^([\d.]+)ms/)[1]);
const speed = (page) => page.locator(".speed select").inputValue();
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

journey("keys move by packets, by milliseconds, by round trips, and to trouble; it plays, slower and faster, and stops", LOSSY, {}, async (page) => {
  await page.keyboard.press("j");
  await shows(page, 2);
  const before = await moment(page);
  await page.keyboard.press(".");
  assert.equal(Math.round((await moment(page)) - before), 1);
  await page.keyboard.press(",");
  assert.equal(await moment(page), before);
  await page.keyboard.press("Shift+Period");
  const trip = (await moment(page)) - before;
  assert.ok(trip > 65 && trip < 68, `a round trip of ${trip} ms`);
  await page.keyboard.press("Shift+Comma");
  assert.equal(await moment(page), before);

  const selected = async () => Number((await seen(page)).ladder);
  await page.keyboard.press("n");
  await page.locator("[role=option][aria-selected=true] .number.trouble").waitFor();
  const trouble = await selected();
  assert.ok(trouble > 2);
  await page.keyboard.press("n");
  await page.waitForFunction((n) => Number(document.querySelector("[role=option][aria-selected=true]")?.getAttribute("aria-posinset")) > n, trouble);
  await page.keyboard.press("Shift+N");
  await shows(page, trouble);

  for (const [by, is] of [["loss", /lost at/], ["retransmission", /retransmission|sent again|retransmitted/i], ["state", /./], ["phase", /./]]) {
    await page.getByRole("button", { name: "First packet" }).click();
    await page.getByRole("combobox", { name: "Jump by" }).selectOption(by);
    await page.locator(".jump button").last().click();
    await page.waitForFunction(() => document.querySelector("[role=option][aria-selected=true]")?.getAttribute("aria-posinset") !== "1");
    assert.match(await page.textContent("[role=option][aria-selected=true] .sr"), is, by);
  }
  await page.getByRole("button", { name: "First packet" }).click();
  await page.getByRole("combobox", { name: "Jump by" }).selectOption("trip");
  await page.locator(".jump button").last().click();
  assert.ok(Math.abs((await moment(page)) - trip) < 1);

  assert.equal(await speed(page), "100");
  await page.keyboard.press("[");
  assert.equal(await speed(page), "300");
  for (const _ of [1, 2, 3]) await page.keyboard.press("]");
  assert.equal(await speed(page), "10");
  const start = await packet(page);
  await page.keyboard.press("p");
  await page.waitForFunction((n) => Number(document.querySelector(".inspector header .where strong").textContent.slice(1)) > n + 3, start);
  await page.keyboard.press("p");
  const stopped = await moment(page);
  await page.waitForTimeout(300);
  assert.equal(await moment(page), stopped);
});

journey("the ladder: zoom, true time with its ruler, every hop, where a packet was lost", LOSSY, {}, async (page) => {
  const tall = () => page.locator("[role=option]").first().evaluate((row) => row.getBoundingClientRect().height);
  const usual = await tall();
  await page.keyboard.press("+");
  await drawn(page);
  assert.ok((await tall()) > usual);
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  await drawn(page);
  assert.ok((await tall()) < usual);
  await page.keyboard.press("0");
  await drawn(page);
  assert.equal(await tall(), usual);
  await page.keyboard.press("f");
  await drawn(page);
  assert.equal(await page.locator(".ladder .scroller").evaluate((e) => e.scrollHeight - e.clientHeight), 0, "all of it is in view");
  await page.keyboard.press("0");

  assert.equal(await page.locator(".hosts .host").count(), 2);
  await page.getByRole("button", { name: "every hop" }).click();
  await page.locator(".hosts .host").nth(2).waitFor();
  await page.waitForFunction(() => location.hash.includes("hops=all"));
  assert.deepEqual(await page.locator(".hosts .host .state").allTextContents(), (await page.locator(".end .state b").allTextContents()).slice(0, 2), "the ends' states stand over their columns here too");
  await page.getByRole("button", { name: "every hop" }).click();
  await page.getByRole("button", { name: "true time" }).click();
  await page.waitForFunction(() => location.hash.includes("mode=time"));
  await page.getByRole("button", { name: "even rows" }).click();

  await page.getByRole("combobox", { name: "Jump by" }).selectOption("loss");
  await page.locator(".jump button").last().click();
  await drawn(page);
  const where = /lost at ([\w.-]+)/.exec(await page.textContent("[role=option][aria-selected=true] .sr"))[1];
  await page.locator(".inspector .mark", { hasText: `at ${where}` }).waitFor();
  await page.locator("#tab-hops").click();
  await page.locator(".hops .gone").waitFor();
});

journey("every view is at the same packet and the same moment", "#source=https&packet=4", {}, async (page) => {
  for (const n of [4, 9, 11]) {
    for (let at = await packet(page); at < n; at++) {
      await page.keyboard.press("j");
      await shows(page, at + 1);
    }
    const now = await seen(page);
    const ms = now.transport.match(/^([\d.]+) ms/)[1];
    assert.equal(now.ladder, String(n));
    await page.locator("#tab-graphs").click();
    await page.locator("figure .near", { hasText: `At ${ms} ms` }).first().waitFor();
    await page.locator("#tab-hops").click();
    await page.locator(".hops .tag", { hasText: `packet ${n} here` }).waitFor();
    await page.locator("#tab-log").click();
    await page.locator(".log li[aria-current=true] .time", { hasText: ms }).waitFor();
    await page.locator("#tab-waterfall").click();
    const line = await page.locator(".waterfall .moment").first().evaluate((e) => parseFloat(e.style.left));
    assert.ok(line > 0 && line <= 100);
    await page.locator("#tab-states").click();
    await page.locator(".end.client .history .current").waitFor();
  }
  // And from a view back to the packet.
  await page.locator("#tab-graphs").click();
  await page.getByRole("button", { name: "as a table" }).first().click();
  const link = page.locator("figure table button.link").first();
  const to = Number(await link.textContent());
  await link.click();
  await shows(page, to);
});

journey("the first plots are whole in view, with their keys and figures; more of them where the panel has more room", "#source=https&packet=20&k.size=200k&k.loss=3%25&k.seed=7&panel=graphs", {}, async (page) => {
  await page.locator("figure .near").first().waitFor();
  const whole = () => page.evaluate(() => {
    const panel = document.querySelector("#panel").getBoundingClientRect();
    return [...document.querySelectorAll("#panel figure")].filter((figure) => [...figure.children].every((part) => part.getBoundingClientRect().bottom <= panel.bottom + 1)).length;
  });
  assert.equal(await whole(), 2);
  assert.deepEqual((await page.locator("figure h4").allTextContents()).slice(0, 2), ["Sequence numbers: what the server sends", "What limits the server"]);
  const tall = () => page.locator("figure canvas").first().evaluate((e) => e.getBoundingClientRect().height);
  const usual = await tall();
  assert.ok(usual >= 110);
  await page.getByRole("button", { name: "More room for the panel" }).click();
  await page.waitForFunction((usual) => document.querySelector("figure canvas").getBoundingClientRect().height > usual + 60, usual);
});

journey("the log is searched and grouped; numbers are relative or the wire's own", "#source=https&packet=9&panel=log", {}, async (page) => {
  const groups = page.getByRole("combobox", { name: "Of which machine and layer" });
  await page.waitForFunction(() => document.querySelectorAll(".log option").length > 4);
  await groups.selectOption("router ip");
  await page.waitForFunction(() => [...document.querySelectorAll(".log li")].length > 0 && [...document.querySelectorAll(".log li")].every((li) => /router/.test(li.textContent)));
  await groups.selectOption("");
  await page.getByLabel("by machine").check();
  await page.locator(".log h3", { hasText: /^server$/ }).waitFor();
  await page.getByPlaceholder("search the log").fill("window");
  await page.waitForFunction(() => [...document.querySelectorAll(".log li")].length > 0 && [...document.querySelectorAll(".log li")].every((li) => /window/i.test(li.textContent)));

  const relative = await page.textContent(".inspector .numbers b");
  await page.getByRole("button", { name: "counted from the first" }).click();
  const raw = await page.textContent(".inspector .numbers b");
  assert.equal(Number(raw) - Number(relative), 100, "the scenario counts from 100");
});

journey("1 to 7 show the panels, wherever the reader is", "#source=lifecycle", {}, async (page) => {
  const tabs = await page.$$eval("[role=tab]", (tabs) => tabs.map((tab) => tab.id));
  assert.equal(tabs.length, 7);
  for (const [i, tab] of [...tabs.entries()].reverse()) {
    await page.keyboard.press(String(i + 1));
    await page.locator(`#${tab}[aria-selected=true]`).waitFor();
  }
});

journey("a column's address is the one that its machine speaks with", "#source=ipv6", {}, async (page) => {
  await page.locator(".hosts .address").first().waitFor();
  for (const address of await page.locator(".hosts .address").allTextContents()) assert.match(address, /^[0-9a-f:]+$/);
  await page.goto("about:blank");
  await page.goto(`${base}#source=browser`);
  await page.locator(".hosts .address", { hasText: "192.168.1.1" }).first().waitFor();
});
