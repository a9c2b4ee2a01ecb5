// What the trace leaves out and the export has: what went into agents, maps, waits and children, and which execution a child is.
import { useEffect, useState } from "react";
import { address, ProblemError, request } from "../../api/client";
import type { Line, Tree } from "./model";
import { RECORD, type ExecutionPath } from "./useExecution";
import { isObject } from "./words";

/** Beyond this many attempts an export is large, and read only when somebody asks for it. */
const LARGE = 1_000;

export interface Recorded {
  /** As the flow calls it: `map`, `agent`, `set`. */
  kind: string;
  input: unknown;
}

export interface Exported {
  of: Recorded | null;
  isReading: boolean;
  error: ProblemError | null;
  /** Set: it is not read without being asked for. */
  load: (() => void) | null;
}

/** The attempts of an export, by their names. */
export function recordedOf(body: unknown): Map<string, Recorded> {
  const trace = isObject(body) && isObject(body["trace"]) ? body["trace"] : {};
  const found = new Map<string, Recorded>();
  for (const one of Array.isArray(trace["attempts"]) ? trace["attempts"] : []) {
    if (!isObject(one)) continue;
    const path = typeof one["path"] === "string" && one["path"] !== "" ? `${one["path"]}/` : "";
    found.set(`${path}${String(one["step"])}#${String(one["visit"])}.${String(one["attempt"])}`, { kind: String(one["kind"] ?? ""), input: one["input"] ?? null });
  }
  return found;
}

export function useRecorded(path: ExecutionPath, tree: Tree, line: Line | undefined): Exported {
  const [known, setKnown] = useState<ReadonlyMap<string, Recorded>>(new Map());
  const [isReading, setReading] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const [missed, setMissed] = useState<{ id: string; error: ProblemError | null } | null>(null);
  const id = line?.raw && line.startMs > 0 && (line.work === "own" || line.work === "child") ? line.id : null;
  const isHeld = tree.attempts.length > LARGE && !isAsked;
  const isWanted = id !== null && !known.has(id) && missed?.id !== id;
  const url = address(`${RECORD}/export`, { path });
  useEffect(() => {
    if (id === null || !isWanted || isHeld) return undefined;
    let isGone = false;
    setReading(true);
    request("get", url)
      .then(
        (body) => {
          if (isGone) return;
          const found = recordedOf(body);
          setKnown(found);
          if (!found.has(id)) setMissed({ id, error: null });
        },
        (error: unknown) => !isGone && setMissed({ id, error: error instanceof ProblemError ? error : null }),
      )
      .finally(() => !isGone && setReading(false));
    return () => void (isGone = true);
  }, [id, isWanted, isHeld, url]);
  return { of: id === null ? null : (known.get(id) ?? null), isReading: isReading && isWanted, error: missed?.id === id ? (missed?.error ?? null) : null, load: isWanted && isHeld ? () => setAsked(true) : null };
}
