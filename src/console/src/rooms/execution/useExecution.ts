// An execution while it is looked at: its record and its attempts, read again when its stream says that something happened.
import { useCallback, useEffect, useRef, useState } from "react";
import { address, type Schemas } from "../../api/client";
import { follow, type StreamState } from "../../api/events";
import type { Query } from "../../api/query";
import { isFinished } from "../../lib/status";
import { useAttempts, type Attempts } from "./useAttempts";
import { usePoked, type Poked } from "./useReading";

export const RECORD = "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}";
export interface ExecutionPath extends Record<string, string> {
  tenant: string;
  agent: string;
  execution: string;
}

/** When no stream comes through, the record is looked at so often. */
const LOOK_MS = 10_000;
const TEXT_MAX = 20_000;
const EVENTS = ["journal", "text", "text_reset", "status", "usage", "error", "done"] as const;

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
  attempts: Poked<Attempts>;
  /** Reads on, where not all attempts are there. */
  more: () => void;
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
  const { attempts, more } = useAttempts(own);
  const [text, setText] = useState("");
  const { poke: readAttempts } = attempts;
  const { poke: readRecord } = record;
  const poke = useCallback(() => {
    readAttempts();
    readRecord();
  }, [readAttempts, readRecord]);
  const status = record.data?.status;
  if (status !== undefined && isFinished(status) !== isOver) setOver(isFinished(status) ? own : null);
  useEffect(() => setText(""), [own]);
  const stream = useTail(status === undefined || isOver ? null : `${own}/events`, (event, data) => {
    if (event === "text") setText((before) => (before + String((data as { chunk?: unknown }).chunk ?? "")).slice(-TEXT_MAX));
    else if (event === "text_reset") setText("");
    if (event !== "text") poke();
  });
  // The last word, when it is over or rests: what the record says may be newer than the attempts that are known.
  const before = useRef(status);
  useEffect(() => {
    if (before.current !== undefined && before.current !== status) readAttempts();
    before.current = status;
  }, [status, readAttempts]);
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
  return { record, attempts, more, isOver, stream, text, poke };
}
