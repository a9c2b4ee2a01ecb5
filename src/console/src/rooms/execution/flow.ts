// The flow that an execution ran, as values; loaded only where it is needed, since reading YAML takes a library along.
import { useMemo } from "react";
import { useApi } from "../../api/query";
import type { ProblemError } from "../../api/client";
import { readFlow, type Values } from "../designer/model/flow";
import { isObject } from "./words";

/** A flow as values, from a body that holds it as text or as JSON. Null: not in our own format. */
export function flowOf(body: unknown): Values | null {
  const flow = isObject(body) ? (body["flow"] ?? (isObject(body["headData"]) ? body["headData"]["flow"] : undefined)) : undefined;
  const root = typeof flow === "string" ? readFlow(flow).root : isObject(flow) ? flow : null;
  return root && isObject(root["steps"]) ? root : null;
}

export interface FlowThatRan {
  /** Null: there is none that can be drawn. Undefined: not yet known. */
  root: Values | null | undefined;
  error: ProblemError | null;
  isDraft: boolean;
}

/** `revision` -1 is a draft: there is only the one that is there now. */
export function useFlow(tenant: string, agent: string, revision: number): FlowThatRan {
  const isDraft = revision < 0;
  const known = useApi("/v1/tenants/{tenant}/agents/{agent}", { path: { tenant, agent } }, { enabled: isDraft });
  const base = String(known.data?.lastRevision ?? 0);
  const path = { tenant, agent, revision: String(revision) };
  const deployed = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}", { path }, { enabled: !isDraft });
  const draft = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft", { path: { ...path, revision: base } }, { enabled: isDraft && known.data !== undefined });
  const body: unknown = isDraft ? draft.data : deployed.data;
  const root = useMemo(() => (body === undefined ? undefined : flowOf(body)), [body]);
  return { root, error: body === undefined ? (isDraft ? (known.error ?? draft.error) : deployed.error) : null, isDraft };
}

/** Steps of a flow that declare how they are taken back, as the trace calls them: `map/step`. */
export function compensated(root: Values, prefix = ""): Set<string> {
  const found = new Set<string>();
  const steps = isObject(root["steps"]) ? root["steps"] : {};
  for (const [id, step] of Object.entries(steps)) {
    if (!isObject(step)) continue;
    if (step["compensate"] !== undefined) found.add(prefix + id);
    const map = step["map"];
    if (isObject(map) && isObject(map["body"])) for (const inner of compensated(map["body"], `${prefix}${id}/`)) found.add(inner);
  }
  return found;
}
