// An execution while it is looked at: its record and its trace, read again when its stream says that something happened.
import { useCallback, useEffect, useRef, useState } from "react";
import { address, ProblemError, request, type Schemas } from "../../api/client";
import { follow, type StreamState } from "../../api/events";
import type { Query } from "../../api/query";
import { isFinished } from "../../lib/status";
import type { Trace } from "./model";

export const RECORD = "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}";
export interface ExecutionPath extends Record<string, string> {
  tenant: string;
  agent: string;
  execution: string;
}

/** Readings of a trace keep this distance, and this many times what the last one took: a large trace is read less often. */
const AGAIN_MS = 250;
const AGAIN_TIMES = 4;
/** What failed for no fault of ours is tried again after this. */
const RETRY_MS = 3_000;
/** When no stream comes through, the record is looked at so often. */
const LOOK_MS = 10_000;
const TEXT_MAX = 20_000;
const EVENTS = ["journal", "text", "text_reset", "status", "usage", "error", "done"] as const;

/** One address, read at once and then whenever `poke` is called, never twice at the same time. */
export function usePoked<T>(url: string): Query<T> & { poke: () => void } {
  const [state, setState] = useState<{ url: string; data: T | undefined; error: ProblemError | null; readAtMs: number }>({ url, data: undefined, error: null, readAtMs: 0 });
  const work = useRef({ url, isBusy: false, isWanted: false, tookMs: 0, timer: undefined as number | undefined, isGone: false });
  const poke = useCallback(() => {
    const mine = work.current;
    if (mine.isBusy || mine.timer !== undefined) return void (mine.isWanted = true);
    mine.isBusy = true;
    mine.isWanted = false;
    const begunMs = performance.now();
    const after = (change: Partial<{ data: T; error: ProblemError | null }>) => {
      mine.isBusy = false;
      mine.tookMs = performance.now() - begunMs;
      if (mine.isGone) return;
      setState((before) => {
        // The same content keeps its identity, so that nothing is drawn again for it.
        const data = before.url === mine.url ? before.data : undefined;
        const isSame = data !== undefined && change.data !== undefined && JSON.stringify(change.data) === JSON.stringify(data);
        return { url: mine.url, data, error: null, ...change, ...(isSame ? { data } : {}), readAtMs: Date.now() };
      });
      const { error } = change;
      const isPassing = error && (error.status === 0 || error.status === 429 || error.status >= 500);
      if (isPassing) mine.isWanted = true;
      mine.timer = window.setTimeout(() => {
        mine.timer = undefined;
        if (mine.isWanted) poke();
      }, Math.max(isPassing ? (error.retryAfterMs ?? RETRY_MS) : AGAIN_MS, AGAIN_TIMES * mine.tookMs));
    };
    request("get", mine.url).then(
      (data) => after({ data: data as T }),
      (error: unknown) => after({ error: error instanceof ProblemError ? error : new ProblemError({ type: "", title: "Something went wrong here", status: 0, code: "broken", detail: String(error) }) }),
    );
  }, []);
  useEffect(() => {
    const mine = { url, isBusy: false, isWanted: false, tookMs: 0, timer: undefined, isGone: false };
    work.current = mine;
    poke();
    return () => {
      mine.isGone = true;
      window.clearTimeout(mine.timer);
    };
  }, [url, poke]);
  const isMine = state.url === url;
  const data = isMine ? state.data : undefined;
  const error = isMine ? state.error : null;
  return { data, error, isLoading: data === undefined && error === null, isReading: false, readAtMs: isMine ? state.readAtMs : 0, reload: poke, poke };
}

/** Hears what happens from now on. Null: nothing. */
function useTail(url: string | null, on: (event: string, data: unknown) => void): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const latest = useRef(on);
  latest.current = on;
  useEffect(() => {
    if (url === null) return undefined;
    let stop = follow(`${url}?snapshot=true`, {
      events: ["snapshot"],
      last: ["snapshot"],
      onState: (next) => next !== "ended" && setState(next),
      on: (event) => {
        const seq = Number((event.data as { seq?: unknown }).seq ?? 0);
        // The last entry is heard again, so that whoever read before this moment reads once more.
        const after = seq > 1 ? `${seq - 2}.0` : null;
        stop = follow(`${url}?journal=true`, { events: EVENTS, after, last: ["done"], onState: setState, on: (one) => latest.current(one.event, one.data) });
      },
    });
    return () => stop();
  }, [url]);
  return state;
}

export interface Watched {
  record: Query<Schemas["Record"]>;
  trace: Query<Trace>;
  isOver: boolean;
  /** Whether it is heard at once what happens. */
  stream: StreamState;
  /** What a model says at present. */
  text: string;
  /** Something was changed from here. */
  poke: () => void;
}

export function useExecution(path: ExecutionPath): Watched {
  const [over, setOver] = useState<string | null>(null);
  const own = address(RECORD, { path });
  const isOver = over === own;
  const record = usePoked<Schemas["Record"]>(own);
  const trace = usePoked<Trace>(address(`${RECORD}/trace`, { path }));
  const [text, setText] = useState("");
  const { poke: readTrace } = trace;
  const { poke: readRecord } = record;
  const poke = useCallback(() => {
    readTrace();
    readRecord();
  }, [readTrace, readRecord]);
  const status = record.data?.status;
  if (status !== undefined && isFinished(status) !== isOver) setOver(isFinished(status) ? own : null);
  useEffect(() => setText(""), [own]);
  const stream = useTail(status === undefined || isOver ? null : `${own}/events`, (event, data) => {
    if (event === "text") setText((before) => (before + String((data as { chunk?: unknown }).chunk ?? "")).slice(-TEXT_MAX));
    else if (event === "text_reset") setText("");
    if (event !== "text") poke();
  });
  // What the record says and the trace does not know yet; also the last word, when it is over.
  const known = trace.data?.status;
  useEffect(() => {
    if (status !== undefined && known !== undefined && status !== known) readTrace();
  }, [status, known, readTrace]);
  useEffect(() => {
    if (isOver) return undefined;
    const back = () => void (document.visibilityState !== "hidden" && poke());
    const timer = window.setInterval(() => void (document.visibilityState !== "hidden" && readRecord()), LOOK_MS);
    window.addEventListener("focus", back);
    window.addEventListener("online", back);
    document.addEventListener("visibilitychange", back);
    return () => {
      window.clearInterval(timer);
      window.removeEventListener("focus", back);
      window.removeEventListener("online", back);
      document.removeEventListener("visibilitychange", back);
    };
  }, [isOver, poke, readRecord]);
  return { record, trace, isOver, stream, text, poke };
}
