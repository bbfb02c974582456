import { describe, expect, it } from "vitest";
import { read, same, write } from "./address";
import { bytes, clock, firstSentence, hex, middleOut, rate, sentence, span, visible } from "./format";
import { taken } from "./keys";
import { shortcut } from "./shortcuts";

describe("numbers in words", () => {
  it("shows a moment with its microseconds", () => {
    expect(clock(103_063_000)).toBe("103.063");
    expect(clock(0)).toBe("0.000");
    expect(clock(60_114_151_000)).toBe("60\u2009114.151");
  });
  it("shows a span in its unit", () => {
    expect(span(331_344)).toBe("331.3 µs");
    expect(span(33_038_128)).toBe("33 ms");
    expect(span(60e9)).toBe("60 s");
    expect(span(0)).toBe("0 ms");
  });
  it("shortens a name in its middle, so that ports stay told apart", () => {
    expect(middleOut("10.77.0.1:47864", 15)).toBe("10.77.0.1:47864");
    expect(middleOut("192.168.100.1:47864", 15)).toBe("192.1…0.1:47864");
    expect(middleOut("fe80::84ff:fe84:eb73", 15)).toHaveLength(15);
    expect(middleOut("192.168.100.1:47864", 15)).not.toBe(middleOut("192.168.100.1:47874", 15));
  });
  it("shows sizes and rates", () => {
    expect(bytes(1514)).toBe("1\u2009514 B");
    expect(bytes(65_535)).toBe("65.5 kB");
    expect(rate(100e6)).toBe("100 Mbit/s");
    expect(hex(10)).toBe("0a");
  });
});

describe("hostile text", () => {
  it("cannot turn the text around it, nor hide in it", () => {
    expect(visible("evil\u202egnp.exe")).toBe("evil⟨RLO⟩gnp.exe");
    expect(visible("a\u200bb\ufeff")).toBe("a⟨ZWSP⟩b⟨BOM⟩");
  });
  it("shows control characters as their pictures", () => {
    expect(visible("GET /\r\n\u0000\u001b[31m")).toBe("GET /␍␊␀␛[31m");
    expect(visible("\u0085\u007f")).toBe("⟨85⟩␡");
  });
  it("leaves other languages alone", () => {
    expect(visible("naïve 日本語 العربية <b>")).toBe("naïve 日本語 العربية <b>");
  });
});

describe("the address", () => {
  it("reopens what it was made of", () => {
    const place = { source: "https://www.example.com/?a=1&b=2#x", knobs: { rtt: "100ms", loss: "1%" }, packet: 17, field: "tcp.ack", panel: "graphs", mode: "time", view: "table", hops: true };
    expect(read(write(place))).toMatchObject(place);
  });
  it("holds a capture by its hash", () => {
    expect(read(write({ run: "c0ffee", packet: 3 }))).toMatchObject({ run: "c0ffee", source: null, packet: 3 });
  });
  it("holds the run that was kept as A", () => {
    const against = { source: "https", knobs: { rtt: "20ms" }, run: null };
    expect(read(write({ source: "https", knobs: { rtt: "100ms" }, against }))).toMatchObject({ knobs: { rtt: "100ms" }, against });
    expect(read(write({ source: "curl", against: { source: null, knobs: {}, run: "c0ffee" } })).against?.run).toBe("c0ffee");
    expect(read("#source=curl").against).toBeNull();
  });
  it("is the same in whatever order conditions are turned", () => {
    const made = (knobs: Record<string, string>) => ({ source: "curl", knobs, run: null });
    expect(same(made({ rtt: "1ms", loss: "1%" }), made({ loss: "1%", rtt: "1ms" }))).toBe(true);
    expect(same(made({ rtt: "1ms" }), made({ rtt: "2ms" }))).toBe(false);
    expect(same(made({}), { source: null, knobs: {}, run: "c1" })).toBe(false);
  });
  it("passes over what makes no sense", () => {
    expect(read("#packet=-3&nonsense&field=")).toMatchObject({ packet: null, source: null });
    expect(read("")).toMatchObject({ source: null, knobs: {} });
  });
});

describe("single keys", () => {
  const press = (key: string, more: object = {}, altGr = false) =>
    shortcut({ key, code: "", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, getModifierState: (name) => altGr && name === "AltGraph", ...more });
  it("are those of the keyboard, whatever it writes with Shift or AltGr", () => {
    expect(press("j")).toBe("j");
    // A German keyboard writes ; and : with Shift, and brackets with AltGr.
    expect(press(";", { shiftKey: true, code: "Comma" })).toBe("<");
    expect(press(":", { shiftKey: true, code: "Period" })).toBe(">");
    expect(press("[", { ctrlKey: true, altKey: true, code: "Digit8" }, true)).toBe("[");
  });
  it("leave the browser its own", () => {
    expect(press("f", { ctrlKey: true })).toBeNull();
    expect(press("p", { metaKey: true })).toBeNull();
    expect(press("k", { altKey: true })).toBeNull();
  });
  it("are left to what text is written in", () => {
    const input = document.createElement("input");
    expect(taken(input)).toBe(true);
    expect(taken(document.createElement("select"))).toBe(true);
    input.type = "range";
    expect(taken(input)).toBe(false);
    expect(taken(document.createElement("button"))).toBe(false);
  });
});

describe("messages", () => {
  it("are sentences", () => {
    expect(sentence("not a packet capture: it looks like text")).toBe("Not a packet capture: it looks like text.");
    expect(sentence("`33 parsecs` is not a duration")).toBe("`33 parsecs` is not a duration.");
    expect(sentence("The server does not answer.")).toBe("The server does not answer.");
    expect(sentence(null)).toBe("");
  });
});

describe("the first sentence", () => {
  it("ends where the next begins, not at a name's dot", () => {
    expect(firstSentence("A client asks https://www.example.com/. The TCP\nhandshake follows.")).toBe("A client asks https://www.example.com/.");
    expect(firstSentence("It asks for google.com\nby name. Then it waits.")).toBe("It asks for google.com by name.");
    expect(firstSentence("no full stop at all")).toBe("no full stop at all");
    expect(firstSentence("")).toBe("");
  });
});
