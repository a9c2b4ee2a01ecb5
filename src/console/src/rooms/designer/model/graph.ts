// What the edges say about the steps: which come for certain before which, and what may be spoken of where.
import type { EdgeView, Level, StepView, Values } from "./flow";
import { bodyAt, viewOf } from "./flow";
import { isObject } from "./edits";

/** Every step with those that every way to it goes through, itself among them; steps that nothing reaches are left out. */
export function dominators(ids: readonly string[], edges: readonly Pick<EdgeView, "from" | "to">[], start: string | null): Map<string, Set<string>> {
  const known = new Set(ids);
  const entered = new Set(edges.map((edge) => edge.to));
  const starts = start !== null && known.has(start) ? [start] : ids.filter((id) => !entered.has(id));
  const before = new Map<string, string[]>(ids.map((id) => [id, []]));
  const after = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to } of edges) {
    if (!known.has(from) || !known.has(to)) continue;
    before.get(to)?.push(from);
    after.get(from)?.push(to);
  }
  const order = reversePostorder(starts, after);
  const result = new Map<string, Set<string>>();
  for (const id of starts) result.set(id, new Set([id]));
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const id of order) {
      if (starts.includes(id)) continue;
      let common: Set<string> | null = null;
      for (const one of before.get(id) ?? []) {
        const sets = result.get(one);
        if (!sets) continue;
        common = both(common, sets);
      }
      if (common === null) continue;
      common.add(id);
      const old = result.get(id);
      if (old?.size === common.size) continue;
      result.set(id, common);
      isChanged = true;
    }
  }
  return result;
}

function both(left: Set<string> | null, right: Set<string>): Set<string> {
  return left === null ? new Set(right) : new Set([...left].filter((name) => right.has(name)));
}

function reversePostorder(starts: readonly string[], after: ReadonlyMap<string, string[]>): string[] {
  const seen = new Set<string>();
  const order: string[] = [];
  for (const first of starts) {
    if (seen.has(first)) continue;
    seen.add(first);
    const stack: { id: string; next: number }[] = [{ id: first, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (!top) break;
      const to = after.get(top.id)?.[top.next];
      top.next += 1;
      if (to === undefined) {
        order.push(top.id);
        stack.pop();
      } else if (!seen.has(to)) {
        seen.add(to);
        stack.push({ id: to, next: 0 });
      }
    }
  }
  return order.reverse();
}

/** Steps from which a step can be reached, itself only in a loop. */
export function ancestors(edges: readonly Pick<EdgeView, "from" | "to">[], id: string): Set<string> {
  const before = new Map<string, string[]>();
  for (const { from, to } of edges) before.set(to, [...(before.get(to) ?? []), from]);
  const found = new Set<string>();
  const open = [...(before.get(id) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(before.get(next) ?? []));
  }
  return found;
}

// -- names in scope ---------------------------------------------------------------------------------------------------------------------

export interface ScopeName {
  /** As one writes it: `steps.order.output.total`. */
  name: string;
  type: string;
  /** False: the step may not have run; ask with `has(…)`. */
  isSure: boolean;
  /** From where it is, for people. */
  from: string;
}

const DEPTH_MAX = 4;

/** How one writes that a value has a name. */
function member(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function fromSchema(prefix: string, schema: unknown, from: string, isSure: boolean, names: ScopeName[], depth = 0): void {
  const type = isObject(schema) && typeof schema["type"] === "string" ? schema["type"] : "any";
  names.push({ name: prefix, type, isSure, from });
  const properties = isObject(schema) && isObject(schema["properties"]) ? schema["properties"] : {};
  if (depth < DEPTH_MAX) for (const [key, inner] of Object.entries(properties)) fromSchema(`${prefix}${member(key)}`, inner, from, isSure, names, depth + 1);
}

/** What the output of a step looks like, as far as the flow says: its schema, its form, its names, or what its rehearsal answers. */
export function outputSchema(step: StepView): unknown {
  const inside = step.kind ? step.value[step.kind] : undefined;
  const spec = isObject(inside) ? inside : {};
  if ((step.kind === "llm" || step.kind === "agent") && spec["output"] !== undefined) return spec["output"];
  if (step.kind === "ask" && spec["form"] !== undefined) return spec["form"];
  if (step.kind === "set") return { type: "object", properties: Object.fromEntries(Object.keys(spec).map((key) => [key, {}])) };
  if (step.kind === "llm" || step.kind === "agent") return { type: "string" };
  if (step.kind === "map") return { type: "array" };
  const sandbox = step.value["sandbox"];
  return isObject(sandbox) && sandbox["output"] !== undefined ? schemaOf(sandbox["output"]) : {};
}

export function schemaOf(value: unknown): Values {
  if (Array.isArray(value)) return { type: "array" };
  if (isObject(value)) return { type: "object", properties: Object.fromEntries(Object.entries(value).map(([key, one]) => [key, schemaOf(one)])) };
  return value === null ? {} : { type: typeof value };
}

/** Every name that a step may speak of, the sure ones first. Null: the flow's `output`, where any step may have run. */
export function namesInScope(root: Values, level: Level, id: string | null): ScopeName[] {
  const names: ScopeName[] = [];
  fromSchema("input", root["input"], "the input", true, names);
  const config = isObject(root["config"]) ? root["config"] : {};
  for (const [key, value] of Object.entries(config)) names.push({ name: `config${member(key)}`, type: typeof value, isSure: true, from: "the configuration" });
  const unsure: ScopeName[] = [];
  for (let depth = 0; depth <= level.length; depth += 1) {
    const outer = level.slice(0, depth);
    const target = depth === level.length ? id : (level[depth] ?? null);
    if (!bodyAt(root, outer)) break;
    const view = viewOf(root, outer);
    const sure = target === null ? new Set<string>() : (dominators(view.steps.map((one) => one.id), view.edges, view.start).get(target) ?? new Set<string>());
    const before = target === null ? new Set(view.steps.map((one) => one.id)) : ancestors(view.edges, target);
    for (const step of view.steps) {
      if (step.id === target || !before.has(step.id)) continue;
      const isSure = sure.has(step.id);
      fromSchema(`steps.${step.id}.output`, outputSchema(step), step.title || step.id, isSure, isSure ? names : unsure);
    }
    const map = target === null ? undefined : view.steps.find((one) => one.id === target)?.value["map"];
    if (depth < level.length && isObject(map)) {
      names.push({ name: "item", type: "any", isSure: true, from: `each of ${target}` }, { name: "index", type: "integer", isSure: true, from: `each of ${target}` });
      if (typeof map["as"] === "string") names.push({ name: map["as"], type: "any", isSure: true, from: `each of ${target}` });
    }
  }
  for (const name of ["execution.id", "session.id", "context"]) names.push({ name, type: name === "context" ? "object" : "string", isSure: true, from: "the execution" });
  return [...names, ...unsure];
}

/** The unfinished name before the caret. */
export function wordBefore(text: string, caret: number): string {
  return /[A-Za-z_][\w.]*$/.exec(text.slice(0, caret))?.[0] ?? "";
}

export function completions(names: readonly ScopeName[], word: string, max = 12): ScopeName[] {
  if (word === "") return [];
  const lower = word.toLowerCase();
  const starts = names.filter((one) => one.name.toLowerCase().startsWith(lower) && one.name !== word);
  const holds = names.filter((one) => !one.name.toLowerCase().startsWith(lower) && one.name.toLowerCase().includes(lower));
  return [...starts, ...holds].slice(0, max);
}
