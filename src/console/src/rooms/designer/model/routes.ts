// How edges run: straight down where they can, otherwise beside the steps that stand in the way, and where what they say can be read.
import type { LevelView, Point } from "./flow";
import { portsOf } from "./flow";
import { NODE_HEIGHT, NODE_WIDTH } from "./layout";

export interface Route {
  /** The corners, from the port to the step that it enters. */
  corners: Point[];
  /** The middle of the label. */
  label: Point;
}
interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}
interface Line {
  from: Point;
  to: Point;
  /** The step and its port; edges of the same one may share their way. */
  source: string;
  target: string;
}
type Names = { step: string; source: string; target: string };

const CLEAR = 10;
const CHANNEL = 14;
const HEIGHTS = [24, 34, 44];
const COLUMNS_MAX = 24;
const HIT_COST = 2_000;
const SHARED_COST = 150;
const BEND_COST = 30;
const LABEL_HEIGHT = 20;
const LETTER_WIDTH = 6.5;
const LABEL_MAX = 190;
/** What is left between a label and whatever is beside it. */
const LABEL_CLEAR = 2;

export function labelWidth(text: string): number {
  return Math.min(LABEL_MAX, text.length * LETTER_WIDTH + 12);
}

/** Every edge's way, by its place in the list. `words`: what each says; empty for nothing. */
export function routesOf(view: LevelView, points: ReadonlyMap<string, Point>, words: ReadonlyMap<number, string>): Map<number, Route> {
  const boxes = [...points].map(([id, point]): Box & { id: string } => ({ id, left: point.x, right: point.x + NODE_WIDTH, top: point.y, bottom: point.y + NODE_HEIGHT })).sort((a, b) => a.top - b.top);
  const ends = endsOf(view, points);
  const routes = new Map<number, Route>();
  const used: Line[] = [];
  const labels: Box[] = [];
  const length = (at: number) => {
    const [from, to] = ends.get(at) ?? [];
    return from && to ? Math.abs(to.y - from.y) + Math.abs(to.x - from.x) : 0;
  };
  const ordered = view.edges.filter((edge) => ends.has(edge.at)).sort((a, b) => length(a.at) - length(b.at));
  for (const edge of ordered) {
    const [from, to] = ends.get(edge.at) ?? [];
    if (!from || !to) continue;
    const names = { step: edge.from, source: `${edge.from}:${edge.on}`, target: edge.to };
    const corners = wayOf(from, to, boxes, used, names);
    for (let at = 1; at < corners.length; at += 1) used.push({ from: corners[at - 1] ?? from, to: corners[at] ?? to, source: names.source, target: names.target });
    routes.set(edge.at, { corners, label: middleOf(corners) });
  }
  // Labels come last: each where it hides nothing and nothing hides it.
  for (const edge of ordered) {
    const route = routes.get(edge.at);
    const text = words.get(edge.at) ?? "";
    if (!route || text === "") continue;
    route.label = placeFor(route.corners, labelWidth(text), boxes, labels);
    labels.push(boxAround(route.label, labelWidth(text)));
  }
  return routes;
}

/** Where edges leave and enter, as their steps and ports stand. */
function endsOf(view: LevelView, points: ReadonlyMap<string, Point>): Map<number, [Point, Point]> {
  const ports = new Map(view.steps.map((step) => [step.id, portsOf(step)]));
  for (const edge of view.edges) if (!ports.get(edge.from)?.includes(edge.on)) ports.get(edge.from)?.push(edge.on);
  const ends = new Map<number, [Point, Point]>();
  for (const edge of view.edges) {
    const [source, target, all] = [points.get(edge.from), points.get(edge.to), ports.get(edge.from)];
    if (!source || !target || !all) continue;
    const from = { x: source.x + (NODE_WIDTH * (all.indexOf(edge.on) + 1)) / (all.length + 1), y: source.y + NODE_HEIGHT };
    ends.set(edge.at, [from, { x: target.x + NODE_WIDTH / 2, y: target.y }]);
  }
  return ends;
}

function through(from: Point, to: Point, column: number, out: number, into: number): Point[] {
  const all = [from, { x: from.x, y: from.y + out }, { x: column, y: from.y + out }, { x: column, y: to.y - into }, { x: to.x, y: to.y - into }, to];
  return all.filter((one, at) => {
    const [before, after] = [all[at - 1], all[at + 1]];
    if (before && before.x === one.x && before.y === one.y) return false;
    // What lies on a straight line is no corner.
    return !(before && after && ((before.x === one.x && one.x === after.x) || (before.y === one.y && one.y === after.y)) && isBetween(before, one, after));
  });
}

function isBetween(before: Point, one: Point, after: Point): boolean {
  return (one.x - before.x) * (after.x - one.x) + (one.y - before.y) * (after.y - one.y) >= 0;
}

type Named = Box & { id: string };

function wayOf(from: Point, to: Point, boxes: readonly Named[], used: readonly Line[], names: Names): Point[] {
  const isDown = to.y - from.y > 2 * (HEIGHTS[0] ?? 0);
  const [top, bottom] = [Math.min(from.y, to.y) - 60, Math.max(from.y, to.y) + 60];
  const near = boxes.filter((box) => box.bottom > top && box.top < bottom);
  const busy = used.filter((line) => Math.max(line.from.y, line.to.y) > top && Math.min(line.from.y, line.to.y) < bottom);
  const isOut = (at: number) => isDown && Math.abs(to.y - from.y) < at * 2;
  const middle = Math.min(HEIGHTS[0] ?? 0, (to.y - from.y) / 2);
  let best: { corners: Point[]; cost: number } | null = null;
  const consider = (column: number, out: number, into: number) => {
    const corners = through(from, to, column, out, into);
    const cost = costOf(corners, near, busy, names);
    if (!best || cost < best.cost) best = { corners, cost };
    return cost < HIT_COST && cost < Math.abs(to.y - from.y) + Math.abs(to.x - from.x) + SHARED_COST;
  };
  if (to.y > from.y + 8 && consider(to.x, isDown ? (HEIGHTS[0] ?? 0) : middle, isDown ? (HEIGHTS[0] ?? 0) : middle)) return (best as { corners: Point[] } | null)?.corners ?? [from, to];
  const columns = new Set([to.x, from.x]);
  for (const box of near) {
    for (const lane of [1, 2, 3]) {
      columns.add(box.left - CHANNEL * lane);
      columns.add(box.right + CHANNEL * lane);
    }
  }
  const away = (column: number) => Math.abs(column - from.x) + Math.abs(column - to.x);
  for (const column of [...columns].sort((a, b) => away(a) - away(b)).slice(0, COLUMNS_MAX * 3)) {
    for (const out of HEIGHTS) {
      if (isOut(out)) continue;
      for (const into of HEIGHTS) if (!isOut(into)) consider(column, out, into);
    }
  }
  return (best as { corners: Point[] } | null)?.corners ?? [from, to];
}

function costOf(corners: readonly Point[], boxes: readonly Named[], used: readonly Line[], names: Names): number {
  let cost = corners.length * BEND_COST;
  for (let at = 1; at < corners.length; at += 1) {
    const [one, other] = [corners[at - 1], corners[at]];
    if (!one || !other) continue;
    cost += Math.abs(one.x - other.x) + Math.abs(one.y - other.y);
    const line: Box = { left: Math.min(one.x, other.x), right: Math.max(one.x, other.x), top: Math.min(one.y, other.y), bottom: Math.max(one.y, other.y) };
    for (const box of boxes) {
      // A line begins and ends at the border of its own steps.
      const clear = (box.id === names.step && at === 1) || (box.id === names.target && at === corners.length - 1) ? -1 : CLEAR;
      if (line.right > box.left - clear && line.left < box.right + clear && line.bottom > box.top - clear && line.top < box.bottom + clear) cost += HIT_COST;
    }
    for (const busy of used) if (busy.source !== names.source && busy.target !== names.target && runsAlong(line, busy)) cost += SHARED_COST;
  }
  return cost;
}

function runsAlong(line: Box, other: Line): boolean {
  const isUpright = line.left === line.right;
  const otherUpright = other.from.x === other.to.x;
  if (isUpright !== otherUpright) return false;
  if (isUpright) return Math.abs(line.left - other.from.x) < 8 && line.bottom > Math.min(other.from.y, other.to.y) && line.top < Math.max(other.from.y, other.to.y);
  return Math.abs(line.top - other.from.y) < 8 && line.right > Math.min(other.from.x, other.to.x) && line.left < Math.max(other.from.x, other.to.x);
}

function middleOf(corners: readonly Point[]): Point {
  const one = corners[Math.floor((corners.length - 1) / 2)] ?? { x: 0, y: 0 };
  const other = corners[Math.floor((corners.length - 1) / 2) + 1] ?? one;
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

function boxAround(point: Point, width: number): Box {
  return { left: point.x - width / 2, right: point.x + width / 2, top: point.y - LABEL_HEIGHT / 2, bottom: point.y + LABEL_HEIGHT / 2 };
}

/** The first place on the way where the label overlaps neither a step nor another label. */
function placeFor(corners: readonly Point[], width: number, boxes: readonly Box[], labels: readonly Box[]): Point {
  // Best where nothing but this edge runs: behind its first bend. The way out of a port is often shared.
  const own: Point[] = [];
  const flat: Point[] = [];
  const first: Point[] = [];
  for (let at = 1; at < corners.length; at += 1) {
    const [one, other] = [corners[at - 1], corners[at]];
    if (!one || !other) continue;
    const size = Math.abs(one.x - other.x) + Math.abs(one.y - other.y);
    if (one.y === other.y) {
      if (size > width * 0.6) flat.push({ x: (one.x + other.x) / 2, y: one.y });
      continue;
    }
    const down = Math.sign(other.y - one.y);
    for (let along = Math.min(size / 2, at === 1 ? 34 : 16); along <= size - 12; along += 20) (at === 1 ? first : own).push({ x: one.x, y: one.y + down * along });
  }
  const tried = [...own, ...flat, ...first];
  const isFree = (point: Point) => {
    const box = boxAround(point, width);
    const meets = (other: Box) => box.right + LABEL_CLEAR > other.left && box.left - LABEL_CLEAR < other.right && box.bottom + LABEL_CLEAR > other.top && box.top - LABEL_CLEAR < other.bottom;
    return !boxes.some(meets) && !labels.some(meets);
  };
  return tried.find(isFree) ?? middleOf(corners);
}

/** The way as a path with round corners. */
export function pathOf(corners: readonly Point[], radius = 8): string {
  const [first, ...rest] = corners;
  if (!first) return "";
  let path = `M ${first.x} ${first.y}`;
  rest.forEach((corner, at) => {
    const before = corners[at] ?? first;
    const after = rest[at + 1];
    if (!after) return void (path += ` L ${corner.x} ${corner.y}`);
    const size = (one: Point, other: Point) => Math.abs(one.x - other.x) + Math.abs(one.y - other.y);
    const bend = Math.min(radius, size(before, corner) / 2, size(corner, after) / 2);
    const towards = (one: Point): Point => ({ x: corner.x + Math.sign(one.x - corner.x) * bend, y: corner.y + Math.sign(one.y - corner.y) * bend });
    const [into, out] = [towards(before), towards(after)];
    path += ` L ${into.x} ${into.y} Q ${corner.x} ${corner.y} ${out.x} ${out.y}`;
  });
  return path;
}
