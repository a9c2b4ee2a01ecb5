// What must hold of reading metrics, and of what is typed.
import { expect, test } from "vitest";
import { amountOf, thresholdsOf } from "./BudgetsRoom";
import { daysOf } from "./Retention";
import { slowest } from "./SlowSteps";
import { parse, rate, spreads, total, type Reading } from "./metrics";

const reading = (atMs: number, text: string): Reading => ({ atMs, samples: parse(text) });

test("lines are read with their labels", () => {
  const samples = parse('# HELP x y\nx_total{operation="a \\"b\\"",status="500"} 3\nplain 1.5e3\nnonsense\n');
  expect(samples).toEqual([
    { name: "x_total", labels: { operation: 'a "b"', status: "500" }, value: 3 },
    { name: "plain", labels: {}, value: 1500 },
  ]);
});

test("a rate survives a new start of the server", () => {
  const before = reading(0, "a_total 100");
  expect(rate(before, reading(10_000, "a_total 150"), "a_total")).toBe(5);
  expect(rate(before, reading(10_000, "a_total 20"), "a_total")).toBe(2);
  expect(rate(before, reading(10_000, "b_total 20"), "a_total")).toBeUndefined();
  expect(rate(undefined, before, "a_total")).toBeUndefined();
});

test("what is not there is not nothing", () => {
  expect(total(reading(0, "a 0"), "b")).toBeUndefined();
  expect(total(reading(0, 'a{s="500"} 1\na{s="200"} 7'), "a", (labels) => labels["s"] === "500")).toBe(1);
});

test("a histogram gives times", () => {
  const text = ['d_sum{operation="x"} 2', 'd_count{operation="x"} 10', 'd_bucket{le="0.1",operation="x"} 5', 'd_bucket{le="0.2",operation="x"} 9', 'd_bucket{le="+Inf",operation="x"} 10'].join("\n");
  const [one] = spreads(reading(0, text), "d", "operation");
  expect(one).toMatchObject({ key: "x", count: 10, meanMs: 200, p99Ms: null });
  expect(one?.p90Ms).toBeCloseTo(200);
});

test("days, amounts and percents are what they say, or refused", () => {
  expect([daysOf(" 30 "), daysOf(""), daysOf("0"), daysOf("1.5"), daysOf("x")]).toEqual([30, null, undefined, undefined, undefined]);
  expect([amountOf("0.50"), amountOf("25"), amountOf("-1"), amountOf("1e3"), amountOf("")]).toEqual([0.5, 25, undefined, undefined, undefined]);
  expect(thresholdsOf("100 %, 50, 50")).toEqual([50, 100]);
  expect(thresholdsOf("half")).toBeUndefined();
});

test("slow steps are those whose time it was, the slowest first", () => {
  const one = (step: string, type: string, durationMsP95: number) => ({ agentId: "a", step, kind: "", type, ended: 1, failed: 0, repeated: 0, durationMsP50: 1, durationMsP95, totalDurationMs: durationMsP95, slowestExecutionId: "e", slowestAttemptId: "s", slowestDurationMs: 1 });
  const all = [one("ask", "HITL", 900_000), one("judge", "FLOW_STEP", 8_000), one("judge/model", "LLM_STEP", 7_000), one("pay", "TOOL", 7_500)];
  expect(slowest(all, "calls").map((each) => each.step)).toEqual(["pay", "judge/model"]);
  expect(slowest(all, "HITL").map((each) => each.step)).toEqual(["ask"]);
});
