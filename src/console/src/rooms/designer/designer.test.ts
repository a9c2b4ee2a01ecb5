// What must hold beside the document: undo, differences, states on the canvas, a step alone, and which field a key gets.
import { expect, test } from "vitest";
import { loneStep, placeOf, readFlow, stepAtLine, stepLines, type Values } from "./model/flow";
import { hunks, lineDiff } from "./model/lines";
import { valueOf } from "./Inspector";
import { attemptsOf, statusesOf, type AttemptView, type TraceAnswer } from "./run";
import { knownOf, resolved, stepSchema, widgetOf } from "./SchemaForm";
import { aboutOf, TEMPLATES } from "./templates";
import { exampleOf } from "./TestPanel";
import { historyAfter } from "./useDesign";

test("what is typed in one go is undone in one go, and what was undone can be redone until something else is written", () => {
  const begin = { past: [], text: "a", future: [], topic: "", atMs: 0 };
  const one = historyAfter(begin, { kind: "change", text: "ab", topic: "typing", atMs: 1_000 });
  const two = historyAfter(one, { kind: "change", text: "abc", topic: "typing", atMs: 1_100 });
  const undone = historyAfter(two, { kind: "undo" });
  expect(undone.text).toBe("a");
  expect(historyAfter(undone, { kind: "redo" }).text).toBe("abc");
  const other = historyAfter(undone, { kind: "change", text: "x", topic: "", atMs: 1_200 });
  expect(historyAfter(other, { kind: "redo" }).text).toBe("x");
  expect(historyAfter(historyAfter(two, { kind: "change", text: "abcd", topic: "typing", atMs: 9_000 }), { kind: "undo" }).text).toBe("abc");
});

test("differences say both texts, and are few", () => {
  const before = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
  const after = "a\nb\nX\nd\ne\nf\ng\nh\ni\nj\n";
  const lines = lineDiff(before, after);
  expect(lines.filter((one) => one.kind !== "added").map((one) => one.text).join("\n")).toBe(before);
  expect(lines.filter((one) => one.kind !== "removed").map((one) => one.text).join("\n")).toBe(after);
  expect(lines.filter((one) => one.kind !== "kept").map((one) => one.kind + one.text)).toEqual(["removedc", "addedX", "addedj"]);
  expect(lineDiff("", "a").map((one) => one.kind)).toEqual(["removed", "added"]);
  expect(hunks(lineDiff(before, before))).toEqual([null]);
});

const attempt = (step: string, status: string, id = step): AttemptView => ({ id, step, status, input: null, output: null, error: null, startTime: 0, duration: 0, totalCost: 0 });

test("a step shows its last attempt; inside a map the item that most wants to be seen", () => {
  const all = [attempt("a", "ERROR"), attempt("a", "SUCCESS"), attempt("m/x", "ERROR"), attempt("m/x", "SUCCESS")];
  expect(statusesOf(all, []).get("a")).toEqual({ status: "SUCCESS", visits: 2 });
  expect(statusesOf(all, []).has("m/x")).toBe(false);
  expect(statusesOf(all, ["m"]).get("x")).toEqual({ status: "ERROR", visits: 2 });
});

test("problems and lines find their step", () => {
  expect(placeOf("/flow/steps/m/map/body/steps/x/llm/prompt")).toEqual({ level: ["m"], step: "x", edge: null });
  expect(placeOf("/flow/edges/3/when")).toEqual({ level: [], step: null, edge: 3 });
  const lines = stepLines("flow: a\nsteps:\n  one: {set: {a: '1'}}\n  # b\n  two:\n    end: {}\n", []);
  expect(lines).toEqual([{ id: "one", line: 3 }, { id: "two", line: 5 }]);
  expect(stepAtLine(lines, 6)).toBe("two");
  expect(stepAtLine(lines, 1)).toBeNull();
});

test("a step alone has pinned steps before it and nothing after it", () => {
  const root = readFlow("flow: a\nsteps:\n  one: {llm: {prompt: x}}\n  two: {set: {y: steps.one.output}, join: any}\n  three: {end: {}}\nedges: [{from: one, to: two}, {from: two, to: three}]\noutput: steps.three.output\n").root as Values;
  expect(loneStep(root, "two", { one: "pinned" })).toEqual({
    flow: "a",
    start: "one",
    steps: { one: { builtin: "noop", sandbox: { output: "pinned" } }, two: { set: { y: "steps.one.output" } } },
    edges: [{ from: "one", to: "two" }],
  });
});

test("fields suit their keys; examples suit their schemas", () => {
  const llm = resolved(stepSchema().properties?.["llm"]);
  const key = (name: string, value?: unknown) => widgetOf(name, resolved(llm.properties?.[name]), value);
  expect([key("prompt"), key("temperature"), key("model"), key("output"), key("prompt", 3)]).toEqual(["template", "number", "text", "yaml", "yaml"]);
  const step = stepSchema();
  const ofStep = (name: string, value?: unknown) => widgetOf(name, resolved(step.properties?.[name]), value);
  expect([ofStep("effect"), ofStep("join", { n: 2 }), ofStep("retry"), ofStep("visits")]).toEqual(["choice", "yaml", "fields", "number"]);
  expect(exampleOf({ type: "object", required: ["a"], properties: { a: { type: "string" }, b: { type: "number" } } })).toEqual({ a: "text" });
});

test("a template says of itself what its file begins with", async () => {
  expect(TEMPLATES.length).toBeGreaterThan(5);
  for (const one of TEMPLATES) {
    const { title, says } = aboutOf(await one.load());
    expect(title).not.toBe("");
    expect(says.length).toBeGreaterThan(20);
  }
  expect(aboutOf("flow: a\n")).toEqual({ title: "", says: "" });
});

test("a name has the value of the execution that is shown, and nothing that is not its own", () => {
  const ran = [{ ...attempt("order", "SUCCESS"), output: { total: 4, nested: { a: null } } }, { ...attempt("order", "RUNNING", "order#2"), output: null }];
  expect(valueOf("steps.order.output.total", ran, null)).toBe(4);
  expect(valueOf("input.message", ran, { message: "Hi" })).toBe("Hi");
  expect(valueOf("steps.order.output.constructor", ran, null)).toBeUndefined();
  expect(valueOf("steps.other.output", ran, null)).toBeUndefined();
  expect(valueOf("config.url", ran, null)).toBeUndefined();
});

test("a step that runs waits while the whole execution does", () => {
  const trace = (status: string) => ({ status, trace: { traces: [{ id: "a#1.1", displayName: "a", status: "UNSPECIFIED", state: "running", startTime: 0, duration: 0 }] } }) as unknown as TraceAnswer;
  expect(attemptsOf(trace("WAITING_FOR_HUMAN")).map((one) => one.status)).toEqual(["WAITING"]);
  expect(attemptsOf(trace("IN_PROGRESS")).map((one) => one.status)).toEqual(["RUNNING"]);
});

test("models are suggested wherever one is named, agents where one is started", () => {
  expect([knownOf("model", "llm"), knownOf("model", "defaults"), knownOf("agent", "flow"), knownOf("agent", "llm"), knownOf("prompt", "llm")]).toEqual(["models", "models", "agents", null, null]);
});
