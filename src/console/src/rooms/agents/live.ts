// What agents are doing now: counted from the lists of executions, and from the month's figures.
import { useMemo } from "react";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import type { Schemas } from "../../api/client";
import { UNFINISHED } from "../../lib/status";

export interface AgentLive {
  running: number;
  waiting: number;
  failedToday: number;
  /** This month, in US dollars. */
  costUsd: number;
  startedThisMonth: number;
}
export const IDLE: AgentLive = { running: 0, waiting: 0, failedToday: 0, costUsd: 0, startedThisMonth: 0 };

const REFRESH_MS = 5_000;
const FIGURES_REFRESH_MS = 30_000;
/** As many as one page may hold. */
const PAGE = 1_000;

function midnightMs(): number {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

function monthName(): string {
  return new Date().toISOString().slice(0, 7);
}

type Record_ = Schemas["Record"];

/** The counts of each agent. */
export function tally(open: readonly Record_[], failed: readonly Record_[], figures: readonly Schemas["RevisionStatistics"][]): Map<string, AgentLive> {
  const found = new Map<string, AgentLive>();
  const of = (agent: string) => {
    let live = found.get(agent);
    if (!live) found.set(agent, (live = { ...IDLE }));
    return live;
  };
  for (const one of open) {
    if (one.status === "IN_PROGRESS") of(one.agentId).running += 1;
    else of(one.agentId).waiting += 1;
  }
  for (const one of failed) of(one.agentId).failedToday += 1;
  for (const one of figures) {
    of(one.agentId).costUsd += one.totalCost;
    of(one.agentId).startedThisMonth += one.started;
  }
  return found;
}

/** All agents of the tenant at once. `isPartial`: there were more executions than one page holds. */
export function useLive(): { of: (agent: string) => AgentLive; total: AgentLive; isKnown: boolean; isPartial: boolean } {
  const { tenant, environment } = useSession();
  const path = { tenant };
  const common = { environment: environment ?? undefined, pageSize: PAGE };
  const open = useApi("/v1/tenants/{tenant}/executionRecords", { path, query: { ...common, status: [...UNFINISHED] } }, { refreshMs: REFRESH_MS });
  const failed = useApi("/v1/tenants/{tenant}/executionRecords", { path, query: { ...common, status: ["FAILED"], startTime: midnightMs() } }, { refreshMs: REFRESH_MS });
  const month = monthName();
  const figures = useApi("/v1/tenants/{tenant}/statistics", { path, query: { environment: environment ?? undefined, fromMonth: month, toMonth: month } }, { refreshMs: FIGURES_REFRESH_MS });
  return useMemo(() => {
    const all = tally(open.data?.items ?? [], failed.data?.items ?? [], figures.data ?? []);
    const total = { ...IDLE };
    for (const one of all.values()) for (const name of Object.keys(total) as (keyof AgentLive)[]) total[name] += one[name];
    return {
      of: (agent: string) => all.get(agent) ?? IDLE,
      total,
      isKnown: open.data !== undefined && failed.data !== undefined,
      isPartial: Boolean(open.data?.nextPageToken ?? failed.data?.nextPageToken),
    };
  }, [open.data, failed.data, figures.data]);
}

/** A count as it is shown. Of a part of the executions, none is no figure. */
export function figureOf(value: number, isKnown: boolean, isPartial: boolean): string {
  if (!isKnown || (isPartial && value === 0)) return "–";
  return `${value.toLocaleString("en-US")}${isPartial ? "+" : ""}`;
}
