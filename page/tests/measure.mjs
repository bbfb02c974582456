// How the page does with a million packets: `WIRESCOPE_URL=http://... node page/tests/measure.mjs`. Figures for docs/performance.md.
import { base, launch, open } from "./browser.mjs";
import { PACKETS, stand } from "./million.mjs";

const browser = await launch();
const server = await stand(base);
const page = await open(browser, "#source=curl", { url: server.url });
const opened = await page.evaluate(() => {
  const columns = performance.getEntriesByType("resource").find((r) => r.name.includes("/columns"));
  return { arrived: columns?.responseEnd ?? 0, now: performance.now() };
});
const frames = async (name, move) => {
  const script = [];
  for (let i = 0; i < 120; i++) {
    await move(i);
    script.push(await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(Number(document.querySelector(".ladder canvas").dataset.script)))))));
  }
  script.sort((a, b) => a - b);
  console.log(`${name}: drawing takes ${script[60]} ms a frame in the median, ${script[114]} ms at the 95th percentile`);
};
console.log(`${PACKETS} packets; shown ${(opened.now - opened.arrived).toFixed(0)} ms after the columns had arrived, at the latest`);
const wheel = async (by) => {
  await page.mouse.move(500, 450);
  await page.mouse.wheel(0, by);
};
await frames("panning over rows", () => wheel(400));
await page.keyboard.press("f");
await frames("everything in view, as density", (i) => page.keyboard.press(i % 2 ? "j" : "k"));
const memory = await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
console.log(`script heap ${(memory / 1e6).toFixed(0)} MB, ${await page.evaluate(() => document.querySelectorAll("*").length)} elements`);
await browser.close();
server.end();
