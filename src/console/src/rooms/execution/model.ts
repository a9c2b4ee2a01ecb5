// An execution as it is shown: its attempts as a tree, the items of maps gathered, and what each kind of work took of the time.
import type { Schemas } from "../../api/client";

/** An attempt as the list tells it. What went in and out of it is read when somebody looks at it. */
export type Step = Omit<Schemas["AttemptView"], "checks"> & { checks?: Schemas["AttemptView"]["checks"] };
export type Record_ = Schemas["Record"];

/** Whose time it is. */
export type Work = "model" | "tool" | "person" | "child" | "item" | "own";
export const WORK_LABEL: Record<Work, string> = { model: "Model", tool: "Tool", person: "Person", child: "Child execution", item: "Item", own: "Flowgate" };

/** One line of the timeline: an attempt, or an item of a map. */
export interface Line {
  /** The attempt's name, `path/step#visit.attempt`; of an item its path, `map[3]`. */
  id: string;
  name: string;
  /** The step without visits and items: `map/step`. What the graph and the flow call it. */
  step: string;
  work: Work;
  /** As `Status` knows it. */
  status: string;
  startMs: number;
  /** 0: open. */
  endMs: number;
  visit: number;
  attempt: number;
  /** The item of the map that it belongs to, or is. */
  item: number | null;
  /** The agent's turn, or the correction, in which it was asked for. */
  turn: string | null;
  depth: number;
  costUsd: number;
  tokens: number;
  /** Null: an item of a map. */
  raw: Step | null;
  parent: Line | null;
  lines: Line[];
}

export interface Tree {
  /** Every attempt is in it; otherwise those that began first. */
  isWhole: boolean;
  /** As many as the execution has. */
  total: number;
  roots: Line[];
  byId: ReadonlyMap<string, Line>;
  /** Every attempt, in the order of the trace; items of maps are not among them. */
  attempts: readonly Line[];
}

const STATES: Record<string, string> = { completed: "SUCCESS", failed: "ERROR", running: "RUNNING", waiting: "WAITING", cancelled: "CANCELLED", in_doubt: "IN_DOUBT", lost: "LOST" };
/** An item looks like the worst that is in it. */
const WORSE = ["SUCCESS", "LOST", "CANCELLED", "RUNNING", "WAITING", "ERROR", "IN_DOUBT"];
const INSIDE = /(?:@(\d+|cycle\d+))?(?:\[(\d+)\])?$/;
const PLACES = /#\d+(\.\d+)?|@(\d+|cycle\d+)|\[\d+\]/g;

export function statusOf(step: Step): string {
  return STATES[step.state] ?? step.status;
}

export function workOf(step: Step): Work {
  if (step.type === "LLM_STEP") return "model";
  if (step.type === "HITL") return "person";
  if (step.type === "TOOL") return step.childExecutionId ? "child" : "tool";
  return "own";
}

interface Parts {
  container: string;
  name: string;
  visit: number;
  attempt: number;
  item: number | null;
  turn: string | null;
}

/** An attempt's name, taken apart. */
export function partsOf(id: string): Parts {
  // Without patterns where there are many: an execution has thousands of these.
  const slash = id.lastIndexOf("/");
  const container = slash < 0 ? "" : id.slice(0, slash);
  const hash = id.lastIndexOf("#");
  const known = hash > slash ? hash : id.length;
  const dot = id.indexOf(".", known);
  const visit = Number(id.slice(known + 1, dot < 0 ? undefined : dot)) || 1;
  const attempt = dot < 0 ? 1 : Number(id.slice(dot + 1)) || 1;
  const [, turn, item] = container === "" ? [] : (INSIDE.exec(container) ?? []);
  return { container, name: id.slice(slash + 1, known), visit, attempt, item: turn === undefined && item !== undefined ? Number(item) : null, turn: turn ?? null };
}

/** The step that an attempt is of, as the flow calls it. */
export function stepOf(id: string): string {
  return id.replace(PLACES, "");
}

function lineOf(step: Step, parts: Parts, parent: Line | null): Line {
  const { name, visit, attempt, item, turn } = parts;
  const depth = parent ? parent.depth + 1 : 0;
  return {
    id: step.id, name: step.displayName || name, step: parent ? `${parent.step}/${name}` : stepOf(step.id), work: workOf(step), status: statusOf(step), startMs: step.startTime, endMs: step.endTime, visit, attempt, item, turn, depth,
    costUsd: step.totalCost, tokens: step.inputTokens + step.outputTokens, raw: step, parent, lines: [],
  };
}

/** The attempts as a tree. What belongs to an item of a map stands below that item. An attempt comes behind the one that it belongs to. */
export function treeOf(steps: readonly Step[], total = steps.length): Tree {
  const byId = new Map<string, Line>();
  const items = new Map<string, Line>();
  const attempts: Line[] = [];
  const all: Line[] = [];
  const roots: Line[] = [];
  for (const step of steps) {
    const parts = partsOf(step.id);
    const { item, container } = parts;
    const home = step.parentId ? (byId.get(step.parentId) ?? null) : null;
    let around = home;
    if (item !== null && home) {
      const key = `${home.id}\n${container}`;
      around = items.get(key) ?? null;
      if (!around) {
        around = itemLine(container, item, home);
        items.set(key, around);
        byId.set(container, around);
        all.push(around);
        home.lines.push(around);
      }
    }
    const line = lineOf(step, parts, around);
    byId.set(line.id, line);
    attempts.push(line);
    all.push(line);
    (around ? around.lines : roots).push(line);
  }
  // What is inside comes behind, so that everything inside is summed up before what it stands in.
  for (let at = all.length - 1; at >= 0; at -= 1) {
    const line = all[at];
    if (!line || line.lines.length === 0) continue;
    if (!line.raw) close(line);
    else if (line.costUsd === 0) {
      for (const one of line.lines) {
        line.costUsd += one.costUsd;
        line.tokens += one.tokens;
      }
    }
    if (line.lines.some((one) => !one.raw)) line.lines.sort((left, right) => (left.item ?? 0) - (right.item ?? 0));
  }
  return { isWhole: attempts.length >= total, total, roots, byId, attempts };
}

function itemLine(id: string, item: number, parent: Line): Line {
  const depth = parent.depth + 1;
  return { id, name: `${parent.name}[${item}]`, step: parent.step, work: "item", status: "SUCCESS", startMs: 0, endMs: 0, visit: parent.visit, attempt: 1, item, turn: null, depth, costUsd: 0, tokens: 0, raw: null, parent, lines: [] };
}

/** An item begins with its first attempt and ends with its last; of each step, the last attempt counts. */
function close(item: Line): void {
  const last = new Map<string, Line>();
  let isOpen = false;
  for (const line of item.lines) {
    last.set(line.step, line);
    item.costUsd += line.costUsd;
    item.tokens += line.tokens;
    if (line.startMs > 0 && (item.startMs === 0 || line.startMs < item.startMs)) item.startMs = line.startMs;
    if (line.endMs === 0) isOpen = true;
    else item.endMs = Math.max(item.endMs, line.endMs);
  }
  if (isOpen) item.endMs = 0;
  item.status = worst([...last.values()].map((line) => line.status));
}

export function worst(statuses: readonly string[]): string {
  return statuses.reduce((held, one) => (WORSE.indexOf(one) > WORSE.indexOf(held) ? one : held), "SUCCESS");
}

export interface StepState {
  status: string;
  visits: number;
}

/** For each step of a level of the flow (`""`, or the maps on the way: `each`): how it stands and how many attempts there were. */
export function statesAt(tree: Tree, level: readonly string[]): Map<string, StepState> {
  const prefix = level.length > 0 ? `${level.join("/")}/` : "";
  const found = new Map<string, { last: Map<string, string>; visits: number }>();
  for (const line of tree.attempts) {
    if (!line.step.startsWith(prefix)) continue;
    const id = line.step.slice(prefix.length);
    if (id.includes("/")) continue;
    const known = found.get(id) ?? { last: new Map<string, string>(), visits: 0 };
    // Of each item the last one counts, and of all items the worst.
    known.last.set(partsOf(line.id).container, line.status);
    known.visits += 1;
    found.set(id, known);
  }
  return new Map([...found].map(([id, one]) => [id, { status: worst([...one.last.values()]), visits: one.visits }]));
}

/** Other attempts of the same place: its visits, and the tries of each. */
export function siblingsOf(tree: Tree, line: Line): Line[] {
  const { container, name } = partsOf(line.id);
  const among = line.parent ? line.parent.lines : tree.roots;
  return among.filter((one) => {
    const parts = partsOf(one.id);
    return one.raw !== null && parts.container === container && parts.name === name;
  });
}

/** Whether a line stands open at first: not what would fill the page. */
const OPEN_MAX = 40;
export function opensAtFirst(line: Line): boolean {
  return line.lines.length > 0 && line.lines.length <= OPEN_MAX && (line.work !== "item" || (line.parent?.lines.length ?? 0) <= 8);
}

export interface Shown {
  /** Lines that stand open or closed against what they do at first. */
  turned: ReadonlySet<string>;
  /** Lower case; empty: everything. */
  text: string;
  only: "" | "failed" | "open" | "people";
}

/** The lines that are shown, in order. With a filter the attempts that fit, each by itself. */
export function linesShown(tree: Tree, shown: Shown): Line[] {
  if (shown.text !== "" || shown.only !== "") return tree.attempts.filter((line) => fits(line, shown));
  const lines: Line[] = [];
  const walk = (inside: readonly Line[]) => {
    for (const line of inside) {
      lines.push(line);
      if (line.lines.length > 0 && isOpen(line, shown.turned)) walk(line.lines);
    }
  };
  walk(tree.roots);
  return lines;
}

export function isOpen(line: Line, turned: ReadonlySet<string>): boolean {
  return opensAtFirst(line) !== turned.has(line.id);
}

function fits(line: Line, shown: Shown): boolean {
  if (shown.only === "failed" && !["ERROR", "IN_DOUBT", "LOST"].includes(line.status)) return false;
  if (shown.only === "open" && !["RUNNING", "WAITING", "IN_DOUBT"].includes(line.status)) return false;
  if (shown.only === "people" && line.work !== "person") return false;
  return shown.text === "" || line.id.toLowerCase().includes(shown.text) || (line.raw?.error ?? "").toLowerCase().includes(shown.text);
}

/** With `id` chosen, everything around it has to stand open. */
export function openedTo(tree: Tree, id: string, turned: ReadonlySet<string>): ReadonlySet<string> {
  let next = turned;
  for (let line = tree.byId.get(id)?.parent ?? null; line; line = line.parent) {
    if (isOpen(line, next)) continue;
    const changed: Set<string> = new Set(next);
    if (!changed.delete(line.id)) changed.add(line.id);
    next = changed;
  }
  return next;
}

/** An error inside of what went well was borne. */
function areBad(line: Line | null): boolean {
  for (let around = line; around; around = around.parent) if (around.status !== "ERROR") return false;
  return true;
}

/** The attempt that an execution failed with: the last one that failed, and was not made good by another try. */
export function failedAt(tree: Tree): Line | null {
  return tree.attempts.findLast((line) => line.status === "ERROR" && line.raw?.error && !isUndo(line) && areBad(line.parent) && siblingsOf(tree, line).at(-1) === line) ?? null;
}

/** The call that takes a completed step back; its name begins with `undo/`, and it belongs to nothing. */
export function isUndo(line: Line): boolean {
  return line.parent === null && line.raw !== null && line.id.startsWith("undo/");
}

export type Times = Record<"model" | "tool" | "person", number>;

/** How long models, tools and people took: what runs at once counts once. */
export function timesOf(tree: Tree, nowMs: number): Times {
  const spans: Record<keyof Times, [number, number][]> = { model: [], tool: [], person: [] };
  for (const line of tree.attempts) {
    const kind = line.work;
    if ((kind !== "model" && kind !== "tool" && kind !== "person") || line.startMs === 0) continue;
    spans[kind].push([line.startMs, line.endMs === 0 ? nowMs : line.endMs]);
  }
  const sum = (all: [number, number][]) => union(all).reduce((total, [from, to]) => total + to - from, 0);
  return { model: sum(spans.model), tool: sum(spans.tool), person: sum(spans.person) };
}

/** Spans that touch become one. */
export function union(spans: readonly (readonly [number, number])[]): [number, number][] {
  const sorted = [...spans].sort((left, right) => left[0] - right[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, Math.max(from, to)]);
  }
  return joined;
}
