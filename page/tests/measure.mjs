// What the page costs, in figures for docs/performance.md: `WIRESCOPE_PROGRAM=target/release/wirescope node page/tests/measure.mjs [a capture]`.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { launch, open, runOf, serve } from "./browser.mjs";
import { PACKETS, stand } from "./million.mjs";

const [file] = process.argv.slice(2);
const browser = await launch();
const say = (what, figure) => console.log(`${what.padEnd(74)} ${figure}`);
const ms = (n) => `${n.toFixed(n < 10 ? 1 : 0)} ms`;
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** When the page first showed a packet, by the page's own clock: from the beginning of the navigation. */
const watch = (page) =>
  page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector(".inspector header .where strong")) return;
      requestAnimationFrame(() => (window.shownAt = performance.now()));
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
const shownAt = (page) => page.waitForFunction(() => window.shownAt).then((handle) => handle.jsonValue());

/** A reader of what the page's main thread has spent so far, in milliseconds of its own processor time: a busy machine does not lengthen it. */
async function spending(page) {
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.setTimeDomain", { timeDomain: "threadTicks" });
  await client.send("Performance.enable");
  return async () => {
    const { metrics } = await client.send("Performance.getMetrics");
    const of = (name) => metrics.find((m) => m.name === name).value * 1e3;
    return { script: of("ScriptDuration"), all: of("ScriptDuration") + of("LayoutDuration") + of("RecalcStyleDuration"), task: of("TaskDuration") };
  };
}

/** What a program has taken so far, where the system tells (Linux): processor time, and memory at most. */
async function taken(pid) {
  try {
    const ticks = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
    const most = /VmHWM:\s*(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"));
    return `${((Number(ticks[11]) + Number(ticks[12])) / 100).toFixed(1)} s of its processor time, ${(Number(most[1]) / 1e3).toFixed(0)} MB of memory at most`;
  } catch {
    return "what it took is not known here";
  }
}

/** Script, style and layout of a frame, over the frames in which `move` is done again and again; the median and the worst of ten stretches. */
async function frames(page, name, move) {
  const now = await spending(page);
  const frame = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  const script = [];
  const all = [];
  for (let stretch = 0; stretch < 10; stretch++) {
    const before = await now();
    for (let i = 0; i < 12; i++) {
      await move(stretch * 12 + i);
      await frame();
    }
    const after = await now();
    script.push((after.script - before.script) / 12);
    all.push((after.all - before.all) / 12);
  }
  say(`script a frame, ${name} (with style and layout)`, `${ms(middle(script))}, at worst ${ms(Math.max(...script))} (${ms(middle(all))}, ${ms(Math.max(...all))})`);
}

/** Every way of moving through what the page shows. */
async function moves(page, of) {
  await page.locator(".ladder [role=listbox]").hover();
  await frames(page, `${of}: panning`, () => page.mouse.wheel(0, 400));
  await frames(page, `${of}: stepping`, () => page.keyboard.press("j"));
  const slider = page.locator("input[type=range][aria-label=Moment]");
  await frames(page, `${of}: scrubbing`, (i) =>
    slider.evaluate((input, place) => {
      input.value = String(place);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, (i * 37) % 1000),
  );
  await page.keyboard.press("g");
  await page.keyboard.type("1");
  await page.keyboard.press("Enter");
  await page.keyboard.press("p");
  await frames(page, `${of}: playing`, () => {});
  await page.keyboard.press("p");
  await page.keyboard.press("f");
  await frames(page, `${of}: everything in view`, (i) => page.keyboard.press(i % 2 ? "j" : "k"));
}

const started = performance.now();
const server = await serve();
say("from starting the program to its address", ms(performance.now() - started));
const first = [];
const again = [];
const busy = [];
for (let i = 0; i < 5; i++) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  await watch(page);
  const spent = await spending(page);
  await page.goto(server.url);
  first.push(await shownAt(page));
  busy.push((await spent()).task);
  await page.reload();
  again.push(await shownAt(page));
  await context.close();
}
say("from entering the address to the first packet on screen: the first time", ms(first[0]));
say("the median of five, new and again; of it the page's own processor time", `${ms(middle(first))}, ${ms(middle(again))}; ${ms(middle(busy))}`);

const page = await open(browser, "#source=https", { url: server.url });
await page.getByRole("button", { name: "Conditions" }).click();
const turned = [];
for (const rtt of ["20ms", "30ms", "40ms", "50ms", "60ms", "70ms", "80ms"]) {
  turned.push(
    await page.evaluate(async (rtt) => {
      const input = document.querySelector("#knob-rtt");
      const shown = () => document.querySelector(".phases")?.textContent?.includes(`${parseInt(rtt)} ms`);
      const begun = performance.now();
      input.value = rtt;
      input.dispatchEvent(new Event("change", { bubbles: true }));
      while (!shown()) await new Promise((frame) => requestAnimationFrame(frame));
      return performance.now() - begun;
    }, rtt),
  );
}
say("from turning a knob to the new run on screen (https): median, worst", `${ms(middle(turned))}, ${ms(Math.max(...turned))}`);
await moves(page, "17 packets");

const html = Buffer.from(await (await fetch(server.url)).arrayBuffer());
say("the page, packed with gzip", `${(gzipSync(html, { level: 9 }).length / 1e3).toFixed(1)} kB (${(html.length / 1e3).toFixed(0)} kB)`);
for (const fragment of ["#source=curl", "#source=https", "#source=https&k.size=2000k"]) {
  const other = await open(browser, fragment, { url: server.url });
  const packets = Number((await other.textContent(".now .of")).replace(/\D*\d+\D+/, "").replace(/\D/g, ""));
  const exported = Buffer.from(await (await fetch(`${server.url}api/run/${await runOf(other)}/export.html`)).arrayBuffer());
  say(`exported file, ${fragment.replace("#source=", "").replace("&k.", " with ")}, ${packets} packets (packed)`, `${(exported.length / 1e3).toFixed(0)} kB (${(gzipSync(exported).length / 1e3).toFixed(0)} kB)`);
  await other.context().close();
}
await page.context().close();

const many = await stand(server.url);
let spentBig;
const big = await open(browser, "#source=curl", { url: many.url, before: async (page) => (await watch(page), (spentBig = await spending(page))) });
const at = await shownAt(big);
const opening = (await spentBig()).task;
const arrived = await big.evaluate(() => performance.getEntriesByType("resource").find((r) => r.name.includes("/columns"))?.responseEnd ?? 0);
say(`${PACKETS} packets in the place of a server's: shown`, `${ms(at - arrived)} after their columns had arrived, ${ms(at)} after entering the address; ${ms(opening)} of the page's processor time`);
await moves(big, "a million packets");
const memory = await big.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
say("a million packets: script heap, elements in the document", `${(memory / 1e6).toFixed(0)} MB, ${await big.evaluate(() => document.querySelectorAll("*").length)}`);
await big.context().close();
many.end();
await server.end();

if (file) {
  const begun = performance.now();
  const captured = await serve(file);
  const listening = performance.now() - begun;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const real = await context.newPage();
  real.setDefaultTimeout(300_000);
  await watch(real);
  const spent = await spending(real);
  await real.goto(captured.url);
  const at = await shownAt(real);
  const shown = performance.now();
  const server = await taken(captured.pid);
  const own = (await spent()).task;
  const packets = async () => (await real.textContent(".now .of")).replace(/^.* of/, "").trim();
  say(`${file.replace(/^.*\//, "")}: from starting the program to the first packet on screen`, `${ms(shown - begun)} (${ms(listening)} until it listens, ${ms(at)} in the page, ${ms(own)} of its processor time), one of ${await packets()}`);
  say("the server until then", server);
  await real.waitForFunction(() => !/so far/.test(document.querySelector(".now .of").textContent));
  say(`until all ${await packets()} are there`, `${ms(performance.now() - begun)} (${ms((await spent()).task)} of the page's processor time)`);
  say("the server until then", await taken(captured.pid));
  const asked = performance.now();
  await real.keyboard.press("j");
  await real.waitForFunction(() => document.querySelector(".inspector header .where strong")?.textContent === "#2");
  await real.locator(".hex .byte").first().waitFor();
  say("from a key to the next packet's bytes", ms(performance.now() - asked));
  await real.waitForTimeout(1500);
  await moves(real, "this capture");
  await context.close();
  await captured.end();
}
await browser.close();
