// What must hold of the ways through the console.
import { expect, test } from "vitest";
import { homeFor, waysFor } from "./ways";

const having = (...scopes: string[]) => (scope: string) => scopes.includes(scope);

test("whoever only decides begins in the inbox, and is shown no room that is closed", () => {
  const approver = having("executions:read", "approvals:read", "approvals:decide");
  expect(homeFor(approver)).toBe("/inbox");
  expect(waysFor(approver).map((way) => way.label)).toEqual(["Executions", "Inbox"]);
});

test("whoever sees everything begins with the agents; whoever sees nothing is shown what there would be", () => {
  expect(homeFor(() => true)).toBe("/agents");
  expect(waysFor(() => true)).toHaveLength(4);
  expect(homeFor(having("keys:read"))).toBe("/operate");
  expect(waysFor(() => false)).toHaveLength(4);
});
