// Reading /metrics: Prometheus' text, and what changed between two readings of it.
import { useEffect, useState } from "react";

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export function parse(text: string): Sample[] {
  const found: Sample[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    const hit = LINE.exec(line);
    if (!hit) continue;
    const labels: Record<string, string> = {};
    for (const [, name = "", value = ""] of (hit[2] ?? "").matchAll(LABEL)) labels[name] = value.replace(/\\n/g, "\n").replace(/\\(.)/g, "$1");
    const value = Number(hit[3] === "+Inf" ? "Infinity" : hit[3]);
    if (!Number.isNaN(value)) found.push({ name: hit[1] ?? "", labels, value });
  }
  return found;
}

export interface Reading {
  atMs: number;
  samples: Sample[];
}

/** The sum of a family, of the lines that fit. Undefined: the server does not have it. */
export function total(reading: Reading | undefined, name: string, fits: (labels: Record<string, string>) => boolean = () => true): number | undefined {
  const lines = reading?.samples.filter((one) => one.name === name && fits(one.labels)) ?? [];
  return lines.length === 0 ? undefined : lines.reduce((sum, one) => sum + one.value, 0);
}

/** Per second between two readings. A counter that fell began anew: the server was started again. */
export function rate(before: Reading | undefined, after: Reading | undefined, name: string, fits?: (labels: Record<string, string>) => boolean): number | undefined {
  const now = total(after, name, fits);
  if (now === undefined || !before || !after || after.atMs <= before.atMs) return undefined;
  const earlier = total(before, name, fits) ?? 0;
  return Math.max(0, now >= earlier ? now - earlier : now) / ((after.atMs - before.atMs) / 1000);
}

export interface Spread {
  key: string;
  count: number;
  meanMs: number;
  /** Nine of ten, and ninety-nine of a hundred, were faster than this; null: beyond the last bound. */
  p90Ms: number | null;
  p99Ms: number | null;
}

function quantile(buckets: readonly { bound: number; sum: number }[], count: number, share: number): number | null {
  let below = { bound: 0, sum: 0 };
  for (const bucket of buckets) {
    if (bucket.sum >= share * count) {
      if (!Number.isFinite(bucket.bound)) return null;
      const inside = bucket.sum - below.sum || 1;
      return 1000 * (below.bound + ((share * count - below.sum) / inside) * (bucket.bound - below.bound));
    }
    below = bucket;
  }
  return null;
}

/** A histogram by one of its labels, or as a whole. */
export function spreads(reading: Reading | undefined, name: string, label: string | null): Spread[] {
  const groups = new Map<string, { count: number; sum: number; buckets: Map<number, number> }>();
  for (const one of reading?.samples ?? []) {
    if (!one.name.startsWith(`${name}_`)) continue;
    const part = one.name.slice(name.length + 1);
    const key = label === null ? "" : (one.labels[label] ?? "");
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { count: 0, sum: 0, buckets: new Map() }));
    if (part === "count") group.count += one.value;
    else if (part === "sum") group.sum += one.value;
    else if (part === "bucket") {
      const bound = one.labels["le"] === "+Inf" ? Infinity : Number(one.labels["le"]);
      group.buckets.set(bound, (group.buckets.get(bound) ?? 0) + one.value);
    }
  }
  return [...groups].filter(([, group]) => group.count > 0).map(([key, group]) => {
    const buckets = [...group.buckets].map(([bound, sum]) => ({ bound, sum })).sort((a, b) => a.bound - b.bound);
    return { key, count: group.count, meanMs: (1000 * group.sum) / group.count, p90Ms: quantile(buckets, group.count, 0.9), p99Ms: quantile(buckets, group.count, 0.99) };
  });
}

const READ_MS = 5_000;
const KEPT = 120;
// Outlives the room, so that going away and coming back keeps the lines.
let history: readonly Reading[] = [];

export interface Metrics {
  readings: readonly Reading[];
  problem: string | null;
}

/** Reads while shown; the last ten minutes are kept. */
export function useMetrics(): Metrics {
  const [state, setState] = useState<Metrics>({ readings: history, problem: null });
  useEffect(() => {
    let isOver = false;
    const read = async () => {
      if (document.visibilityState === "hidden") return;
      let problem: string | null = null;
      try {
        const response = await fetch("metrics", { headers: { accept: "text/plain" }, credentials: "same-origin" });
        if (!response.ok) throw new Error(`the answer was ${response.status}`);
        const samples = parse(await response.text());
        if (!samples.some((one) => one.name.startsWith("flowgate_"))) throw new Error("what answered is not Flowgate");
        history = [...history, { atMs: Date.now(), samples }].slice(-KEPT);
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
      if (!isOver) setState({ readings: history, problem });
    };
    void read();
    const timer = window.setInterval(() => void read(), READ_MS);
    return () => {
      isOver = true;
      window.clearInterval(timer);
    };
  }, []);
  return state;
}
