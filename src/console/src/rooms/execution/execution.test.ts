// What must hold of executions.
import { expect, test } from "vitest";
import { countOf, listQuery } from "./filters";

test("the address becomes the server's filters, and nothing that it would refuse", () => {
  const query = new URLSearchParams("status=FAILED,NONSENSE&label=team%3Dpost+broken&agentRevision=2,x&longer=1.5&since=hour&origin=TEST&participantId=ana,+ben");
  expect(listQuery(query, 3_690_500, "staging")).toMatchObject({ status: ["FAILED"], label: ["team=post"], agentRevision: ["2"], minDurationMs: 1500, startTime: 60_000, origin: "TEST", participantId: ["ana", "ben"], environment: "staging" });
  expect(countOf(query)).toBe(7);
  expect(listQuery(new URLSearchParams(), 0, null)).toMatchObject({ status: [], startTime: undefined, minDurationMs: undefined });
});
