// Questions that a reader brings, each answered within three actions from landing: a click, a key, or a text with Enter is one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, shows, withBrowser } from "./browser.mjs";

const browser = withBrowser();

function question(ask, answer) {
  test(ask, { timeout: 600_000 }, async () => {
    const page = await open(browser());
    let actions = 0;
    const hand = {
      click: (locator) => (actions++, locator.click()),
      hover: (locator) => (actions++, locator.hover()),
      press: (key) => (actions++, page.keyboard.press(key)),
      choose: (locator, value) => (actions++, locator.selectOption(value)),
      type: async (text) => {
        actions++;
        await page.keyboard.type(text);
        await page.keyboard.press("Enter");
      },
      row: (n) => hand.click(page.locator(`#row-${n - 1} .text, #row-${n - 1}`).first()),
      tab: (name) => hand.click(page.locator(`#tab-${name}`)),
    };
    try {
      await answer(page, hand);
      assert.ok(actions <= 3, `${actions} actions`);
      assert.deepEqual(page.errors, []);
    } finally {
      await page.context().close();
    }
  });
}

/** Waits until an element says that. */
async function says(page, selector, pattern) {
  await page.waitForFunction(([selector, source]) => new RegExp(source, "i").test(document.querySelector(selector)?.textContent ?? ""), [selector, pattern.source], { timeout: 120_000 }).catch(() => {});
  assert.match(await page.locator(selector).first().textContent(), new RegExp(pattern.source, "i"));
}
const scenario = (page) => page.getByRole("combobox", { name: "Scenario", exact: true });

question("Which packet completed the handshake for the server?", async (page) => {
  const step = page.locator(".end.server .history li", { hasText: "ESTABLISHED" });
  await step.waitFor();
  assert.match(await step.textContent(), /packet 3$/);
});
question("Why was packet 9 sent?", async (page, hand) => {
  await hand.press("g");
  await hand.type("9");
  await shows(page, 9);
  await says(page, ".inspector details:last-of-type", /asks for|opens|user|request/);
});
question("What did NAT change?", async (page, hand) => {
  await hand.choose(scenario(page), "browser");
  await page.locator("#tab-dns").waitFor();
  await hand.tab("hops");
  await hand.click(page.locator("[role=option]", { hasText: "asks for a connection" }).first());
  await says(page, ".hops", /home-router.*IPv4\s+Source.*192\.168\.1\.100.*NAT table/);
});
question("Where did the 66 ms go?", async (page, hand) => {
  await hand.tab("waterfall");
  await says(page, ".waterfall table", /TCP\s*66 ms\s*1\.00 of 66 ms/);
});
question("Which bytes are the session ticket?", async (page, hand) => {
  await hand.row(10);
  await shows(page, 10);
  await hand.click(page.getByRole("group", { name: "Bytes to look at" }).getByRole("button", { name: /new_session_ticket/ }).first());
  await hand.hover(page.locator("[data-id='tls.ext.session_ticket.ticket']").first());
  assert.ok((await page.locator(".hex .byte.lit").count()) === 32);
  await says(page, ".card", /ticket/);
});
question("What would one lost packet have cost?", async (page, hand) => {
  await hand.row(9);
  await shows(page, 9);
  await hand.click(page.getByRole("button", { name: /What if this packet were lost/ }));
  await says(page, ".compare .sentences", /ms later|ms longer/);
});
question("From which number does the client count, and which bytes say so?", async (page, hand) => {
  await hand.hover(page.locator("[data-id='tcp.seq']"));
  await says(page, ".card", /100/);
  assert.deepEqual(await page.$$eval(".hex .byte.lit", (bytes) => bytes.map((b) => Number(b.dataset.byte))), [38, 39, 40, 41]);
});
question("Which cipher suite was agreed on?", async (page, hand) => {
  await hand.tab("waterfall");
  await says(page, ".waterfall", /TLS 1\.3, TLS_(AES|CHACHA20)/);
});
question("Who waits after the close, and for how long?", async (page, hand) => {
  await hand.tab("waterfall");
  await says(page, ".waterfall", /TIME-WAIT\s*60 s\s*at (client|server)/);
});
question("What does PSH mean?", async (page, hand) => {
  await hand.row(9);
  await shows(page, 9);
  await hand.hover(page.locator("[data-id='tcp.psh']").first());
  await says(page, ".card", /RFC 9293/);
});
question("What did the encrypted response say?", async (page, hand) => {
  await hand.row(11);
  await shows(page, 11);
  await hand.click(page.getByRole("group", { name: "Bytes to look at" }).getByRole("button", { name: /HTTP response/ }));
  await says(page, "[role=tree]", /200/);
});
question("Who was asked for the name's address, and in which order?", async (page, hand) => {
  await hand.choose(scenario(page), "lifecycle");
  await page.locator("#tab-dns").waitFor();
  await hand.tab("dns");
  await says(page, "#panel", /resolver.*root-dns.*tld-dns.*auth-dns/);
});
question("What would TLS 1.2 have cost?", async (page, hand) => {
  await hand.click(page.getByRole("button", { name: "Keep as A" }));
  await hand.click(page.getByRole("button", { name: "Conditions" }));
  await hand.choose(page.locator("#knob-tls"), "1.2");
  await says(page, ".compare .sentences", /round trip.*TLS/);
});
