// What must hold of agents.
import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { fits } from "./AgentsRoom";
import { figureOf, tally } from "./live";
import { idOf } from "./NewAgent";

test("executions are counted for their agents", () => {
  const month = [{ agentId: "a", totalCost: 1, started: 2 }, { agentId: "a", totalCost: 0.5, started: 1 }];
  const unfinished = [{ agentId: "a", unfinished: 1_500 }, { agentId: "a", unfinished: 1 }, { agentId: "b", unfinished: 1 }];
  const live = tally({ items: [{ agentId: "a" }] }, { items: [{ agentId: "b" }], nextPageToken: "more" }, unfinished, month);
  expect(live.get("a")).toEqual({ running: 1, waiting: 1_500, failedToday: 0, costUsd: 1.5, startedThisMonth: 3, isRunningPartial: false, isFailedPartial: true });
  expect(live.get("b")).toMatchObject({ running: 0, waiting: 1, failedToday: 1 });
});

test("what runs is not counted as waiting, also when it began after the statistics were read", () => {
  expect(tally({ items: [{ agentId: "a" }] }, { items: [] }, [{ agentId: "a", unfinished: 1 }], []).get("a")).toMatchObject({ running: 1, waiting: 0 });
  expect(tally({ items: [{ agentId: "a" }, { agentId: "a" }] }, { items: [] }, [{ agentId: "a", unfinished: 1 }], []).get("a")).toMatchObject({ running: 2, waiting: 0 });
});

test("of a part of the executions, none is no figure", () => {
  expect([figureOf(0, true), figureOf(0, true, true), figureOf(1_200, true, true), figureOf(3, false)]).toEqual(["0", "–", "1,200+", "–"]);
});

test("every word must be found somewhere", () => {
  const agent = { id: "refund-review", displayName: "Refunds", description: "Pays back", tags: ["money"] } as Schemas["Agent"];
  expect(fits(agent, "REFUND money")).toBe(true);
  expect(fits(agent, "refund nobody")).toBe(false);
});

test("a name suggests an id", () => {
  expect(idOf("Refund review")).toBe("refund-review");
  expect(idOf(" 2 Über-Prüfung! ")).toBe("uber-prufung");
  expect(idOf("…")).toBe("");
});
