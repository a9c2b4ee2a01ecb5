// What must hold of comparing and filling in.
import { expect, test } from "vitest";
import { differences, draftOf, fieldsOfSchema, fieldsOfValue, keyOf, losesDigits, readDraft } from "./values";

test("differences name the leaf", () => {
  const found = differences({ to: { name: "Ana" }, amount: 1, gone: true, list: [1, 2] }, { to: { name: "Eve" }, amount: 1, fresh: 0, list: [1, 3] });
  expect(found.map((one) => `${one.kind} ${one.path}`)).toEqual(["changed to.name", "new fresh", "changed list[1]", "gone gone"]);
  expect(differences({ a: [1] }, { a: [1] })).toEqual([]);
  expect(differences([1], { 0: 1 })).toHaveLength(1);
});

test("a value goes through its form unchanged", () => {
  const value = { order: "A-1", amount: 42.5, paid: false, to: { name: "Ana", tags: ["x"] }, note: null, empty: {} };
  const fields = fieldsOfValue(value);
  expect(readDraft(fields, draftOf(fields, value))).toEqual({ value, problems: {} });
  const text = fieldsOfValue("only text");
  expect(readDraft(text, draftOf(text, "only text")).value).toBe("only text");
});

test("a name like __proto__ is only a name", () => {
  const value = JSON.parse('{"__proto__": {"admin": true}, "constructor": "x"}') as object;
  const fields = fieldsOfValue(value);
  const read = readDraft(fields, draftOf(fields, value)).value;
  expect(JSON.stringify(read)).toBe(JSON.stringify(value));
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test("a number must be one, and one that a browser keeps", () => {
  const fields = fieldsOfValue({ amount: 1 });
  const key = keyOf(fields[0]!);
  for (const wrong of ["", "1e999", "0x10", "12,5", "99999999999999999999"]) expect(Object.keys(readDraft(fields, { [key]: wrong }).problems)).toEqual([key]);
  expect(readDraft(fields, { [key]: " -3.5 " }).value).toEqual({ amount: -3.5 });
  expect(losesDigits({ id: [2 ** 60] })).toBe(true);
});

test("a form leaves out what is not required and not given", () => {
  const fields = fieldsOfSchema({ type: "object", required: ["amount", "ok"], properties: { amount: { type: "integer", title: "Amount" }, ok: { type: "boolean" }, why: { type: "string" }, kind: { enum: ["a", 2] } } });
  expect(fields.map((one) => [one.label, one.kind, one.isRequired])).toEqual([
    ["Amount", "number", true],
    ["ok", "flag", true],
    ["why", "text", false],
    ["kind", "choice", false],
  ]);
  // Yes or no is said by the person, and never by the form.
  expect(Object.keys(readDraft(fields, draftOf(fields, undefined)).problems)).toEqual([keyOf(fields[0]!), keyOf(fields[1]!)]);
  const draft = { ...draftOf(fields, undefined), [keyOf(fields[0]!)]: "3", [keyOf(fields[1]!)]: "false", [keyOf(fields[3]!)]: "2" };
  expect(readDraft(fields, draft)).toEqual({ value: { amount: 3, ok: false, kind: 2 }, problems: {} });
});
