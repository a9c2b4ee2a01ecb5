// Where a moment stands on the timeline. Hours in which nothing but waiting happened are drawn short, so that the work can be seen.
import { union, type Tree } from "./model";

export interface Scale {
  startMs: number;
  endMs: number;
  /** Between 0 and 1. */
  at: (ms: number) => number;
  /** The moment at a place between 0 and 1. */
  momentAt: (place: number) => number;
  /** Stretches that are drawn shorter than they were, as places. */
  folds: readonly { from: number; to: number; ms: number }[];
}

/** A wait of more than this much of the work is folded. */
const FOLD_SHARE = 0.25;
/** What a folded wait takes, in the same measure; and all of them together at most. */
const FOLDED_SHARE = 0.12;
const FOLDED_SHARE_ALL = 0.8;
const FOLD_MS_MIN = 250;

/** When something worked, not waited. */
export function busySpans(tree: Tree, nowMs: number): [number, number][] {
  const spans: [number, number][] = [];
  for (const line of tree.attempts) {
    if (line.startMs === 0 || line.lines.length > 0) continue;
    const isWork = line.work === "model" || line.work === "tool";
    // Steps of Flowgate's own take no time, or wait.
    if (isWork && line.status !== "WAITING" && line.status !== "IN_DOUBT") spans.push([line.startMs, line.endMs === 0 ? nowMs : line.endMs]);
    else spans.push([line.startMs, line.startMs]);
    if (line.endMs > 0) spans.push([line.endMs, line.endMs]);
  }
  return union(spans);
}

export function straight(startMs: number, endMs: number): Scale {
  const lengthMs = Math.max(1, endMs - startMs);
  return { startMs, endMs, at: (ms) => inside((ms - startMs) / lengthMs), momentAt: (place) => startMs + place * lengthMs, folds: [] };
}

function inside(place: number): number {
  return Math.max(0, Math.min(1, place));
}

export function folded(startMs: number, endMs: number, busy: readonly (readonly [number, number])[]): Scale {
  const workMs = Math.max(1, busy.reduce((sum, [from, to]) => sum + to - from, 0));
  const foldMs = Math.max(FOLD_MS_MIN, workMs * FOLD_SHARE);
  const gapsMs = busy.map(([from], at) => from - (busy[at - 1]?.[1] ?? startMs)).concat(endMs - (busy.at(-1)?.[1] ?? startMs));
  const foldCount = Math.max(1, gapsMs.filter((ms) => ms > foldMs).length);
  const foldedMs = Math.max(1, workMs * Math.min(FOLDED_SHARE, FOLDED_SHARE_ALL / foldCount));
  // Knots: a moment, and how far along it is drawn.
  const moments = [startMs];
  const lengths = [0];
  const gaps: { from: number; to: number; ms: number }[] = [];
  let drawn = 0;
  let untilMs = startMs;
  const go = (toMs: number, isGap: boolean) => {
    if (toMs <= untilMs) return;
    const ms = toMs - untilMs;
    const isFolded = isGap && ms > foldMs;
    const from = drawn;
    drawn += isFolded ? foldedMs : ms;
    if (isFolded) gaps.push({ from, to: drawn, ms });
    untilMs = toMs;
    moments.push(toMs);
    lengths.push(drawn);
  };
  for (const [from, to] of busy) {
    if (from > endMs) break;
    go(Math.min(from, endMs), true);
    go(Math.min(to, endMs), false);
  }
  go(endMs, true);
  if (gaps.length === 0) return straight(startMs, endMs);
  const total = Math.max(1, drawn);
  return {
    startMs,
    endMs,
    at: (ms) => inside(between(moments, lengths, ms) / total),
    momentAt: (place) => between(lengths, moments, place * total),
    folds: gaps.map((gap) => ({ from: gap.from / total, to: gap.to / total, ms: gap.ms })),
  };
}

/** The value of `ys` that belongs to `x`, on the straight line between its neighbours. */
function between(xs: readonly number[], ys: readonly number[], x: number): number {
  let low = 0;
  let high = xs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) <= x) low = middle;
    else high = middle;
  }
  const [x0 = 0, x1 = 0, y0 = 0, y1 = 0] = [xs[low], xs[high], ys[low], ys[high]];
  return x1 === x0 ? y0 : y0 + ((Math.max(x0, Math.min(x1, x)) - x0) * (y1 - y0)) / (x1 - x0);
}
