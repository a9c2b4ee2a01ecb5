// Where steps stand when nobody has placed them: below those that lead to them. Long flows are laid out piece by piece, from one step that
// everything passes to the next, which looks the same and takes a fraction of the time.
import { Graph, layout } from "@dagrejs/dagre";
import type { EdgeView, LevelView, Point } from "./flow";

export const NODE_WIDTH = 216;
export const NODE_HEIGHT = 60;
const BESIDE = 36;
/** Room for what an edge says. */
const BELOW = 72;

type Joint = Pick<EdgeView, "from" | "to" | "at">;

/** Steps that have a place keep it unless `all`. */
export function placed(view: LevelView, all = false): Map<string, Point> {
  const points = new Map<string, Point>(all ? [] : view.positions);
  const open = view.steps.filter((step) => !points.has(step.id));
  if (open.length === 0) return points;
  const known = new Set(view.steps.map((step) => step.id));
  const laid = laidOut([...known], view.edges.filter((edge) => known.has(edge.from) && known.has(edge.to) && edge.from !== edge.to), view.start);
  // New steps keep their distance to the drawing that is there.
  const anchor = view.steps.find((step) => points.has(step.id));
  const origin = { x: 0, y: 0 };
  const at = (anchor && laid.get(anchor.id)) ?? origin;
  const to = (anchor && points.get(anchor.id)) ?? at;
  for (const step of open) {
    const point = laid.get(step.id) ?? origin;
    points.set(step.id, { x: point.x + to.x - at.x, y: point.y + to.y - at.y });
  }
  return points;
}

function laidOut(ids: readonly string[], edges: readonly Joint[], start: string | null): Map<string, Point> {
  const ranks = ranksOf(ids, edges, start);
  const rows: string[][] = [];
  for (const id of ids) (rows[ranks.get(id) ?? 0] ??= []).push(id);
  const waists = waistsOf(rows, edges, ranks);
  const points = new Map<string, Point>();
  const bounds = [...new Set([0, ...waists, rows.length - 1])].sort((a, b) => a - b);
  if (bounds.length === 1) bounds.push(0);
  for (let at = 1; at < bounds.length; at += 1) {
    const [top = 0, bottom = 0] = [bounds[at - 1], bounds[at]];
    const inside = rows.slice(top, bottom + 1).flat();
    const within = new Set(inside);
    const piece = pieceOf(inside, edges.filter((edge) => within.has(edge.from) && within.has(edge.to)));
    // The first step of a piece is the last of the piece before it.
    const joint = at === 1 ? undefined : rows[top]?.[0];
    const [here, there] = [joint === undefined ? undefined : piece.get(joint), joint === undefined ? undefined : points.get(joint)];
    const by = here && there ? { x: there.x - here.x, y: there.y - here.y } : { x: 0, y: 0 };
    for (const [id, point] of piece) if (id !== joint) points.set(id, { x: Math.round(point.x + by.x), y: Math.round(point.y + by.y) });
  }
  return points;
}

/** The longest way to each step, loops not counted. */
function ranksOf(ids: readonly string[], edges: readonly Joint[], start: string | null): Map<string, number> {
  const after = new Map<string, string[]>(ids.map((id) => [id, []]));
  const entered = new Set<string>();
  for (const edge of edges) {
    after.get(edge.from)?.push(edge.to);
    entered.add(edge.to);
  }
  const roots = [...new Set([...(start === null ? [] : [start]), ...ids.filter((id) => !entered.has(id)), ...ids])].filter((id) => after.has(id));
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const forward = new Map<string, string[]>();
  for (const root of roots) {
    if (state.has(root)) continue;
    const stack = [{ id: root, next: 0 }];
    state.set(root, "open");
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const to = after.get(top.id)?.[top.next];
      top.next += 1;
      if (to === undefined) {
        state.set(top.id, "done");
        order.push(top.id);
        stack.pop();
      } else if (state.get(to) !== "open") {
        forward.set(top.id, [...(forward.get(top.id) ?? []), to]);
        if (!state.has(to)) {
          state.set(to, "open");
          stack.push({ id: to, next: 0 });
        }
      }
    }
  }
  const ranks = new Map<string, number>(ids.map((id) => [id, 0]));
  for (const id of order.reverse()) for (const to of forward.get(id) ?? []) ranks.set(to, Math.max(ranks.get(to) ?? 0, (ranks.get(id) ?? 0) + 1));
  return ranks;
}

/** Rows of one step that no edge passes by. */
function waistsOf(rows: readonly string[][], edges: readonly Joint[], ranks: ReadonlyMap<string, number>): number[] {
  const passing = new Array<number>(rows.length + 1).fill(0);
  const count = (at: number, by: number) => void (passing[at] = (passing[at] ?? 0) + by);
  for (const edge of edges) {
    const [one, other] = [ranks.get(edge.from) ?? 0, ranks.get(edge.to) ?? 0];
    const [top, bottom] = [Math.min(one, other), Math.max(one, other)];
    if (bottom - top < 2) continue;
    count(top + 1, 1);
    count(bottom, -1);
  }
  let open = 0;
  return rows.flatMap((row, at) => {
    open += passing[at] ?? 0;
    return row.length === 1 && open === 0 ? [at] : [];
  });
}

/** Pieces of the same shape look the same: one is laid out for all of them, and once while the flow is worked on. */
const SHAPES_MAX = 500;
const shapes = new Map<string, Point[]>();

function pieceOf(ids: readonly string[], edges: readonly Joint[]): Map<string, Point> {
  const placeOf = new Map(ids.map((id, at) => [id, at]));
  const shape = `${ids.length}:${edges.map((edge) => `${placeOf.get(edge.from)}-${placeOf.get(edge.to)}`).join(",")}`;
  let points = shapes.get(shape);
  if (!points) {
    points = laidOutWhole(ids, edges);
    if (shapes.size >= SHAPES_MAX) shapes.clear();
    shapes.set(shape, points);
  }
  return new Map(ids.map((id, at) => [id, points[at] ?? { x: 0, y: 0 }]));
}

function laidOutWhole(ids: readonly string[], edges: readonly Joint[]): Point[] {
  if (ids.length === 1) return [{ x: 0, y: 0 }];
  if (ids.length === 2 && edges.length > 0) return [{ x: 0, y: 0 }, { x: 0, y: NODE_HEIGHT + BELOW }];
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: BESIDE, ranksep: BELOW, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const edge of edges) graph.setEdge(edge.from, edge.to, {}, String(edge.at));
  layout(graph);
  return ids.map((id) => {
    const node = graph.node(id) as { x: number; y: number };
    return { x: node.x - NODE_WIDTH / 2, y: node.y - NODE_HEIGHT / 2 };
  });
}
