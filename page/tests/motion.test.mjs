// Whoever asks for less motion sees none: nothing is animated, and what plays goes from packet to packet. Each check is shown to find motion.
import assert from "node:assert/strict";
import { journey, shows, unfold, withBrowser } from "./browser.mjs";

withBrowser();

/** Whatever is animated, changes little by little or scrolls smoothly, wherever it stands. */
const moving = (page) => page.evaluate(() => {
  const found = document.getAnimations().map((one) => `${one.constructor.name} of ${one.effect?.target?.className}`);
  for (const element of document.querySelectorAll("*")) {
    for (const part of [null, "::before", "::after", "::backdrop"]) {
      const style = getComputedStyle(element, part);
      const what = [
        style.animationName !== "none" && "animation",
        style.transitionDuration.split(", ").some((time) => time !== "0s") && "transition",
        style.scrollBehavior === "smooth" && "smooth scrolling",
      ].filter(Boolean);
      if (what.length) found.push(`${what.join(", ")} at ${element.tagName.toLowerCase()}.${element.className}${part ?? ""}`);
    }
  }
  for (const element of document.querySelectorAll("animate, animateTransform, animateMotion, set, marquee")) found.push(element.tagName);
  return found;
});

/** Holds what the server is asked for, so that the page goes on being busy. */
const held = (page) => page.route("**/api/run", () => {});
const ask = async (page) => {
  await page.fill(".source input[type=text]", "http://10.0.2.10/slow");
  await page.keyboard.press("Enter");
  await page.locator(".working").waitFor({ state: "attached" });
};

journey("where less motion is wanted nothing is animated, in any panel, dialog or wait", "#source=https&packet=9&field=tcp.window", {}, async (page) => {
  const still = async (what) => assert.deepEqual(await moving(page), [], what);
  await still("arrival");
  for (const tab of await page.$$eval("[role=tab]", (tabs) => tabs.map((tab) => tab.id))) {
    await page.locator(`#${tab}`).click();
    await still(tab);
  }
  for (const name of ["true time", "every hop", "Table", "Conditions", "Tour", "Ask me"]) {
    await page.getByRole("button", { name, exact: true }).click();
    await still(name);
  }
  await page.getByRole("button", { name: "Close the tour" }).click();
  for (const name of ["Help and keyboard", "Share and export"]) {
    await page.getByRole("button", { name, exact: true }).click();
    await page.locator("dialog[open]").waitFor();
    await still(name);
    await page.keyboard.press("Escape");
  }
  await page.evaluate(() => {
    const files = new DataTransfer();
    files.items.add(new File(["x"], "x.pcap"));
    window.dispatchEvent(new DragEvent("dragover", { dataTransfer: files, cancelable: true }));
  });
  await page.locator(".drop").waitFor();
  await still("files to be dropped");
  await held(page);
  await ask(page);
  await still("waiting for the server");
  await page.setViewportSize({ width: 320, height: 900 });
  await unfold(page);
  await still("a narrow window");

  // What would be found: an animation by script, a transition by style, one of an element that does not exist yet.
  await page.evaluate(() => {
    document.querySelector("h1").animate([{ opacity: 0 }, { opacity: 1 }], { duration: 1e6 });
    document.querySelector(".now").style.setProperty("transition", "all 1s", "important");
  });
  const found = (await moving(page)).join("\n");
  assert.match(found, /Animation of/);
  assert.match(found, /transition at p\.now/);
});

journey("without that wish, waiting is seen to move", "#source=curl", { motion: "no-preference" }, async (page) => {
  await held(page);
  await ask(page);
  assert.match((await moving(page)).join("\n"), /animation at div\.working/);
});

/** Plays until `steps` more packets were shown, and returns what was seen at each frame: the packet, and everything that shows the moment. */
const played = (page, steps) => page.evaluate((steps) => new Promise((done) => {
  const place = (selector) => document.querySelector(selector)?.getBoundingClientRect();
  const drawn = (selector) => document.querySelector(selector)?.toDataURL();
  const frames = [];
  const numbers = new Set();
  const look = () => {
    const number = document.querySelector("input[type=range][aria-label=Moment]").getAttribute("aria-valuetext").match(/packet (\d+)/)[1];
    numbers.add(number);
    frames.push([number, document.querySelector(".now .time").textContent, place(".present").left, place(".waterfall .moment")?.left, [...document.querySelectorAll(".phases .done")].map((e) => e.style.width), drawn(".ladder canvas"), drawn(".strip canvas")].join(" "));
    if (numbers.size > steps || !document.querySelector("[aria-label=Pause]")) done({ frames: frames.length, numbers: numbers.size, looks: new Set(frames).size });
    else requestAnimationFrame(look);
  };
  document.querySelector("[aria-label=Play]").click();
  requestAnimationFrame(() => requestAnimationFrame(look));
}), steps);

const PLAYED = "#source=curl&packet=1&panel=waterfall&mode=time";

journey("where less motion is wanted, playing steps: between two packets nothing moves", PLAYED, {}, async (page) => {
  await page.locator(".waterfall .moment").first().waitFor();
  const seen = await played(page, 5);
  assert.ok(seen.numbers > 5, `${seen.numbers} packets were shown`);
  assert.ok(seen.frames > seen.numbers, "a packet is shown for longer than a frame");
  assert.equal(seen.looks, seen.numbers, "there is one picture a packet");
  // It plays to the end, and stops there.
  await page.locator("[aria-label=Play]").waitFor();
  await shows(page, 11);
});

journey("without that wish it glides", PLAYED, { motion: "no-preference" }, async (page) => {
  await page.locator(".waterfall .moment").first().waitFor();
  const seen = await played(page, 3);
  assert.ok(seen.looks > 2 * seen.numbers, `${seen.looks} pictures of ${seen.numbers} packets`);
});
