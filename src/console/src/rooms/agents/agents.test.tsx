// What must hold of agents.
import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { fits } from "./AgentsRoom";
import { tally } from "./live";
import { idOf } from "./NewAgent";

const record = (agentId: string, status: string) => ({ agentId, status }) as Schemas["Record"];

test("executions are counted for their agents", () => {
  const figures = [{ agentId: "a", totalCost: 1, started: 2 }, { agentId: "a", totalCost: 0.5, started: 1 }] as Schemas["RevisionStatistics"][];
  const live = tally([record("a", "IN_PROGRESS"), record("a", "WAITING_FOR_HUMAN"), record("b", "WAITING_FOR_ASYNC")], [record("b", "FAILED")], figures);
  expect(live.get("a")).toEqual({ running: 1, waiting: 1, failedToday: 0, costUsd: 1.5, startedThisMonth: 3 });
  expect(live.get("b")).toMatchObject({ running: 0, waiting: 1, failedToday: 1 });
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
