// Two revisions in one graph: every step and edge that either has, and what became of it.
import type { Schemas } from "../../../api/client";
import type { Mark } from "../Canvas";
import { readFlow, viewOf, type EdgeView, type Level } from "./flow";

/** Both revisions in one graph, with what became of each step and edge. */
export function compared(before: string, after: string, diff: Schemas["Diff"], level: Level) {
  const old = viewOf(readFlow(before).root ?? {}, level);
  const now = viewOf(readFlow(after).root ?? {}, level);
  const has = new Set(now.steps.map((one) => one.id));
  const gone = old.steps.filter((one) => !has.has(one.id));
  const marks = new Map<string, Mark>(gone.map((one) => [one.id, "removed"]));
  const was = new Set(old.steps.map((one) => one.id));
  for (const one of now.steps) if (!was.has(one.id)) marks.set(one.id, "added");
  for (const one of diff.steps.changed) {
    const parts = one.step.split("/");
    const id = parts[level.length];
    if (id !== undefined && !marks.has(id) && level.every((map, at) => parts[at] === map)) marks.set(id, "changed");
  }
  const same = (a: EdgeView, b: EdgeView) => a.from === b.from && a.to === b.to && a.on === b.on;
  const lost = old.edges.filter((one) => !now.edges.some((other) => same(one, other))).map((one, at) => ({ ...one, at: 100_000 + at }));
  const edgeMarks = new Map<number, Mark>(lost.map((one) => [one.at, "removed"]));
  for (const one of now.edges) {
    const twin = old.edges.find((other) => same(one, other));
    if (!twin) edgeMarks.set(one.at, "added");
    else if (twin.when !== one.when || twin.otherwise !== one.otherwise) edgeMarks.set(one.at, "changed");
  }
  return { view: { ...now, steps: [...now.steps, ...gone], edges: [...now.edges, ...lost] }, marks, edgeMarks };
}
