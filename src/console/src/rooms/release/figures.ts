// How revisions fare beside each other: what is compared, and which way is better.
import type { Schemas } from "../../api/client";
import { count, duration, money, percent } from "../../lib/format";

type Statistics = Schemas["RevisionStatistics"];

export interface FigureOf {
  key: string;
  label: string;
  /** What it is, for those who have not seen it before. */
  says: string;
  /** Which way is better; null: neither. */
  better: "more" | "less" | null;
  /** Differences of shares are points of a percentage, others are relative. */
  isShare: boolean;
  of: (one: Statistics) => number | null;
  show: (value: number) => string;
}

const over = (sum: number, all: number) => (all > 0 ? sum / all : null);
const whole = (value: number) => value.toLocaleString("en-US");

export const FIGURES: readonly FigureOf[] = [
  { key: "success", label: "Succeeded", says: "Completed among those that completed, failed or timed out", better: "more", isShare: true, of: (one) => one.successRate ?? null, show: percent },
  { key: "rejection", label: "Refused by people", says: "Of the decisions, those that said no", better: "less", isShare: true, of: (one) => over(one.rejections, one.approvals + one.rejections), show: percent },
  { key: "half", label: "Typical time", says: "Half took no longer; people's time included", better: "less", isShare: false, of: (one) => one.durationMsP50 ?? null, show: (ms) => `≤ ${duration(ms)}` },
  { key: "slow", label: "Slow time", says: "99 in 100 took no longer", better: "less", isShare: false, of: (one) => one.durationMsP99 ?? null, show: (ms) => `≤ ${duration(ms)}` },
  { key: "mean", label: "Mean time", says: "Over all that ended", better: "less", isShare: false, of: (one) => one.meanDurationMs ?? null, show: duration },
  { key: "cost", label: "Cost of one", says: "Models, over all that were started", better: "less", isShare: false, of: (one) => over(one.totalCost, one.started), show: money },
  { key: "tokens", label: "Tokens of one", says: "In and out, over all that were started", better: "less", isShare: false, of: (one) => over(one.inputTokens + one.outputTokens, one.started), show: (value) => count(Math.round(value)) },
  { key: "started", label: "Started", says: "", better: null, isShare: false, of: (one) => one.started, show: whole },
  { key: "unfinished", label: "Not over yet", says: "", better: null, isShare: false, of: (one) => one.unfinished, show: whole },
  { key: "failed", label: "Failed or timed out", says: "", better: null, isShare: false, of: (one) => one.failed + one.timedOut, show: whole },
  { key: "decided", label: "Decisions of people", says: "", better: null, isShare: false, of: (one) => one.approvals + one.rejections, show: whole },
];

/** With fewer executions on one side than this, a difference is most likely chance. */
export const ENOUGH = 30;

export interface Difference {
  text: string;
  tone: "good" | "bad" | "neutral";
}

/** How `after` stands to `before`; null where one of them has no value, or where nothing is better. */
export function differenceOf(figure: FigureOf, before: number | null, after: number | null): Difference | null {
  if (figure.better === null || before === null || after === null) return null;
  const by = after - before;
  const relative = figure.isShare ? by : before === 0 ? (after === 0 ? 0 : null) : by / before;
  if (relative === null) return { text: "new", tone: figure.better === "less" ? "bad" : "good" };
  if (Math.abs(relative) < 0.0005) return { text: "the same", tone: "neutral" };
  const sign = relative > 0 ? "+" : "−";
  const size = (Math.abs(relative) * 100).toLocaleString("en-US", { maximumFractionDigits: Math.abs(relative) < 0.1 ? 1 : 0 });
  const isBetter = figure.better === "more" ? by > 0 : by < 0;
  return { text: `${sign}${size} ${figure.isShare ? "points" : "%"}`, tone: isBetter ? "good" : "bad" };
}

/** The month that lies so many before that of `nowMs`, as the API writes it. */
export function monthBefore(nowMs: number, months: number): string {
  const now = new Date(nowMs);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)).toISOString().slice(0, 7);
}
