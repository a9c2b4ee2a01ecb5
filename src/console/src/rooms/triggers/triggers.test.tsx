// What must hold of triggers.
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { bodyOf, draftOf, fieldOf, FRESH, mappingOf, objectOf, problemsOf, stateOf, whenOf, type Trigger } from "./draft";
import { payloadOf } from "./Fire";
import { FiringStatus } from "./Firings";
import { fieldsOf, withFields } from "./ParameterFields";
import { inboundUrl } from "./TriggerDrawer";
import { timeIn } from "./times";

const known: Trigger = {
  id: "t", displayName: "Nightly", description: "At night", kind: "SCHEDULE",
  schedule: { cron: "30 2 * * *", timeZone: "Europe/Berlin", jitterSeconds: 5, catchUp: "all", catchUpMax: 20, graceSeconds: 60 },
  parameters: { depth: 3 }, mapping: { day: "string(firing.at)" }, filter: "true", overlap: "queue", budget: { amount: 2.5, enforceLimit: false },
  revision: 4, active: true, paused: false, agentIds: ["a"], bindings: [], createdAt: 1, createdBy: "ana", updatedAt: 2, updatedBy: "ana",
};

test("what is read and saved again stays the same", () => {
  const body = bodyOf(draftOf(known));
  for (const name of ["displayName", "description", "schedule", "parameters", "mapping", "filter", "overlap", "budget"] as const) expect(body[name as keyof typeof body], name).toEqual(known[name]);
  expect(body).not.toHaveProperty("webhook");
  expect(problemsOf(draftOf(known))).toEqual({});
});

test("what is emptied is taken away", () => {
  const body = bodyOf({ ...draftOf(known), description: "", mapping: " \n", filter: "", budgetUsd: "", parameters: "" });
  expect(body).toMatchObject({ description: null, mapping: null, filter: null, budget: null, parameters: {} });
});

test("a webhook sends its own part, and no schedule", () => {
  const body = bodyOf({ ...FRESH, kind: "WEBHOOK", auth: "TOKEN", eventType: "order.paid" });
  expect(body).toMatchObject({ webhook: { auth: "TOKEN", replayWindowSeconds: 300, eventId: null, eventType: "order.paid" } });
  expect(body).not.toHaveProperty("schedule");
});

test("what cannot be meant is told before it is sent", () => {
  expect(Object.keys(problemsOf({ ...FRESH, parameters: "[1]", mapping: "no colon", budgetUsd: "-1", jitterSeconds: "x", cron: " " })).sort()).toEqual(["budgetUsd", "cron", "displayName", "jitterSeconds", "mapping", "parameters"]);
  expect(objectOf("null")).toBeNull();
  expect(mappingOf('a: payload.x\n\nb: "x: y"')).toEqual({ a: "payload.x", b: '"x: y"' });
  expect(mappingOf("a: 1\na: 2")).toBeNull();
  expect(payloadOf("")).toEqual({ value: null });
  expect(payloadOf("[1]")).toEqual({ value: [1] });
  expect(payloadOf("{")).toBeNull();
});

test("the server's words find their field", () => {
  expect(fieldOf("schedule.cron")).toBe("cron");
  expect(fieldOf("mapping.order")).toBe("mapping");
  expect(fieldOf("budget.amount")).toBe("budgetUsd");
  expect(fieldOf("somethingElse")).toBeNull();
});

test("what it is and when it fires", () => {
  expect(stateOf({ active: false, paused: true })).toBe("OFF");
  expect(stateOf({ active: true, paused: true })).toBe("PAUSED");
  expect(whenOf(known)).toBe("30 2 * * * Europe/Berlin");
  expect(whenOf({ kind: "WEBHOOK", webhook: { auth: "HMAC", replayWindowSeconds: 1 }, eventType: "order.paid" })).toBe("Events order.paid");
  expect(inboundUrl("/hooks/abc", "https://flow.example/prefix/#/agents/x")).toBe("https://flow.example/prefix/hooks/abc");
});

test("a due time stands on the clocks of its zone", () => {
  const at = Date.UTC(2026, 10, 27, 1, 30);
  expect(timeIn(at, "Europe/Berlin")).toMatch(/2:30/);
  expect(timeIn(at, "Asia/Tokyo")).toMatch(/10:30/);
  expect(timeIn(at, "Nowhere/At all")).toMatch(/30/);
});

test("a firing that ended says how its execution ended", () => {
  const firing = (state: string, note: string | null) => ({ state, note }) as Schemas["Firing"];
  render(
    <>
      <FiringStatus firing={firing("ENDED", "FAILED")} />
      <FiringStatus firing={firing("ENDED", "whatever")} />
      <FiringStatus firing={firing("MISSED", null)} />
    </>,
  );
  expect(screen.getByText("Failed")).toBeTruthy();
  expect(screen.getByText("Ended")).toBeTruthy();
  expect(screen.getByText("Missed")).toBeTruthy();
});

test("parameters are filled in by what the revision takes, and what stands beside them stays", () => {
  const info = (name: string, type: string, more: object = {}) => ({ name, type, required: false, defaultValue: null, options: [], ...more }) as unknown as Schemas["ParameterInfo"];
  const fields = fieldsOf([info("to", "string", { required: true }), info("depth", "integer", { defaultValue: 3, description: "How deep" }), info("loud", "bool"), info("size", "single-select", { options: [{ value: "s" }, { value: "m" }] }), info("tags", "string_array")]);
  expect(fields.map((one) => one.kind)).toEqual(["text", "number", "flag", "choice", "json"]);
  expect(fields[1]?.hint).toBe("How deep Otherwise 3.");
  const key = (name: string) => JSON.stringify([name]);
  const typed = { [key("to")]: "Eve", [key("depth")]: "4", [key("loud")]: "true", [key("size")]: '"m"', [key("tags")]: '["a"]' };
  const read = withFields('{"old": 1, "to": "Ada"}', fields, typed);
  expect(JSON.parse(read.text)).toEqual({ old: 1, to: "Eve", depth: 4, loud: true, size: "m", tags: ["a"] });
  expect(read.problems).toEqual({});
  // What is emptied is not sent; what is no number is said.
  expect(JSON.parse(withFields('{"to": "Ada"}', fields, { [key("to")]: "" }).text)).toEqual({});
  expect(withFields("{}", fields, { [key("depth")]: "1.5" }).problems).toEqual({ [key("depth")]: "Write a whole number." });
});
