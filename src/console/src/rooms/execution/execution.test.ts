// What must hold of executions: their filters, their tree, their times, why they do not move, and what is copied of them.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "../../api/client";
import { filterOf } from "./BulkCancel";
import { callCurl, quoted } from "./curl";
import { below, changedParameters } from "./Dialogs";
import { countOf, listQuery } from "./filters";
import { compensated } from "./flow";
import { failedAt, isOpen, linesShown, openedTo, partsOf, siblingsOf, statesAt, stepOf, timesOf, treeOf, type Record_, type Step } from "./model";
import { busySpans, folded, straight } from "./scale";
import { marksOf, ticksOf } from "./Timeline";
import { merged } from "./useAttempts";
import { entryPlace, entryText, whyOf } from "./words";
import { FakeSource } from "../../api/fakeSource";

test("the address becomes the server's filters, and nothing that it would refuse", () => {
  const query = new URLSearchParams("status=FAILED,NONSENSE&label=team%3Dpost+broken&agentRevision=2,x&longer=1.5&since=hour&origin=TEST&participantId=ana,+ben&hasToolCalls=true&triggerId=t-1");
  expect(listQuery(query, 3_690_500, "staging")).toMatchObject({ status: ["FAILED"], label: ["team=post"], agentRevision: ["2"], minDurationMs: 1500, startTime: 60_000, origin: "TEST", participantId: ["ana", "ben"], environment: "staging", hasToolCalls: true, triggerId: "t-1" });
  expect(countOf(query)).toBe(9);
  expect(listQuery(new URLSearchParams(), 0, null)).toMatchObject({ status: [], startTime: undefined, endTime: undefined, minDurationMs: undefined, hasToolCalls: undefined });
});

test("a day of the calendar is a time for the server, and the last one counts whole", () => {
  const { startTime, endTime } = listQuery(new URLSearchParams("from=2026-11-02&to=2026-11-03&since=hour&shorter=2"), 0, null) as { startTime: number; endTime: number };
  expect(startTime).toBe(new Date(2026, 10, 2).getTime());
  expect(endTime).toBe(new Date(2026, 10, 4).getTime());
});

function step(id: string, more: Partial<Step> = {}): Step {
  return { id, displayName: partsOf(id).name, type: "TOOL", kind: "http", input: null as unknown as Step["input"], parentId: null, childExecutionId: null, steps: [], result: null, status: "SUCCESS", state: "completed", startTime: 1_000, endTime: 2_000, duration: 1_000, inputTokens: 0, outputTokens: 0, totalCost: 0, checks: [], ...more };
}

test("an attempt's name says where it is", () => {
  expect(partsOf("draft#2.3")).toEqual({ container: "", name: "draft", visit: 2, attempt: 3, item: null, turn: null });
  expect(partsOf("each#2[4]/look#1.2")).toMatchObject({ container: "each#2[4]", name: "look", item: 4, turn: null, attempt: 2 });
  expect(partsOf("triage#1@2[0]/give_credit#1.1")).toMatchObject({ item: null, turn: "2" });
  expect(partsOf("write#1@cycle2/fits#1.1")).toMatchObject({ name: "fits", turn: "cycle2" });
  expect(stepOf("each#2[4]/inner[1]/add#3.1")).toBe("each/inner/add");
  expect(stepOf("triage#1.2@2[0]/give_credit#1.1")).toBe("triage/give_credit");
});

const map = (items: number) => {
  const inside = Array.from({ length: items }, (_, at) => [step(`each[${at}]/look#1.1`, { startTime: 10 + at, endTime: 20 + at, totalCost: 1 }), step(`each[${at}]/keep#1.1`, { type: "FLOW_STEP", startTime: 20 + at, endTime: at === 1 ? 0 : 30 + at, state: at === 1 ? "failed" : "completed" })]).flat();
  return [step("each#1.1", { type: "FLOW_STEP", state: "running", endTime: 0 }), ...inside.map((one) => ({ ...one, parentId: "each#1.1" }))];
};

test("what belongs to an item stands below the item", () => {
  const tree = treeOf([step("begin#1.1"), ...map(3)]);
  const each = tree.byId.get("each#1.1");
  expect(each?.lines.map((line) => line.id)).toEqual(["each[0]", "each[1]", "each[2]"]);
  expect(tree.byId.get("each[1]")).toMatchObject({ status: "ERROR", startMs: 11, endMs: 0, costUsd: 1, work: "item" });
  expect(tree.byId.get("each[1]/look#1.1")?.step).toBe("each/look");
  expect(each?.costUsd).toBe(3);
  expect(tree.attempts).toHaveLength(8);
  expect(linesShown(tree, { turned: new Set(), text: "", only: "" }).map((line) => line.depth)).toEqual([0, 0, 1, 2, 2, 1, 2, 2, 1, 2, 2]);
});

test("a map of thousands stands closed until what is in it is chosen", () => {
  const tree = treeOf(map(2_000));
  expect(linesShown(tree, { turned: new Set(), text: "", only: "" })).toHaveLength(1);
  const turned = openedTo(tree, "each[7]/keep#1.1", new Set());
  expect(linesShown(tree, { turned, text: "", only: "" }).some((line) => line.id === "each[7]/keep#1.1")).toBe(true);
  const item = tree.byId.get("each[8]");
  expect(item && isOpen(item, turned)).toBe(false);
  expect(linesShown(tree, { turned, text: "", only: "failed" }).map((line) => line.id)).toEqual(["each[1]/keep#1.1"]);
});

test("a step in the graph is as its last attempt; in a map as the worst item", () => {
  const tree = treeOf([step("call#1.1", { state: "failed" }), step("call#1.2"), step("call#2.1", { state: "running", endTime: 0 }), ...map(3)]);
  expect(statesAt(tree, []).get("call")).toEqual({ status: "RUNNING", visits: 3 });
  expect(statesAt(tree, ["each"]).get("look")).toEqual({ status: "SUCCESS", visits: 3 });
  expect(statesAt(tree, ["each"]).get("keep")).toEqual({ status: "ERROR", visits: 3 });
  const [first] = tree.attempts;
  expect(first && siblingsOf(tree, first).map((line) => line.id)).toEqual(["call#1.1", "call#1.2", "call#2.1"]);
});

test("what takes a step back is told apart from the step", () => {
  const tree = treeOf([...map(3), step("undo/each[1]/look#1.1")]);
  const undo = tree.byId.get("undo/each[1]/look#1.1");
  expect(undo && marksOf(undo, false)).toEqual(["takes back [1]"]);
  expect(statesAt(tree, ["each"]).get("look")?.visits).toBe(3);
});

test("it failed with what no other try made good", () => {
  const bad = { state: "failed", error: "503" };
  expect(failedAt(treeOf([step("a#1.1", bad), step("b#1.1", bad), step("b#1.2"), step("undo/c#1.1", bad)]))?.id).toBe("a#1.1");
  expect(failedAt(treeOf([step("b#1.1", bad), step("b#1.2")]))).toBeNull();
  const agent = (own: object) => treeOf([step("agent#1.1", { type: "FLOW_STEP", ...own }), step("agent#1@1[0]/tool#1.1", { ...bad, parentId: "agent#1.1" })]);
  expect(failedAt(agent({}))).toBeNull();
  expect(failedAt(agent(bad))?.id).toBe("agent#1@1[0]/tool#1.1");
});

test("what ran at once counts once", () => {
  const tree = treeOf([step("a#1.1", { startTime: 100, endTime: 300 }), step("b#1.1", { startTime: 200, endTime: 400 }), step("c#1.1", { type: "HITL", startTime: 400, endTime: 0 }), step("d#1.1", { type: "LLM_STEP", startTime: 0, endTime: 0 })]);
  expect(timesOf(tree, 1_000)).toEqual({ model: 0, tool: 300, person: 600 });
});

test("hours of waiting are drawn short, and places and moments belong together", () => {
  const hour = 3_600_000;
  const tree = treeOf([step("a#1.1", { startTime: 0 + 1, endTime: 1_000 }), step("ask#1.1", { type: "HITL", startTime: 1_000, endTime: hour }), step("b#1.1", { startTime: hour, endTime: hour + 1_000 })]);
  const scale = folded(1, hour + 1_000, busySpans(tree, hour + 1_000));
  expect(scale.folds).toHaveLength(1);
  expect(scale.at(1_000)).toBeGreaterThan(0.4);
  expect(scale.at(hour)).toBeLessThan(0.6);
  for (const moment of [1, 500, 1_000, hour / 2, hour, hour + 700]) expect(scale.momentAt(scale.at(moment))).toBeCloseTo(moment, -1);
  // However often it waited, the work takes half of the line.
  const often = Array.from({ length: 50 }, (_, at): [number, number] => [at * hour, at * hour + 10]);
  const share = often.reduce((sum, [from, to]) => sum + folded(0, 50 * hour, often).at(to) - folded(0, 50 * hour, often).at(from), 0);
  expect(share).toBeGreaterThan(0.5);
  expect(straight(0, 100).at(25)).toBe(0.25);
  expect(folded(0, 0, []).at(0)).toBe(0);
});

test("what is shown of a part says so, and what changed stands in its place", () => {
  const tree = treeOf([step("a#1.1", { state: "running", endTime: 0 })], 3);
  expect(tree).toMatchObject({ isWhole: false, total: 3 });
  expect(whyOf(record({}), tree, 0)?.says).toBe("It is under way");
  const known = [step("a#1.1", { endTime: 0 }), step("b#1.1")];
  expect(merged(known, [], true)).toBe(known);
  const changed = [step("a#1.1", { endTime: 9 }), step("c#1.1")];
  expect(merged(known, changed, true).map((one) => [one.id, one.endTime])).toEqual([["a#1.1", 9], ["b#1.1", 2_000], ["c#1.1", 2_000]]);
  // What comes with its page is not taken twice.
  expect(merged(known, changed, false).map((one) => one.id)).toEqual(["a#1.1", "b#1.1"]);
});

const record = (more: Partial<Record_>) => ({ status: "IN_PROGRESS", paused: false, waitingFor: null, endTime: null, ...more }) as Record_;
const waits = (kind: string) => ({ kind, displayName: "Refund?", childCount: 0, signals: [], executions: [], waitingSince: 0 });

test("why it does not move, in one sentence", () => {
  const open = treeOf([step("ask#1.1", { type: "LLM_STEP", state: "running", startTime: 1_000, endTime: 0 })]);
  expect(whyOf(record({}), open, 6_000)?.says).toBe("A model has been asked for 5.0 s");
  expect(whyOf(record({ waitingFor: waits("APPROVAL") }), open, 0)).toMatchObject({ tone: "waiting", says: "A person has to decide", quotes: "Refund?" });
  expect(whyOf(record({ waitingFor: waits("SOMETHING_NEW") }), null, 0)?.says).toBe("It waits");
  expect(whyOf(record({ paused: true, waitingFor: waits("APPROVAL") }), open, 0)?.says).toBe("A person holds it");
  expect(whyOf(record({ quarantined: { reason: "broken", actions: [] } }), null, 0)).toMatchObject({ tone: "doubt", quotes: "broken" });
  expect(whyOf(record({}), treeOf([step("call#1.1", { state: "failed", error: "503" })]), 0)).toMatchObject({ says: "It tries again after a pause", quotes: "503" });
  expect(whyOf(record({}), treeOf([]), 0)?.says).toContain("its turn");
  expect(whyOf(record({ endTime: 5 }), null, 0)).toBeNull();
});

test("an entry of the journal says where and what", () => {
  const entry = { seq: 5, at: 1, event: { event: "call_started", call: 3, place: { frame: 2, step: "pay" }, attempt: 1, request: { a: 1 } } };
  expect(entryPlace(entry)).toBe("pay · call 3 · frame 2");
  expect(entryText(entry)).toBe('{"request":{"a":1}}');
});

test("what is copied stays one word of the shell, whatever a model wrote", () => {
  expect(quoted("it's $(rm -rf ~) `x`")).toBe(`'it'\\''s $(rm -rf ~) \`x\`'`);
  expect(quoted("a\u001b[201~\nrm 'x' \u202e")).toBe("$'a\\x1b[201~\\nrm \\'x\\' \\u202e'");
  const call = callCurl({ method: "POST", url: "https://shop.example/a?b=1", query: { q: "x y" }, headers: { Authorization: "Bearer ••••" }, body: { note: "it's" } });
  expect(call).toBe(`curl --globoff -X 'POST' --url 'https://shop.example/a?b=1&q=x+y' \\\n  -H 'Authorization: Bearer '"$SECRET" \\\n  -H 'content-type: application/json' \\\n  --data-raw '{"note":"it'\\''s"}'`);
  expect(callCurl({ text: "a child's input" })).toBeNull();
});

test("a cancel touches what stands below, and a new start sends only what was changed", () => {
  const node = (id: string, parent: string | null) => ({ id, parentExecutionRecordId: parent }) as Schemas["Node"];
  expect(below([node("root", null), node("me", "root"), node("child", "me"), node("other", "root"), node("grandchild", "child")], "me").map((one) => one.id)).toEqual(["child", "grandchild"]);
  expect(changedParameters({ a: 1, b: { c: [2] }, d: null }, { a: 1, b: { c: [3] }, d: null, e: 4 })).toEqual({ b: { c: [3] }, e: 4 });
  expect(compensated({ steps: { pay: { http: {}, compensate: {} }, each: { map: { body: { steps: { hold: { compensate: {} }, look: {} } } } } } })).toEqual(new Set(["pay", "each/hold"]));
});

test("the filters of a list say what is cancelled", () => {
  expect(filterOf(listQuery(new URLSearchParams("status=FAILED&agentRevision=2&since=&label=a%3Db"), 0, null))).toEqual({ status: ["FAILED"], agentRevision: [2], label: ["a=b"] });
});

beforeEach(() => {
  FakeSource.made = [];
  vi.stubGlobal("EventSource", FakeSource);
});
afterEach(() => vi.unstubAllGlobals());

test("the journal comes in parts, goes on behind the last one, and takes what comes live", async () => {
  const { act, renderHook, waitFor } = await import("@testing-library/react");
  const { PART, useJournal } = await import("./useJournal");
  const { result } = renderHook(() => useJournal("x/events", 0));
  const say = (seq: number) => FakeSource.made.at(-1)?.say("journal", { seq, at: seq, event: { event: "e" } }, `${seq}.0`);
  expect(FakeSource.made[0]?.url).toBe("x/events?journal=true");
  act(() => {
    for (let seq = 0; seq < PART + 20; seq += 1) say(seq);
  });
  expect(result.current.entries).toHaveLength(PART);
  expect(result.current.hasMore).toBe(true);
  expect(FakeSource.made[0]?.isClosed).toBe(true);
  act(() => result.current.more());
  expect(FakeSource.made[1]?.url).toBe(`x/events?journal=true&after=${PART - 1}.0`);
  act(() => say(PART));
  await waitFor(() => expect(result.current.entries).toHaveLength(PART + 1));
  expect(result.current.hasMore).toBe(false);
  act(() => say(PART + 1));
  await waitFor(() => expect(result.current.entries).toHaveLength(PART + 2));
});

test("an execution is read again when its stream says that something happened, and not while it is being read", async () => {
  const { act, renderHook, waitFor } = await import("@testing-library/react");
  const { useExecution } = await import("./useExecution");
  let status = "IN_PROGRESS";
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    const isOver = status === "COMPLETED";
    const body = url.includes("/attempts") ? { items: url.includes("since") && !isOver ? [] : [step("a#1.1", { state: isOver ? "completed" : "running" })], nextPageToken: null, total: 1, seq: isOver ? 12 : 10 } : { status, endTime: null };
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
  });
  const readings = () => asked.filter((url) => url.includes("/attempts")).length;
  const { result } = renderHook(() => useExecution({ tenant: "t", agent: "a", execution: "e" }));
  await waitFor(() => expect(result.current.attempts.data).toBeDefined());
  await waitFor(() => expect(FakeSource.made.at(-1)?.url).toContain("snapshot=true"));
  act(() => FakeSource.made.at(-1)?.say("snapshot", { seq: 9 }));
  // From the last entry on: what happened between the reading and the stream is not missed.
  expect(FakeSource.made.at(-1)?.url).toContain("journal=true&after=7.0");
  const before = readings();
  status = "COMPLETED";
  act(() => {
    for (let at = 0; at < 50; at += 1) FakeSource.made.at(-1)?.say("journal", {}, `${at}.0`);
    FakeSource.made.at(-1)?.say("text", { chunk: "Hel" }, "50.1");
    FakeSource.made.at(-1)?.say("text", { chunk: "lo" }, "50.1.3");
  });
  expect(result.current.text).toBe("Hello");
  await waitFor(() => expect(result.current.isOver).toBe(true), { timeout: 10_000 });
  await waitFor(() => expect(result.current.attempts.data?.steps[0]?.state).toBe("completed"), { timeout: 10_000 });
  expect(readings() - before).toBeLessThan(5);
  expect(FakeSource.made.at(-1)?.isClosed).toBe(true);
});

test("the first attempts come at once, the others in pages, and then only what changed is asked for", async () => {
  const { act, renderHook, waitFor } = await import("@testing-library/react");
  const { useAttempts } = await import("./useAttempts");
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    const query = new URLSearchParams(url.split("?")[1]);
    const token = query.get("pageToken");
    const body = query.has("since")
      ? { items: [step("a#1.1", { endTime: 77 })], nextPageToken: null, total: 3, seq: 9 }
      : token === null
        ? { items: [step("a#1.1")], nextPageToken: "2", total: 3, seq: 5 }
        : token === "2"
          ? { items: [step("b#1.1")], nextPageToken: "3", total: 3, seq: 6 }
          : { items: [step("c#1.1")], nextPageToken: null, total: 3, seq: 7 };
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
  });
  const { result } = renderHook(() => useAttempts("x"));
  await waitFor(() => expect(result.current.attempts.data?.steps.map((one) => one.id)).toEqual(["a#1.1", "b#1.1", "c#1.1"]), { timeout: 10_000 });
  expect(asked).toHaveLength(3);
  act(() => result.current.attempts.poke());
  await waitFor(() => expect(result.current.attempts.data?.steps[0]?.endTime).toBe(77), { timeout: 10_000 });
  // What changed while the pages were read is asked for, too.
  expect(asked.at(-1)).toContain("since=5");
  expect(result.current.attempts.data).toMatchObject({ next: null, seq: 9 });
});

test("the axis names the end, and nothing twice", () => {
  const over = (ms: number) => ticksOf({ startMs: 0, momentAt: (place) => place * ms }).map((one) => `${one.place} ${one.text}`);
  expect(over(1)).toEqual(["0 0 ms", "1 1 ms"]);
  expect(over(0)).toEqual(["1 0 ms"]);
  expect(over(400)).toEqual(["0 0 ms", "0.25 100 ms", "0.5 200 ms", "0.75 300 ms", "1 400 ms"]);
});
