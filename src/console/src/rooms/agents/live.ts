// What agents are doing now: what has not ended and what it cost from the statistics, which count all; what runs and what failed from lists.
import { useMemo } from "react";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import type { Schemas } from "../../api/client";

export interface AgentLive {
  running: number;
  waiting: number;
  failedToday: number;
  /** This month, in US dollars. */
  costUsd: number;
  startedThisMonth: number;
  /** There are more than the list of what runs, or of what failed, could hold in one page. */
  isRunningPartial: boolean;
  isFailedPartial: boolean;
}
export const IDLE: AgentLive = { running: 0, waiting: 0, failedToday: 0, costUsd: 0, startedThisMonth: 0, isRunningPartial: false, isFailedPartial: false };

const REFRESH_MS = 5_000;
const FIGURES_REFRESH_MS = 30_000;
/** As many as one page may hold. */
const PAGE = 200;
/** Before there were executions: what waits may have waited for long. */
const FIRST_MONTH = "1970-01";

function midnightMs(): number {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

function monthName(): string {
  return new Date().toISOString().slice(0, 7);
}

type Record_ = Schemas["Record"];
type Figures = Schemas["RevisionStatistics"];

/** One page of a list, and whether there is more behind it. */
export interface Part {
  items: readonly Pick<Record_, "agentId">[];
  nextPageToken?: string | null;
}

/** The counts of each agent. What has not ended and does not run waits. */
export function tally(running: Part, failed: Part, unfinished: readonly Pick<Figures, "agentId" | "unfinished">[], month: readonly Pick<Figures, "agentId" | "totalCost" | "started">[]): Map<string, AgentLive> {
  const found = new Map<string, AgentLive>();
  const of = (agent: string) => {
    let live = found.get(agent);
    if (!live) found.set(agent, (live = { ...IDLE }));
    return live;
  };
  for (const one of unfinished) of(one.agentId).waiting += one.unfinished;
  for (const one of running.items) {
    const live = of(one.agentId);
    live.running += 1;
    // The two are read one after the other: what began in between is not in both.
    live.waiting = Math.max(0, live.waiting - 1);
  }
  for (const one of failed.items) of(one.agentId).failedToday += 1;
  for (const one of month) {
    of(one.agentId).costUsd += one.totalCost;
    of(one.agentId).startedThisMonth += one.started;
  }
  for (const live of found.values()) {
    live.isRunningPartial = Boolean(running.nextPageToken);
    live.isFailedPartial = Boolean(failed.nextPageToken);
  }
  return found;
}

/** What the agents do, and all of it together. */
export interface Live {
  of: (agent: string) => AgentLive;
  total: AgentLive;
  isKnown: boolean;
}

const NONE: Part = { items: [] };

/** One agent, or all agents of the tenant at once. */
export function useLive(agent?: string): Live {
  const { tenant, environment } = useSession();
  const where = { environment: environment ?? undefined };
  const page = { ...where, pageSize: PAGE };
  const path = { tenant, agent: agent ?? "" };
  const records = agent === undefined ? "/v1/tenants/{tenant}/executionRecords" : "/v1/tenants/{tenant}/agents/{agent}/executionRecords";
  const statistics = agent === undefined ? "/v1/tenants/{tenant}/statistics" : "/v1/tenants/{tenant}/agents/{agent}/statistics";
  const month = monthName();
  const running = useApi(records, { path, query: { ...page, status: ["IN_PROGRESS"] } }, { refreshMs: REFRESH_MS });
  const failed = useApi(records, { path, query: { ...page, status: ["FAILED"], startTime: midnightMs() } }, { refreshMs: REFRESH_MS });
  const unfinished = useApi(statistics, { path, query: { ...where, fromMonth: FIRST_MONTH } }, { refreshMs: REFRESH_MS });
  const figures = useApi(statistics, { path, query: { ...where, fromMonth: month, toMonth: month } }, { refreshMs: FIGURES_REFRESH_MS });
  return useMemo(() => {
    const all = tally(running.data ?? NONE, failed.data ?? NONE, unfinished.data ?? [], figures.data ?? []);
    const total = { ...IDLE, isRunningPartial: Boolean(running.data?.nextPageToken), isFailedPartial: Boolean(failed.data?.nextPageToken) };
    for (const one of all.values()) for (const name of ["running", "waiting", "failedToday", "costUsd", "startedThisMonth"] as const) total[name] += one[name];
    return {
      of: (id: string) => all.get(id) ?? { ...IDLE, isRunningPartial: total.isRunningPartial, isFailedPartial: total.isFailedPartial },
      total,
      isKnown: running.data !== undefined && failed.data !== undefined && unfinished.data !== undefined && figures.data !== undefined,
    };
  }, [running.data, failed.data, unfinished.data, figures.data]);
}

/** A count as it is shown. Of a part of the executions, none is no figure. */
export function figureOf(value: number, isKnown: boolean, isPartial = false): string {
  if (!isKnown || (isPartial && value === 0)) return "–";
  return `${value.toLocaleString("en-US")}${isPartial ? "+" : ""}`;
}
