// What must hold of format.
import { expect, test } from "vitest";
import { bytes, count, duration, money, percent, relativeTime } from "./format";

test.each([
  [0, "0 ms"], [999, "999 ms"], [1_000, "1.0 s"], [9_949, "9.9 s"], [9_950, "10 s"], [59_900, "59 s"], [60_000, "1 min"], [125_000, "2 min 5 s"],
  [7_200_000, "2 h"], [187_200_000, "2 d 4 h"],
])("%d ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

test.each([[0, "$0"], [12.5, "$12.50"], [0.1, "$0.10"], [0.034, "$0.034"], [0.000034, "$0.000034"], [0.0000004, "< $0.000001"], [1234.5, "$1,234.50"]])("%d dollars are %s", (usd, text) =>
  expect(money(usd)).toBe(text),
);

test("times are told from both sides", () => {
  expect(relativeTime(0, 240_000)).toBe("4 min ago");
  expect(relativeTime(7_200_000, 0)).toBe("in 2 h");
  expect(relativeTime(1_000, 2_000)).toBe("just now");
});

test("large numbers are short", () => {
  expect([count(9_999), count(12_400), count(3_100_000)]).toEqual(["9,999", "12.4k", "3.1M"]);
  expect([bytes(999), bytes(1_500), bytes(35_943_231_488)]).toEqual(["999 B", "1.5 kB", "35.9 GB"]);
  expect([percent(1), percent(0.034), percent(0)]).toEqual(["100 %", "3.4 %", "0 %"]);
});
