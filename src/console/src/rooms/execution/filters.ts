// The filters of the list: what stands in the address, and what the server is asked for.
import type { Schemas } from "../../api/client";

/** What can be filtered by; each stands in the address under its own name. */
export const FILTERS = ["status", "origin", "runType", "triggerType", "agentRevision", "sessionId", "participantId", "tools", "label", "rootExecutionId", "since", "longer", "withToolErrors"] as const;
export type FilterName = (typeof FILTERS)[number];
/** Filters that are behind “More”. */
export const MORE_FILTERS: readonly FilterName[] = ["runType", "triggerType", "agentRevision", "sessionId", "participantId", "tools", "label", "rootExecutionId", "longer", "withToolErrors"];

export const STATUSES: readonly Schemas["StatusName"][] = ["IN_PROGRESS", "WAITING_FOR_HUMAN", "WAITING_FOR_ASYNC", "COMPLETED", "FAILED", "CANCELLED", "REJECTED"];
export const SINCE: Record<string, { label: string; ms: number }> = {
  hour: { label: "Last hour", ms: 3_600_000 },
  day: { label: "Last 24 hours", ms: 86_400_000 },
  week: { label: "Last 7 days", ms: 7 * 86_400_000 },
  month: { label: "Last 30 days", ms: 30 * 86_400_000 },
};

const words = (text: string | null) => (text ?? "").split(/[\s,]+/).filter(Boolean);
const numberOf = (text: string | null) => (text && Number.isFinite(Number(text)) ? Number(text) : undefined);
const LABEL = /^[^=\s]+=/;

/** The query of the list. Times move in steps of a minute, so that the same list keeps its name. */
export function listQuery(query: URLSearchParams, nowMs: number, environment: string | null): Record<string, unknown> {
  const since = SINCE[query.get("since") ?? ""];
  const minMs = numberOf(query.get("longer"));
  return {
    status: words(query.get("status")).filter((one) => (STATUSES as readonly string[]).includes(one)),
    origin: query.get("origin") === "TEST" ? "TEST" : undefined,
    runType: words(query.get("runType")),
    triggerType: words(query.get("triggerType")),
    agentRevision: words(query.get("agentRevision")).filter((one) => /^-?\d+$/.test(one)),
    sessionId: query.get("sessionId")?.trim() || undefined,
    participantId: words(query.get("participantId")),
    tools: words(query.get("tools")),
    label: words(query.get("label")).filter((one) => LABEL.test(one)),
    rootExecutionId: query.get("rootExecutionId")?.trim() || undefined,
    withToolErrors: query.get("withToolErrors") === "true" ? true : undefined,
    startTime: since ? Math.floor((nowMs - since.ms) / 60_000) * 60_000 : undefined,
    minDurationMs: minMs === undefined ? undefined : Math.round(minMs * 1000),
    environment: environment ?? undefined,
  };
}

/** How many filters are set. */
export function countOf(query: URLSearchParams, names: readonly FilterName[] = FILTERS): number {
  return names.filter((name) => query.get(name)).length;
}
