// What must hold of text.
import { expect, test } from "vitest";
import { hasHidden, pieces, spelled } from "./text";

test("what cannot be seen is named, and everything else stays", () => {
  expect(pieces("pay \u202e100\u202c")).toEqual([
    { text: "pay ", hidden: null },
    { text: "\u202e", hidden: "RLO" },
    { text: "100", hidden: null },
    { text: "\u202c", hidden: "PDF" },
  ]);
  const text = "a\u200bb\x1b[31m\u{e0041}é\n\tß 日本 😀";
  expect(pieces(text).map((piece) => piece.text).join("")).toBe(text);
  expect(pieces(text).flatMap((piece) => piece.hidden ?? [])).toEqual(["ZWSP", "ESC", "U+E0041"]);
});

test("where only a string goes, what cannot be seen is spelled", () => {
  expect(spelled("pay \u202e100\u202c now")).toBe("pay [RLO]100[PDF] now");
});

test("plain text hides nothing", () => {
  expect(hasHidden("Grüße, 世界\n\tend")).toBe(false);
});
