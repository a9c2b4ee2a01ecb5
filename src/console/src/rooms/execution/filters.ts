// The filters of the list: what stands in the address, and what the server is asked for.
import type { Schemas } from "../../api/client";

/** What can be filtered by; each stands in the address under its own name. */
export const FILTERS = ["status", "origin", "runType", "triggerType", "triggerId", "agentRevision", "sessionId", "participantId", "tools", "label", "rootExecutionId", "since", "from", "to", "longer", "shorter", "withToolErrors", "hasToolCalls"] as const;
export type FilterName = (typeof FILTERS)[number];
/** Filters that are behind “More”. */
export const MORE_FILTERS: readonly FilterName[] = ["from", "to", "runType", "triggerType", "triggerId", "agentRevision", "sessionId", "participantId", "tools", "label", "rootExecutionId", "longer", "shorter", "withToolErrors", "hasToolCalls"];

export const STATUSES: readonly Schemas["StatusName"][] = ["IN_PROGRESS", "WAITING_FOR_HUMAN", "WAITING_FOR_ASYNC", "COMPLETED", "FAILED", "CANCELLED", "REJECTED"];
export const SINCE: Record<string, { label: string; ms: number }> = {
  hour: { label: "Last hour", ms: 3_600_000 },
  day: { label: "Last 24 hours", ms: 86_400_000 },
  week: { label: "Last 7 days", ms: 7 * 86_400_000 },
  month: { label: "Last 30 days", ms: 30 * 86_400_000 },
};

const words = (text: string | null) => (text ?? "").split(/[\s,]+/).filter(Boolean);
const numberOf = (text: string | null) => (text && Number.isFinite(Number(text)) && Number(text) >= 0 ? Number(text) : undefined);
const flagOf = (text: string | null) => (text === "true" ? true : text === "false" ? false : undefined);
const LABEL = /^[^=\s]+=/;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** When a day of the calendar begins, where the reader is; `later` days after it. */
function dayMs(text: string | null, later: number): number | undefined {
  const [, year, month, day] = DAY.exec(text ?? "") ?? [];
  if (!year || !month || !day) return undefined;
  const ms = new Date(Number(year), Number(month) - 1, Number(day) + later).getTime();
  return ms >= 0 ? ms : undefined;
}

/** The query of the list. Times move in steps of a minute, so that the same list keeps its name. */
export function listQuery(query: URLSearchParams, nowMs: number, environment: string | null): Record<string, unknown> {
  const since = SINCE[query.get("since") ?? ""];
  const seconds = (name: FilterName) => {
    const value = numberOf(query.get(name));
    return value === undefined ? undefined : Math.round(value * 1000);
  };
  const root = query.get("rootExecutionId")?.trim() ?? "";
  return {
    status: words(query.get("status")).filter((one) => (STATUSES as readonly string[]).includes(one)),
    origin: query.get("origin") === "TEST" ? "TEST" : undefined,
    runType: words(query.get("runType")),
    triggerType: words(query.get("triggerType")),
    triggerId: query.get("triggerId")?.trim() || undefined,
    agentRevision: words(query.get("agentRevision")).filter((one) => /^-?\d+$/.test(one)),
    sessionId: query.get("sessionId")?.trim() || undefined,
    participantId: words(query.get("participantId")),
    tools: words(query.get("tools")),
    label: words(query.get("label")).filter((one) => LABEL.test(one)),
    rootExecutionId: UUID.test(root) ? root : undefined,
    withToolErrors: flagOf(query.get("withToolErrors")),
    hasToolCalls: flagOf(query.get("hasToolCalls")),
    startTime: dayMs(query.get("from"), 0) ?? (since ? Math.floor((nowMs - since.ms) / 60_000) * 60_000 : undefined),
    endTime: dayMs(query.get("to"), 1),
    minDurationMs: seconds("longer"),
    maxDurationMs: seconds("shorter"),
    environment: environment ?? undefined,
  };
}

/** How many filters are set. */
export function countOf(query: URLSearchParams, names: readonly FilterName[] = FILTERS): number {
  return names.filter((name) => query.get(name)).length;
}
