// What must hold of lists that are told of.
import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { topicsOf, useLiveLists } from "./changes";
import { forgetEverything, useApi } from "./query";
import { usePages } from "./pages";
import { FakeSource } from "./fakeSource";

let asked: string[] = [];
const count = (part: string) => asked.filter((url) => url.includes(part)).length;
const settle = (ms = 0) => act(() => vi.advanceTimersByTimeAsync(ms));
let visibility = "visible";

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.made = [];
  asked = [];
  visibility = "visible";
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => visibility as DocumentVisibilityState);
  vi.stubGlobal("EventSource", FakeSource);
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return new Response(url.includes("secrets") ? "[]" : JSON.stringify({ items: [], nextPageToken: null }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  forgetEverything();
});

function Lists() {
  useLiveLists("t");
  const secrets = useApi("/v1/tenants/{tenant}/secrets", { path: { tenant: "t" } }, { refreshMs: 4_000 });
  const approvals = usePages("/v1/tenants/{tenant}/pendingApprovals", { path: { tenant: "t" } }, { refreshMs: 4_000 });
  return <p>{secrets.data && approvals.data ? "read" : "reading"}</p>;
}

async function shown() {
  render(<Lists />);
  await settle();
  expect(screen.getByText("read")).toBeTruthy();
  const source = FakeSource.made[0]!;
  act(() => source.onopen?.());
  return source;
}

test("a list is read again when it is told of, and others are not", async () => {
  const source = await shown();
  await settle(10_000);
  const before = { secrets: count("secrets"), approvals: count("pendingApprovals") };
  expect(before).toEqual({ secrets: 1, approvals: 1 });
  act(() => source.say("changes", { changeKind: "changed", topics: ["approvals", "executions"] }));
  await settle();
  expect([count("secrets"), count("pendingApprovals")]).toEqual([1, 2]);
  act(() => source.say("changes", { changeKind: "changed", topics: ["secrets"] }));
  await settle();
  expect([count("secrets"), count("pendingApprovals")]).toEqual([2, 2]);
});

test("what is told of again and again is read at a distance, and the last word counts", async () => {
  const source = await shown();
  await settle(10_000);
  for (let at = 0; at < 8; at += 1) {
    act(() => source.say("changes", { changeKind: "changed", topics: ["secrets", "approvals"] }));
    await settle(100);
  }
  expect([count("secrets"), count("pendingApprovals")]).toEqual([2, 2]);
  await settle(1_000);
  expect([count("secrets"), count("pendingApprovals")]).toEqual([3, 3]);
});

test("a new connection means that everything is read again, and hidden there is none", async () => {
  const source = await shown();
  await settle(10_000);
  visibility = "hidden";
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
  await settle(9_000);
  expect(source.isClosed).toBe(false);
  await settle(120_000);
  expect(source.isClosed).toBe(true);
  expect([count("secrets"), count("pendingApprovals")]).toEqual([1, 1]);
  visibility = "visible";
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
  await settle();
  expect([count("secrets"), count("pendingApprovals")]).toEqual([2, 2]);
  expect(FakeSource.made).toHaveLength(2);
  act(() => FakeSource.made[1]?.say("changes", { changeKind: "sync", topics: ["secrets", "approvals"] }));
  await settle();
  expect([count("secrets"), count("pendingApprovals")]).toEqual([3, 3]);
});

test("a page that is shown first when it is hidden listens to nothing yet", async () => {
  visibility = "hidden";
  render(<Lists />);
  await settle(60_000);
  expect(FakeSource.made).toHaveLength(0);
});

test("without the stream they are asked for now and then", async () => {
  await shown();
  act(() => FakeSource.made.at(-1)?.onerror?.());
  await settle(61_000);
  expect([count("secrets"), count("pendingApprovals")]).toEqual([2, 2]);
});

test("addresses have the topics that change their answers", () => {
  expect(topicsOf("v1/tenants/t/executionRecords?pageSize=3")).toEqual(["executions"]);
  expect(topicsOf("/v1/tenants/t/agents/secrets/executionRecords")).toEqual(["executions"]);
  expect(topicsOf("v1/tenants/t/agents?x=/secrets")).toEqual(["agents", "deployments"]);
  expect(topicsOf("v1/tenants/t/triggers/x/firings")).toEqual(["firings"]);
  expect(topicsOf("v1/tenants/t/pendingApprovals/counts")).toEqual(["approvals"]);
  expect(topicsOf("v1/tenants/t/apiKeys?pageSize=50")).toEqual(["audit"]);
  expect([topicsOf("v1/tenants"), topicsOf("v1/status"), topicsOf("v1/auditEvents"), topicsOf("v1/tenants/t/toString")]).toEqual([[], [], [], []]);
});
