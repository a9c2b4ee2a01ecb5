// One attempt with everything that is recorded of it.
import { useCallback, useEffect, useRef } from "react";
import { address, ProblemError, request, type Schemas } from "../../api/client";
import type { Query } from "../../api/query";
import type { Step } from "./model";
import { RECORD, type ExecutionPath } from "./useExecution";
import { useReading } from "./useReading";

/** `step`: as the list tells it, where it does; whenever that changes, it is read again. */
export function useAttempt(path: ExecutionPath, id: string, step: Step | null): Query<Step> {
  const url = `${address(`${RECORD}/attempts`, { path })}?id=${encodeURIComponent(id)}`;
  const read = useCallback(async () => {
    const { items } = (await request("get", url)) as Schemas["Attempts"];
    const [found] = items;
    if (found) return found as Step;
    throw new ProblemError({ type: "", title: "It is not there any more", status: 404, code: "not_found", detail: "This attempt is not there any more." });
  }, [url]);
  const query = useReading<Step>(url, read);
  const { poke } = query;
  const before = useRef(step);
  useEffect(() => {
    if (before.current !== step && before.current?.id === step?.id) poke();
    before.current = step;
  }, [step, poke]);
  return query;
}
