// What must hold of releases.
import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { chosenOf, textOf } from "./CompareRoom";
import { differenceOf, FIGURES, monthBefore } from "./figures";
import { isPresent } from "./ReleaseRoom";
import { beforePresent, changesOf, restOf, runningOf, sameSplit, sharesOf, splitOf, unfinishedOf } from "./split";
import { placesOf, triggersOf } from "./useRelease";

test("percents become the smallest weights, and the first takes the rest", () => {
  expect(splitOf(1, [{ revision: 2, percent: "10" }])).toEqual({ split: [{ revision: 1, weight: 9 }, { revision: 2, weight: 1 }] });
  expect(splitOf(1, [{ revision: 2, percent: "0,5 %" }, { revision: 3, percent: "0.25" }])).toEqual({ split: [{ revision: 1, weight: 397 }, { revision: 2, weight: 2 }, { revision: 3, weight: 1 }] });
  expect(splitOf(1, [])).toEqual({ split: [{ revision: 1, weight: 1 }] });
  for (const percent of ["", "0", "-1", "1e1", "100", "60.123", "abc", "NaN"]) expect(splitOf(1, [{ revision: 2, percent }]), percent).toHaveProperty("problem");
  expect(splitOf(1, [{ revision: 1, percent: "10" }])).toHaveProperty("problem");
  expect(restOf([{ revision: 2, percent: "33.3" }])).toBe(66.7);
  expect(restOf([{ revision: 2, percent: "?" }])).toBeNull();
});

test("a change says what every revision takes before and after", () => {
  const before = [{ revision: 1, weight: 9 }, { revision: 2, weight: 1 }];
  expect(sharesOf(before)).toEqual([{ revision: 1, share: 0.9 }, { revision: 2, share: 0.1 }]);
  expect(changesOf(before, [{ revision: 3, weight: 7 }]).map((one) => [one.revision, one.before, one.after])).toEqual([[3, 0, 1], [2, 0.1, 0], [1, 0.9, 0]]);
  expect(sameSplit(before, [{ revision: 2, weight: 10 }, { revision: 1, weight: 90 }])).toBe(true);
  expect(sameSplit(before, [{ revision: 1, weight: 1 }])).toBe(false);
});

test("a rollback goes where the server would go", () => {
  const line = (environment: string, previousRevision: number, targetRevision: number, isRollback = false) => ({ environment, previousRevision, targetRevision, isRollback }) as Schemas["DeployLine"];
  const history = [line("staging", 1, 3), line("production", 3, 2, true), line("production", 2, 3), line("production", 1, 2), line("production", 0, 1)];
  expect(beforePresent(history, "production", [{ revision: 2, weight: 1 }])).toBe(1);
  expect(beforePresent(history, "production", [{ revision: 3, weight: 1 }])).toBe(2);
  expect(beforePresent(history, "production", [{ revision: 1, weight: 1 }])).toBeNull();
});

test("what is not over is counted for each revision and environment", () => {
  const record = (agentRevision: number, status: string, environmentSlug: string | null, startTime: number) => ({ agentRevision, status, environmentSlug, startTime }) as Schemas["Record"];
  const running = runningOf([record(1, "IN_PROGRESS", null, 5), record(1, "WAITING_FOR_HUMAN", "production", 3), record(2, "WAITING_FOR_ASYNC", "staging", 9)]);
  expect(running).toEqual([
    { revision: 2, environment: "staging", running: 0, waitingForPeople: 0, waiting: 1, oldestMs: 9 },
    { revision: 1, environment: "production", running: 1, waitingForPeople: 1, waiting: 0, oldestMs: 3 },
  ]);
  const asked = { agentRevision: 1, status: "WAITING_FOR_ASYNC", startTime: 1, waitingFor: { kind: "APPROVAL" } } as Schemas["Record"];
  expect(runningOf([asked])[0]).toMatchObject({ waitingForPeople: 1, waiting: 0 });
  expect(unfinishedOf(running, 1)).toBe(2);
  expect(unfinishedOf(running, 1, "staging")).toBe(0);
});

test("environments without a deployment follow production", () => {
  const deployments = [{ environment: "production", split: [{ revision: 4, weight: 1 }] }, { environment: "old", split: [{ revision: 1, weight: 1 }] }] as Schemas["Deployment"][];
  const places = placesOf([{ slug: "staging", displayName: "Staging" }, { slug: "production", displayName: "Production" }, { slug: "gone", displayName: "Gone", archivedAt: 5 }], deployments);
  expect(places.map((one) => [one.slug, one.isFollowing, one.split[0]?.revision])).toEqual([["production", false, 4], ["old", false, 1], ["staging", true, 4]]);
  const trigger = (environmentSlug: string | null, active = true) => ({ active, bindings: [{ agentId: "a", environmentSlug }] }) as Schemas["TriggerShown"];
  expect(triggersOf({ agent: "a", triggers: [trigger(null), trigger("staging"), trigger(null, false)] }, "production")).toHaveLength(1);
});

test("differences say which way is better", () => {
  const of = (key: string) => FIGURES.find((one) => one.key === key) ?? expect.fail();
  expect(differenceOf(of("success"), 0.9, 0.95)).toEqual({ text: "+5 points", tone: "good" });
  expect(differenceOf(of("cost"), 0.02, 0.03)).toEqual({ text: "+50 %", tone: "bad" });
  expect(differenceOf(of("rejection"), 0.2, 0.1)).toEqual({ text: "−10 points", tone: "good" });
  expect(differenceOf(of("cost"), 0, 0.1)).toEqual({ text: "new", tone: "bad" });
  expect(differenceOf(of("half"), 1000, 1000)).toEqual({ text: "the same", tone: "neutral" });
  expect(differenceOf(of("half"), null, 1000)).toBeNull();
  expect(differenceOf(of("started"), 1, 2)).toBeNull();
  const one = { started: 4, totalCost: 2, approvals: 3, rejections: 1 } as Schemas["RevisionStatistics"];
  expect(of("cost").of(one)).toBe(0.5);
  expect(of("rejection").of(one)).toBe(0.25);
  expect(of("cost").of({ ...one, started: 0 })).toBeNull();
  expect(monthBefore(Date.UTC(2026, 0, 31), 2)).toBe("2025-11");
});

test("what production runs is compared with the newest", () => {
  expect(chosenOf([1, 2, 3], 2, null, null)).toEqual({ before: 2, after: 3 });
  expect(chosenOf([1, 2, 3], 3, null, null)).toEqual({ before: 2, after: 3 });
  expect(chosenOf([1, 2, 3], 1, null, 2)).toEqual({ before: 1, after: 2 });
  expect(chosenOf([1, 2, 3], 1, 2, null)).toEqual({ before: 2, after: 3 });
  expect(chosenOf([1, 2, 3], 1, 3, null)).toEqual({ before: 3, after: 1 });
});

test("a revision in the vendor's shape is text, too", () => {
  expect(textOf({ flow: "flow: a\n", agentRevision: 1 })).toEqual({ text: "flow: a\n", isFlow: true });
  expect(textOf({ agentId: "a", agentRevision: 1, digest: "x", nodes: [1] })).toEqual({ text: "nodes:\n  - 1\n", isFlow: false });
});

test("what runs now is not gone back to", () => {
  const split = [{ revision: 2, weight: 9 }, { revision: 3, weight: 1 }];
  const place = { slug: "production", name: "Production", isFollowing: false, deployment: {} as never, split };
  const line = (targetRevision: number, shares: { revision: number; weight: number }[] = []) => ({ environment: "production", targetRevision, split: shares });
  expect(isPresent({ places: [place] }, line(2, split))).toBe(true);
  expect(isPresent({ places: [place] }, line(2))).toBe(false);
  expect(isPresent({ places: [{ ...place, split: [{ revision: 2, weight: 1 }] }] }, line(2))).toBe(true);
  expect(isPresent({ places: [] }, line(2))).toBe(false);
});
