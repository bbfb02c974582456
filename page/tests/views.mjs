// Pictures of every view, to look at: `WIRESCOPE_URL=http://... node page/tests/views.mjs FOLDER [width] [scheme] [view]`.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { base, launch, open, runOf, unfold } from "./browser.mjs";

const [folder = "views", onlyWidth, onlyScheme, onlyView] = process.argv.slice(2);
await mkdir(folder, { recursive: true });

const press = (name) => async (page) => {
  const button = page.getByRole("button", { name, exact: true }).first();
  if (!(await button.isVisible())) await unfold(page);
  await button.click();
};
/** Opens another source by its name. */
const source = (name) => async (page) => {
  await unfold(page);
  await page.fill(".source input[type=text]", name);
  await page.keyboard.press("Enter");
};
const tab = (name) => (page) => page.locator(`#tab-${name}`).click();
/** A file that the server makes of the run that is shown. */
const made = async (page, format) => Buffer.from(await (await fetch(`${base}api/run/${await runOf(page)}/export.${format}`)).arrayBuffer());
/** Shows the same run as a capture that somebody made of it. */
const asCapture = async (page) => {
  await page.setInputFiles("input[type=file]", { name: "trace.pcapng", mimeType: "application/octet-stream", buffer: await made(page, "pcapng") });
  await page.locator(".badge.captured").waitFor({ state: "attached" });
};
const LONG = "https://a-name-that-takes-its-time.of-a-department.in-a-subsidiary.of-some-organisation.example.com/with/a/path/that/is/long?and=a+query&that=is+longer+still";
const HOSTILE = "X-Markup: <b onclick=alert(1)>bold</b>\nX-Bidi: \u202egnol si siht \u05e9\u05dc\u05d5\u05dd\nX-Long: " + "unbroken".repeat(40);
/** A fragment of the address that opens a run. */
const of = (source, packet, knobs = {}, more = "") =>
  `#${new URLSearchParams({ source, ...Object.fromEntries(Object.entries(knobs).map(([name, value]) => [`k.${name}`, value])), packet: String(packet) })}${more}`;
const VIEWS = {
  landing: ["", () => {}],
  browser: [of("browser", 3), () => {}],
  curl: [of("curl", 4), () => {}],
  lifecycle: [of("lifecycle", 8), () => {}],
  ipv6: [of("ipv6", 12), () => {}],
  eyeballs: [of("happy-eyeballs", 14), () => {}],
  flight: [of("https", 6), () => {}],
  http2: [of("http2", 24), tab("waterfall")],
  http2graphs: [of("http2", 60), tab("graphs")],
  pool: [of("pool", 40), tab("waterfall")],
  rounds: [of("round-trips", 10), () => {}],
  flood: [of("syn-flood", 10), tab("log")],
  longname: [of(LONG, 12), tab("waterfall")],
  longhops: [of(LONG, 12), press("every hop")],
  hostile: [of("curl", 4, { header: HOSTILE }, "&field=http.header"), () => {}],
  hostiletable: [of("curl", 4, { header: HOSTILE }), press("Table")],
  density: ["#source=curl&k.size=3000k&packet=900", (page) => page.keyboard.press("f")],
  densetime: ["#source=curl&k.size=3000k&packet=900&mode=time", (page) => page.keyboard.press("f")],
  capture: ["#source=https&k.loss=3%25&k.size=40k&k.seed=7&packet=12", asCapture],
  captureflow: ["#source=https&packet=9", async (page) => (await asCapture(page), await tab("waterfall")(page))],
  damaged: [
    "#source=https",
    async (page) => {
      const whole = await made(page, "pcapng");
      await page.setInputFiles("input[type=file]", { name: "broken off.pcapng", mimeType: "application/octet-stream", buffer: whole.subarray(0, 5000) });
      await page.locator(".badge.captured").waitFor({ state: "attached" });
    },
  ],
  awaited: ["#source=https", (page) => page.goto("about:blank").then(() => page.goto(`${base}#run=c0000000000000000&packet=9`))],
  exported: [
    "#source=https&packet=9&field=http.method",
    async (page) => {
      const file = join(folder, "exported.html");
      await writeFile(file, await made(page, "html"));
      await page.goto(`${pathToFileURL(file)}#packet=9&field=http.method`);
      await page.locator(".card .name").waitFor();
    },
  ],
  gone: [
    "#source=https&packet=9",
    async (page) => {
      await page.route("**/api/**", (route) => route.abort());
      await page.keyboard.press("j");
      await source("curl")(page);
      await page.locator("[role=alert]").first().waitFor();
    },
  ],
  ends: [of("syn-flood", 10), press("two ends")],
  filter: ["#source=https&packet=9", async (page) => (await press("Table")(page), await page.fill(".filter input", "TLS"))],
  goto: ["#source=https&packet=9", (page) => page.keyboard.press("g")],
  states: ["#source=https&packet=13&field=tcp.syn", () => {}],
  time: ["#source=https&packet=16&mode=time", () => {}],
  table: ["#source=https&packet=12", press("Table")],
  graphs: ["#source=https&packet=20&k.size=200k&k.loss=3%25&k.seed=7", tab("graphs")],
  waterfall: ["#source=lifecycle&packet=20", tab("waterfall")],
  hops: ["#source=https&packet=9", tab("hops")],
  everyhop: ["#source=https&packet=9", press("every hop")],
  dns: ["#source=lifecycle&packet=8", tab("dns")],
  log: ["#source=https&packet=9", tab("log")],
  compare: [
    "#source=https",
    async (page) => {
      await press("Keep as A")(page);
      await press("Conditions")(page);
      await page.fill("#knob-rtt", "100ms");
      await page.keyboard.press("Enter");
      await page.locator(".compare table").first().waitFor();
    },
  ],
  knobs: ["#source=https&packet=9", press("Conditions")],
  httpknobs: [
    of("http2", 24),
    async (page) => {
      await press("Conditions")(page);
      await page.locator("#knob-files").scrollIntoViewIfNeeded();
    },
  ],
  badknob: [
    "#source=https&packet=9",
    async (page) => {
      await press("Conditions")(page);
      await page.fill("#knob-rtt", "soon");
      await page.keyboard.press("Enter");
      await page.locator(".knob .wrong").waitFor();
    },
  ],
  bigchange: [
    "#source=https",
    async (page) => {
      await press("Keep as A")(page);
      await source("lifecycle")(page);
      await page.locator(".compare table").first().waitFor();
    },
  ],
  notfound: [
    "#source=curl",
    async (page) => {
      await source("no-such-scenario")(page);
      await page.locator("[role=alert]").waitFor();
    },
  ],
  notcapture: [
    "#source=curl",
    async (page) => {
      await page.setInputFiles("input[type=file]", { name: "holiday.pcap", mimeType: "application/octet-stream", buffer: Buffer.from("this is no capture at all") });
      await page.locator("[role=alert]").waitFor();
    },
  ],
  tour: ["#source=https&packet=9", press("Tour")],
  ask: [
    "#source=curl",
    async (page) => {
      await press("Tour")(page);
      await page.getByRole("button", { name: "Ask me" }).click();
    },
  ],
  marked: [
    "#source=curl",
    async (page) => {
      await press("Tour")(page);
      await page.getByRole("button", { name: "Ask me" }).click();
      await page.locator(".learn .choices button, .learn form input").first().waitFor();
      if (await page.locator(".learn form").count()) {
        await page.fill(".learn form input", "7");
        await page.keyboard.press("Enter");
      } else await page.locator(".learn .choices button").last().click();
    },
  ],
  menu: ["#source=https&packet=9", unfold],
  help: ["#source=https", press("Help and keyboard")],
  share: ["#source=https", press("Share and export")],
  lossy: ["#source=https&packet=30&k.size=200k&k.loss=3%25&k.seed=7", () => {}],
  argument: ["#source=simultaneous-open", tab("waterfall")],
  problem: [
    "#source=curl",
    async (page) => {
      await source("https://exa mple:99999/")(page);
      await page.locator("[role=alert]").waitFor();
    },
  ],
};

const browser = await launch();
for (const width of [1440, 768, 320]) {
  for (const scheme of ["light", "dark"]) {
    for (const [name, [fragment, go]] of Object.entries(VIEWS)) {
      if ((onlyWidth && onlyWidth !== "all" && Number(onlyWidth) !== width) || (onlyScheme && onlyScheme !== "all" && onlyScheme !== scheme) || (onlyView && onlyView !== name)) continue;
      try {
        const page = await open(browser, fragment, { width, height: 900, scheme });
        await go(page);
        await page.waitForTimeout(600);
        await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: width < 1100 });
        if (page.errors.length) console.log(name, width, scheme, page.errors);
        await page.context().close();
      } catch (error) {
        console.log(name, width, scheme, String(error).split("\n")[0]);
      }
    }
  }
}
await browser.close();
