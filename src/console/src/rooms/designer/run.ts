// Trying a draft out, and what became of each step: the same for a test that runs and for any execution of the past.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { address, api, ProblemError, request, type Answer, type Problem } from "../../api/client";
import { useEvents } from "../../api/events";

export type TraceAnswer = Answer<"/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/trace", "get">;
export interface AttemptView {
  id: string;
  step: string;
  status: string;
  input: unknown;
  output: unknown;
  error: unknown;
  startTime: number;
  duration: number;
  totalCost: number;
}

/** Starts the stored draft; the answer's stream is left at once, for the execution has one of its own that can be resumed. */
export async function startTest(where: { tenant: string; agent: string; base: number; version: number | null }, body: { parameters: unknown; mode: string }): Promise<string> {
  const url = address("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:streamTest", { path: { tenant: where.tenant, agent: where.agent, revision: String(where.base) } });
  return startAt(url, body, where.version);
}

export async function startAt(url: string, body: unknown, version: number | null): Promise<string> {
  const headers: Record<string, string> = { accept: "text/event-stream", "content-type": "application/json" };
  if (version !== null) headers["if-match"] = `"${version}"`;
  const leave = new AbortController();
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin", signal: leave.signal });
  } catch (error) {
    throw new ProblemError({ type: "", title: "The server cannot be reached", status: 0, code: "unreachable", detail: String(error) });
  }
  if (!response.ok) {
    const problem = (await response.json().catch(() => null)) as Problem | null;
    throw new ProblemError(problem ?? { type: "", title: response.statusText, status: response.status, code: "unexpected", detail: response.statusText });
  }
  const id = response.headers.get("location")?.split("/").at(-1) ?? "";
  leave.abort();
  return id;
}

function statusOfState(state: string, status: string): string {
  if (state === "completed" || state === "succeeded") return "SUCCESS";
  if (state === "failed") return "ERROR";
  if (state === "waiting" || state === "running" || state === "skipped" || state === "cancelled" || state === "in_doubt") return state.toUpperCase();
  return status;
}

interface RawTrace {
  id: string;
  displayName: string;
  status: string;
  state?: string;
  result?: { strValue?: string | null; jsonValue?: unknown } | null;
  llmStepTrace?: { messages?: unknown } | null;
  toolTrace?: { parameters?: unknown } | null;
  hitlTrace?: unknown;
  error?: unknown;
  startTime: number;
  duration: number;
  totalCost?: number;
}

export function attemptsOf(trace: TraceAnswer | null): AttemptView[] {
  const all = ((trace as { trace?: { traces?: RawTrace[] } } | null)?.trace?.traces ?? []) as RawTrace[];
  // An agent's step runs while a person is asked about one of its calls; when the whole execution waits, that is what it does.
  const isWaiting = ((trace as { status?: string } | null)?.status ?? "").startsWith("WAITING");
  const statusOf = (one: RawTrace) => statusOfState(one.state ?? "", one.status);
  return all.map((one) => ({
    id: one.id,
    step: one.displayName,
    status: isWaiting && statusOf(one) === "RUNNING" ? "WAITING" : statusOf(one),
    input: one.llmStepTrace?.messages ?? one.toolTrace?.parameters ?? one.hitlTrace ?? null,
    output: one.result?.jsonValue ?? one.result?.strValue ?? null,
    error: one.error ?? null,
    startTime: one.startTime,
    duration: one.duration,
    totalCost: one.totalCost ?? 0,
  }));
}

const WORSE = ["SUCCESS", "SKIPPED", "CANCELLED", "RUNNING", "WAITING", "IN_DOUBT", "ERROR"];

/** For each step of a level: how its last attempt is (of a map's items: the one that most wants to be seen), and how many there were. */
export function statusesOf(attempts: readonly AttemptView[], level: readonly string[]): Map<string, { status: string; visits: number }> {
  const prefix = level.length > 0 ? `${level.join("/")}/` : "";
  const found = new Map<string, { status: string; visits: number }>();
  for (const attempt of attempts) {
    const name = attempt.step.replace(/\[\d+\]/g, "");
    if (!name.startsWith(prefix)) continue;
    const id = name.slice(prefix.length);
    if (id.includes("/")) continue;
    const known = found.get(id);
    const isInMap = level.length > 0;
    const status = known && isInMap && WORSE.indexOf(known.status) > WORSE.indexOf(attempt.status) ? known.status : attempt.status;
    found.set(id, { status, visits: (known?.visits ?? 0) + 1 });
  }
  return found;
}

const AGAIN_MS = 250;
const EVENTS = ["text", "text_reset", "tool_call", "tool_result", "step_trace", "status", "usage", "error", "done", "journal"] as const;

export interface Watched {
  attempts: AttemptView[];
  status: string | null;
  text: string;
  trace: TraceAnswer | null;
  /** What it was started with. */
  parameters: unknown;
  /** What it runs; below 1 for a draft, null while nothing is shown. */
  revision: number | null;
  error: ProblemError | null;
}

/** Follows an execution: the stream says that something happened, the trace says what. */
export function useWatched(tenant: string, agent: string, execution: string | null): Watched {
  const [trace, setTrace] = useState<TraceAnswer | null>(null);
  const [error, setError] = useState<ProblemError | null>(null);
  const [text, setText] = useState("");
  const timer = useRef<number | undefined>(undefined);
  const read = useCallback(() => {
    if (!execution) return;
    api.get("/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/trace", { path: { tenant, agent, execution } }).then(
      (answer) => {
        setTrace(answer);
        setError(null);
      },
      (problem: unknown) => problem instanceof ProblemError && setError(problem),
    );
  }, [tenant, agent, execution]);
  useEffect(() => {
    setTrace(null);
    setText("");
    setError(null);
    read();
    return () => window.clearTimeout(timer.current);
  }, [read]);
  const url = execution ? `${address("/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/events", { path: { tenant, agent, execution } })}?journal=true` : null;
  const state = useEvents(url, {
    events: EVENTS,
    last: ["done"],
    on: (event) => {
      if (event.event === "text") setText((before) => (before + String((event.data as { chunk?: unknown }).chunk ?? "")).slice(-20_000));
      if (event.event === "text_reset") setText("");
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(read, AGAIN_MS);
    },
  });
  useEffect(() => {
    if (state === "ended") read();
  }, [state, read]);
  const attempts = useMemo(() => attemptsOf(trace), [trace]);
  const inside = (trace as { trace?: { parameters?: unknown; agentRevision?: number } } | null)?.trace;
  return { attempts, status: (trace as { status?: string } | null)?.status ?? null, text, trace, parameters: inside?.parameters, revision: inside ? (inside.agentRevision ?? 0) : null, error };
}

export function getJson<T>(url: string): Promise<T> {
  return request("get", url) as Promise<T>;
}
