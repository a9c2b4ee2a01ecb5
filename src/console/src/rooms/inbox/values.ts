// What a person compares and fills in: differences of two values, and forms made from a value or from its schema.

export interface Difference {
  path: string;
  before: unknown;
  after: unknown;
  kind: "new" | "gone" | "changed";
}

type Branch = Record<string, unknown>;

function isBranch(value: unknown): value is Branch {
  return typeof value === "object" && value !== null;
}

function under(path: string, name: string, isList: boolean): string {
  if (isList) return `${path}[${name}]`;
  return path === "" ? name : `${path}.${name}`;
}

/** Where two values differ, leaf by leaf, in the order of the newer one. */
export function differences(before: unknown, after: unknown, path = ""): Difference[] {
  if (!isBranch(before) || !isBranch(after) || Array.isArray(before) !== Array.isArray(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path: path || "value", before, after, kind: "changed" }];
  }
  const isList = Array.isArray(after);
  const found: Difference[] = [];
  for (const name of new Set([...Object.keys(after), ...Object.keys(before)])) {
    const at = under(path, name, isList);
    if (!Object.hasOwn(before, name)) found.push({ path: at, before: undefined, after: after[name], kind: "new" });
    else if (!Object.hasOwn(after, name)) found.push({ path: at, before: before[name], after: undefined, kind: "gone" });
    else found.push(...differences(before[name], after[name], at));
  }
  return found;
}

/** Whether a number in it is beyond what a browser keeps exactly; sending it back would change it. */
export function losesDigits(value: unknown): boolean {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
  return isBranch(value) && Object.values(value).some(losesDigits);
}

export type FieldKind = "text" | "long" | "number" | "flag" | "choice" | "json";
export interface FormField {
  /** Where its value stands; empty: it is the whole value. */
  path: readonly string[];
  label: string;
  hint: string | null;
  kind: FieldKind;
  isRequired: boolean;
  /** Of a choice: the values, as JSON. */
  options: readonly string[];
  /** Whole numbers only. */
  isWhole: boolean;
}
/** What stands in the fields: text as it was typed, "true" and "false" for flags. Keyed by the path as JSON. */
export type Draft = Record<string, string>;

const LONG_FROM = 60;
const DEPTH_MAX = 3;

function field(path: readonly string[], kind: FieldKind, more: Partial<FormField> = {}): FormField {
  return { path, label: path.join(" › ") || "Value", hint: null, kind, isRequired: true, options: [], isWhole: false, ...more };
}

/** Fields for a value whose schema is not known. */
export function fieldsOfValue(value: unknown, path: readonly string[] = []): FormField[] {
  if (typeof value === "string") return [field(path, value.length > LONG_FROM || value.includes("\n") ? "long" : "text")];
  if (typeof value === "number") return [field(path, "number")];
  if (typeof value === "boolean") return [field(path, "flag")];
  if (isBranch(value) && !Array.isArray(value) && Object.keys(value).length > 0 && path.length < DEPTH_MAX) {
    return Object.entries(value).flatMap(([name, one]) => fieldsOfValue(one, [...path, name]));
  }
  return [field(path, "json")];
}

function typeOf(schema: Branch): string | null {
  const { type } = schema;
  const types = (Array.isArray(type) ? type : [type]).filter((one) => one !== "null");
  return types.length === 1 && typeof types[0] === "string" ? types[0] : null;
}

function fieldOfSchema(schema: Branch, path: readonly string[], isRequired: boolean): FormField {
  const text = (name: string) => (typeof schema[name] === "string" ? (schema[name] as string) : null);
  const more = { label: text("title") ?? (path.join(" › ") || "Answer"), hint: text("description"), isRequired };
  if (Array.isArray(schema["enum"])) return field(path, "choice", { ...more, options: schema["enum"].map((one) => JSON.stringify(one)) });
  const type = typeOf(schema);
  if (type === "string") {
    const isLong = Number(schema["maxLength"] ?? 0) > 200 || text("format") === "textarea" || path.length === 0;
    return field(path, isLong ? "long" : "text", more);
  }
  if (type === "boolean") return field(path, "flag", more);
  if (type === "number" || type === "integer") return field(path, "number", { ...more, isWhole: type === "integer" });
  return field(path, "json", more);
}

/** Fields for an answer that a JSON Schema describes. */
export function fieldsOfSchema(schema: unknown, path: readonly string[] = [], isRequired = true): FormField[] {
  if (!isBranch(schema)) return [field(path, "long", { label: "Answer" })];
  const properties = schema["properties"];
  if (typeOf(schema) !== "object" || !isBranch(properties) || path.length >= DEPTH_MAX || !isRequired) return [fieldOfSchema(schema, path, isRequired)];
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(properties).flatMap(([name, one]) => fieldsOfSchema(one, [...path, name], required.includes(name)));
}

export function keyOf(one: FormField): string {
  return JSON.stringify(one.path);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inside, name) => (isBranch(inside) ? inside[name] : undefined), value);
}

/** What stands in the fields at first. */
export function draftOf(fields: readonly FormField[], value: unknown): Draft {
  const draft: Draft = {};
  for (const one of fields) {
    const inside = at(value, one.path);
    if (inside === undefined) draft[keyOf(one)] = "";
    else if (one.kind === "text" || one.kind === "long") draft[keyOf(one)] = String(inside);
    else draft[keyOf(one)] = JSON.stringify(inside, null, one.kind === "json" ? 2 : undefined) ?? "";
  }
  return draft;
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function readField(one: FormField, typed: string): { value: unknown } | { problem: string } | null {
  if (one.kind === "text" || one.kind === "long") return typed === "" && !one.isRequired ? null : { value: typed };
  const text = typed.trim();
  if (text === "") return one.isRequired ? { problem: "Something must stand here." } : null;
  if (one.kind === "number") {
    if (!NUMBER.test(text)) return { problem: "Write a number, such as 12.5." };
    const value = Number(text);
    if (one.isWhole && !Number.isInteger(value)) return { problem: "Write a whole number." };
    if (!Number.isFinite(value) || losesDigits(value)) return { problem: "A browser cannot keep so large a number exactly." };
    return { value };
  }
  try {
    const value = JSON.parse(text) as unknown;
    return losesDigits(value) ? { problem: "A browser cannot keep so large a number exactly." } : { value };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The value that the fields say, or what is wrong with them. Lists are filled as wholes, so paths lead through objects only. */
export function readDraft(fields: readonly FormField[], draft: Draft): { value: unknown; problems: Record<string, string> } {
  const problems: Record<string, string> = {};
  let whole: unknown = {};
  for (const one of fields) {
    const got = readField(one, draft[keyOf(one)] ?? "");
    if (got === null) continue;
    if ("problem" in got) problems[keyOf(one)] = got.problem;
    else if (one.path.length === 0) whole = got.value;
    else put(whole as Branch, one.path, got.value);
  }
  return { value: whole, problems };
}

function put(whole: Branch, path: readonly string[], value: unknown): void {
  let inside = whole;
  for (const [index, name] of path.entries()) {
    const isLast = index === path.length - 1;
    const next = isLast ? value : Object.hasOwn(inside, name) ? inside[name] : {};
    // A name such as __proto__ is a name like any other.
    Object.defineProperty(inside, name, { value: next, enumerable: true, writable: true, configurable: true });
    inside = next as Branch;
  }
}
