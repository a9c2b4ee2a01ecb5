// A flow as the designer sees it: its steps and edges at one level (the flow itself, or the body of a map), and what can be done to them.
import { isMap, isScalar, parseDocument } from "yaml";
import { applyEdit, applyEdits, isObject, type Edit, type Path } from "./edits";

export const KINDS = ["llm", "agent", "http", "mcp", "builtin", "approval", "ask", "map", "flow", "wait", "event", "set", "fail", "end"] as const;
export type Kind = (typeof KINDS)[number];
export type Values = Record<string, unknown>;

/** Which map's body is shown: the maps on the way to it. Empty: the flow itself. */
export type Level = readonly string[];
export interface Point {
  x: number;
  y: number;
}
export interface StepView {
  id: string;
  /** Empty: it names none. */
  kind: Kind | "";
  title: string;
  value: Values;
}
export interface EdgeView {
  /** Its place in the list. */
  at: number;
  from: string;
  to: string;
  on: string;
  when?: string;
  otherwise?: boolean;
}
export interface LevelView {
  level: Level;
  steps: StepView[];
  edges: EdgeView[];
  start: string | null;
  positions: ReadonlyMap<string, Point>;
}
export interface FlowText {
  text: string;
  /** The whole as values; null while the text is no YAML map. */
  root: Values | null;
  /** Why it cannot be drawn, and where. */
  error: { message: string; line: number; column: number } | null;
}

let lastRead: FlowText = { text: "", root: {}, error: null };

export function readFlow(text: string): FlowText {
  if (text === lastRead.text) return lastRead;
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem) {
    const at = problem.linePos?.[0] ?? { line: 1, col: 1 };
    lastRead = { text, root: null, error: { message: problem.message.split("\n")[0] ?? "", line: at.line, column: at.col } };
    return lastRead;
  }
  let root: unknown = {};
  let message: string | null = null;
  try {
    root = document.toJS() ?? {};
  } catch (thrown) {
    message = String(thrown);
  }
  if (!isObject(root)) message ??= "A flow is a map: `flow:`, `steps:`, `edges:`.";
  lastRead = message ? { text, root: null, error: { message, line: 1, column: 1 } } : { text, root: root as Values, error: null };
  return lastRead;
}

export function levelPath(level: Level): Path {
  return level.flatMap((map) => ["steps", map, "map", "body"]);
}

export function bodyAt(root: Values, level: Level): Values | null {
  let body: unknown = root;
  for (const map of level) {
    const steps = isObject(body) ? body["steps"] : null;
    const step = isObject(steps) ? steps[map] : null;
    const inside = isObject(step) ? step["map"] : null;
    body = isObject(inside) ? inside["body"] : null;
  }
  return isObject(body) ? body : null;
}

export function kindOf(value: Values): Kind | "" {
  return KINDS.find((kind) => Object.hasOwn(value, kind)) ?? "";
}

/** The name by which the whole flow knows a step: `map/inner`. */
export function fullName(level: Level, id: string): string {
  return [...level, id].join("/");
}

/** The port an edge leaves by when it says none. */
export function defaultPort(step: StepView | undefined): string {
  if (step?.kind === "approval") return "approved";
  if (step?.kind === "event") return eventNames(step)[0] ?? "ok";
  if (step?.kind === "fail") return "error";
  return "ok";
}

function eventNames(step: StepView): string[] {
  const event = step.value["event"];
  const names = isObject(event) ? event["any_of"] : null;
  return Array.isArray(names) ? names.map(String) : [];
}

/** The ports of a step, the usual ones first. */
export function portsOf(step: StepView): string[] {
  const { kind, value } = step;
  if (kind === "end") return [];
  if (kind === "fail") return ["error"];
  const ports: string[] = [];
  if (kind === "approval") {
    const spec = isObject(value["approval"]) ? value["approval"] : {};
    const decisions = Array.isArray(spec["decisions"]) ? spec["decisions"] : [];
    const expires = isObject(spec["expires"]) ? spec["expires"] : {};
    ports.push("approved", "rejected");
    if (decisions.includes("respond")) ports.push("responded");
    if (expires["then"] === "branch") ports.push("expired");
  } else if (kind === "event" && eventNames(step).length > 0) {
    ports.push(...eventNames(step));
  } else {
    ports.push("ok");
    const ask = kind === "ask" && isObject(value["ask"]) && isObject(value["ask"]["expires"]) ? value["ask"]["expires"] : {};
    if (ask["then"] === "branch") ports.push("expired");
  }
  if (value["visits"] !== undefined) ports.push("exhausted");
  ports.push("error");
  return ports;
}

export function viewOf(root: Values, level: Level): LevelView {
  const body = bodyAt(root, level) ?? {};
  const given = isObject(body["steps"]) ? body["steps"] : {};
  const steps = Object.entries(given).map(([id, one]): StepView => {
    const value = isObject(one) ? one : {};
    return { id, kind: kindOf(value), title: typeof value["title"] === "string" ? value["title"] : "", value };
  });
  const byId = new Map(steps.map((step) => [step.id, step]));
  const edges: EdgeView[] = [];
  for (const [at, one] of (Array.isArray(body["edges"]) ? body["edges"] : []).entries()) {
    if (!isObject(one)) continue;
    const from = String(one["from"] ?? "");
    const on = typeof one["on"] === "string" ? one["on"] : defaultPort(byId.get(from));
    const edge: EdgeView = { at, from, to: String(one["to"] ?? ""), on };
    if (typeof one["when"] === "string") edge.when = one["when"];
    if (one["otherwise"] === true) edge.otherwise = true;
    edges.push(edge);
  }
  const start = typeof body["start"] === "string" ? body["start"] : (onlyStart(steps, edges) ?? null);
  return { level, steps, edges, start, positions: positionsOf(root, level, byId) };
}

function onlyStart(steps: StepView[], edges: EdgeView[]): string | undefined {
  const entered = new Set(edges.map((edge) => edge.to));
  const free = steps.filter((step) => !entered.has(step.id));
  return free.length === 1 ? free[0]?.id : undefined;
}

function positionsOf(root: Values, level: Level, byId: ReadonlyMap<string, StepView>): ReadonlyMap<string, Point> {
  const ui = isObject(root["ui"]) ? root["ui"] : {};
  const given = isObject(ui["positions"]) ? ui["positions"] : {};
  const positions = new Map<string, Point>();
  for (const id of byId.keys()) {
    const point = given[fullName(level, id)];
    if (isObject(point) && typeof point["x"] === "number" && typeof point["y"] === "number") positions.set(id, { x: point["x"], y: point["y"] });
  }
  return positions;
}

// -- what can be done -------------------------------------------------------------------------------------------------------------------

/** What a new step of a kind begins with. Enough to be seen; what is missing the server says. */
export function freshStep(kind: Kind): Values {
  const fresh: Record<Kind, Values> = {
    llm: { llm: { prompt: "" } },
    agent: { agent: { prompt: "", tools: [] } },
    http: { http: { get: "https://" } },
    mcp: { mcp: { server: "", tool: "" } },
    builtin: { builtin: "noop" },
    approval: { approval: { title: "Go on?" } },
    ask: { ask: { title: "What should be known?" } },
    map: { map: { over: "[]", body: { steps: { each: { set: { value: "item" } } } } } },
    flow: { flow: { agent: "" } },
    wait: { wait: { for: "1m" } },
    event: { event: { name: "arrived" } },
    set: { set: { value: "'text'" } },
    fail: { fail: { code: "failed" } },
    end: { end: {} },
  };
  return fresh[kind];
}

/** A name that no step has yet. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const base = wanted.toLowerCase().replace(/[^a-z0-9_]+/g, "_").replace(/^[^a-z]+/, "") || "step";
  if (!taken.has(base)) return base;
  const stem = base.replace(/_\d+$/, "");
  for (let count = 2; ; count += 1) if (!taken.has(`${stem}_${count}`)) return `${stem}_${count}`;
}

function rounded(point: Point): Point {
  return { x: Math.round(point.x), y: Math.round(point.y) };
}

function positionEdit(level: Level, id: string, point: Point): Edit {
  return { kind: "set", path: ["ui", "positions", fullName(level, id)], value: rounded(point) };
}

export function addStep(text: string, level: Level, id: string, value: Values, point: Point | null): string {
  const edits: Edit[] = [{ kind: "set", path: [...levelPath(level), "steps", id], value }];
  if (point) edits.push(positionEdit(level, id, point));
  return applyEdits(text, edits);
}

export function connect(text: string, level: Level, from: string, to: string, on: string | null): string {
  const root = readFlow(text).root ?? {};
  const view = viewOf(root, level);
  const step = view.steps.find((one) => one.id === from);
  const port = on ?? defaultPort(step);
  if (view.edges.some((edge) => edge.from === from && edge.to === to && edge.on === port)) return text;
  const edge: Values = { from, to };
  // An approval's port is always said: that is what one looks for when reading.
  if (port !== defaultPort(step) || step?.kind === "approval" || step?.kind === "event") if (port !== "ok") edge["on"] = port;
  return applyEdit(text, { kind: "append", path: [...levelPath(level), "edges"], value: edge });
}

export function setEdge(text: string, level: Level, at: number, change: Values): string {
  const path = [...levelPath(level), "edges", at];
  return applyEdits(text, Object.entries(change).map(([key, value]): Edit => (value === undefined || value === "" || value === false ? { kind: "remove", path: [...path, key] } : { kind: "set", path: [...path, key], value })));
}

export function removeEdges(text: string, level: Level, places: readonly number[]): string {
  const path = [...levelPath(level), "edges"];
  const body = bodyAt(readFlow(text).root ?? {}, level);
  const all = Array.isArray(body?.["edges"]) ? body["edges"].length : 0;
  if (all > 0 && places.length >= all) return applyEdit(text, { kind: "remove", path });
  return applyEdits(text, [...places].sort((a, b) => b - a).map((at): Edit => ({ kind: "remove", path: [...path, at] })));
}

export function removeSteps(text: string, level: Level, ids: readonly string[]): string {
  const root = readFlow(text).root ?? {};
  const view = viewOf(root, level);
  const gone = new Set(ids);
  let next = removeEdges(text, level, view.edges.filter((edge) => gone.has(edge.from) || gone.has(edge.to)).map((edge) => edge.at));
  const edits: Edit[] = ids.map((id) => ({ kind: "remove", path: [...levelPath(level), "steps", id] }));
  const body = bodyAt(root, level);
  if (typeof body?.["start"] === "string" && gone.has(body["start"])) edits.push({ kind: "remove", path: [...levelPath(level), "start"] });
  const ui = isObject(root["ui"]) && isObject(root["ui"]["positions"]) ? Object.keys(root["ui"]["positions"]) : [];
  const lost = ui.filter((name) => ids.some((id) => name === fullName(level, id) || name.startsWith(`${fullName(level, id)}/`)));
  if (lost.length > 0 && lost.length === ui.length) edits.push({ kind: "remove", path: ["ui", "positions"] });
  else edits.push(...lost.map((name): Edit => ({ kind: "remove", path: ["ui", "positions", name] })));
  next = applyEdits(next, edits);
  return dropEmpty(next, ["ui"]);
}

function dropEmpty(text: string, path: Path): string {
  const value = path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[String(key)] : undefined), readFlow(text).root);
  return isObject(value) && Object.keys(value).length === 0 ? applyEdit(text, { kind: "remove", path }) : text;
}

export function placeSteps(text: string, level: Level, points: ReadonlyMap<string, Point>): string {
  const root = readFlow(text).root ?? {};
  const ui = isObject(root["ui"]) ? root["ui"] : {};
  const known = isObject(ui["positions"]) ? ui["positions"] : {};
  const next = { ...known };
  for (const [id, point] of points) next[fullName(level, id)] = rounded(point);
  return applyEdit(text, { kind: "set", path: ["ui", "positions"], value: next });
}

const STEP_REFERENCE = (id: string) => new RegExp(`\\b(steps|previous)\\.${id}(?![A-Za-z0-9_])`, "g");

/** The places of all texts in a value that speak of a step. */
function references(value: unknown, id: string, path: Path, found: Edit[]): void {
  if (typeof value === "string") {
    const next = value.replace(STEP_REFERENCE(id), (_, scope: string) => `${scope}.REPLACED`);
    if (next !== value) found.push({ kind: "set", path, value });
  } else if (Array.isArray(value)) {
    value.forEach((one, at) => references(one, id, [...path, at], found));
  } else if (isObject(value)) {
    for (const [key, one] of Object.entries(value)) references(one, id, [...path, key], found);
  }
}

/** Another id, and everything that speaks of the step follows: edges, `start`, `action`, expressions, templates, the place on the canvas. */
export function renameStep(text: string, level: Level, id: string, next: string): string {
  const root = readFlow(text).root ?? {};
  const base = levelPath(level);
  const view = viewOf(root, level);
  if (id === next || view.steps.some((step) => step.id === next)) return text;
  const edits: Edit[] = [];
  for (const edge of view.edges) {
    if (edge.from === id) edits.push({ kind: "set", path: [...base, "edges", edge.at, "from"], value: next });
    if (edge.to === id) edits.push({ kind: "set", path: [...base, "edges", edge.at, "to"], value: next });
  }
  const body = bodyAt(root, level) ?? {};
  if (body["start"] === id) edits.push({ kind: "set", path: [...base, "start"], value: next });
  for (const step of view.steps) {
    const approval = step.value["approval"];
    if (isObject(approval) && approval["action"] === id) edits.push({ kind: "set", path: [...base, "steps", step.id, "approval", "action"], value: next });
  }
  const texts: Edit[] = [];
  for (const part of ["steps", "edges", "output"]) references(body[part], id, [...base, part], texts);
  for (const one of texts) if (one.kind === "set" && typeof one.value === "string") edits.push({ ...one, value: one.value.replace(STEP_REFERENCE(id), (_, scope: string) => `${scope}.${next}`) });
  edits.push({ kind: "rename", path: [...base, "steps", id], key: next });
  const ui = isObject(root["ui"]) && isObject(root["ui"]["positions"]) ? Object.keys(root["ui"]["positions"]) : [];
  const old = fullName(level, id);
  for (const name of ui) if (name === old || name.startsWith(`${old}/`)) edits.push({ kind: "rename", path: ["ui", "positions", name], key: fullName(level, next) + name.slice(old.length) });
  return applyEdits(text, edits);
}

export interface Clip {
  steps: { id: string; value: Values; point: Point | null }[];
  edges: Values[];
}

export function copySteps(view: LevelView, ids: ReadonlySet<string>, points: ReadonlyMap<string, Point>): Clip {
  const steps = view.steps.filter((step) => ids.has(step.id)).map((step) => ({ id: step.id, value: step.value, point: points.get(step.id) ?? null }));
  const edges = view.edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to)).map(({ at: _, ...edge }): Values => ({ ...edge }));
  return { steps, edges };
}

/** Pasted steps get free names; edges among them and what they say of each other follow. */
export function pasteSteps(text: string, level: Level, clip: Clip, by: Point): { text: string; ids: string[] } {
  const view = viewOf(readFlow(text).root ?? {}, level);
  const taken = new Set(view.steps.map((step) => step.id));
  const names = new Map<string, string>();
  for (const step of clip.steps) {
    const name = freeName(step.id, taken);
    taken.add(name);
    names.set(step.id, name);
  }
  const renamed = (value: unknown): unknown => {
    if (typeof value === "string") return [...names].reduce((one, [from, to]) => one.replace(STEP_REFERENCE(from), (_, scope: string) => `${scope}.${to}`), value);
    if (Array.isArray(value)) return value.map(renamed);
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, renamed(one)])) : value;
  };
  let next = text;
  for (const step of clip.steps) {
    const value = renamed(step.value) as Values;
    const action = isObject(value["approval"]) ? value["approval"]["action"] : undefined;
    if (typeof action === "string" && names.has(action)) value["approval"] = { ...(value["approval"] as Values), action: names.get(action) };
    next = addStep(next, level, names.get(step.id) ?? step.id, value, step.point && { x: step.point.x + by.x, y: step.point.y + by.y });
  }
  for (const edge of clip.edges) {
    const value: Values = { from: names.get(String(edge["from"])), to: names.get(String(edge["to"])) };
    if (edge["on"] !== "ok") value["on"] = edge["on"];
    if (edge["when"] !== undefined) value["when"] = renamed(edge["when"]);
    if (edge["otherwise"]) value["otherwise"] = true;
    next = applyEdit(next, { kind: "append", path: [...levelPath(level), "edges"], value });
  }
  return { text: next, ids: [...names.values()] };
}

/** The lines of the text on which the steps of a level begin, in order. */
export function stepLines(text: string, level: Level): { id: string; line: number }[] {
  const document = parseDocument(text);
  const steps = document.getIn([...levelPath(level), "steps"], true);
  if (!isMap(steps)) return [];
  const starts: { id: string; line: number }[] = [];
  for (const pair of steps.items) {
    if (!isScalar(pair.key) || !pair.key.range) continue;
    starts.push({ id: String(pair.key.value), line: text.slice(0, pair.key.range[0]).split("\n").length });
  }
  return starts;
}

export function stepAtLine(lines: readonly { id: string; line: number }[], line: number): string | null {
  return lines.findLast((one) => one.line <= line)?.id ?? null;
}

/** Where a problem is, by its pointer into the body: a step (with the maps around it), an edge, or the flow. */
export function placeOf(pointer: string): { level: string[]; step: string | null; edge: number | null } {
  const parts = pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (parts[0] === "flow") parts.shift();
  const level: string[] = [];
  while (parts[0] === "steps" && parts[2] === "map" && parts[3] === "body") {
    level.push(parts[1] ?? "");
    parts.splice(0, 4);
  }
  const step = parts[0] === "steps" ? (parts[1] ?? null) : null;
  const edge = parts[0] === "edges" && parts[1] !== undefined ? Number(parts[1]) : null;
  return { level, step, edge };
}

/** A flow that runs one step alone: what came before answers with pinned outputs, and nothing comes after. */
export function loneStep(root: Values, id: string, outputs: Readonly<Record<string, unknown>>): Values {
  const view = viewOf(root, []);
  const steps: Values = {};
  const edges: Values[] = [];
  let before: string | null = null;
  for (const [name, output] of Object.entries(outputs)) {
    if (name === id || !view.steps.some((step) => step.id === name)) continue;
    steps[name] = { builtin: "noop", sandbox: { output } };
    if (before !== null) edges.push({ from: before, to: name });
    before = name;
  }
  const own = view.steps.find((step) => step.id === id)?.value ?? {};
  const { join: _join, rest: _rest, visits: _visits, compensate: _compensate, ...kept } = own;
  if (isObject(kept["approval"])) {
    const { action: _action, ...approval } = kept["approval"];
    kept["approval"] = approval;
  }
  steps[id] = kept;
  if (before !== null) edges.push({ from: before, to: id });
  const { edges: _edges, output: _output, ui: _ui, start: _start, ...rest } = root;
  return { ...rest, start: Object.keys(steps)[0] ?? id, steps, edges };
}
