// Reading whenever something is said to have happened: never twice at the same time, and less often what takes longer.
import { useCallback, useEffect, useRef, useState } from "react";
import { ProblemError, request } from "../../api/client";
import type { Query } from "../../api/query";

/** Readings keep this distance, and this many times what the last one took: what is large is read less often. */
const AGAIN_MS = 250;
const AGAIN_TIMES = 4;
/** What failed for no fault of ours is tried again after this. */
const RETRY_MS = 3_000;
export interface Poked<T> extends Query<T> {
  poke: () => void;
}

/** One address, read at once and then whenever `poke` is called, never twice at the same time. */
export function usePoked<T extends object>(url: string): Poked<T> {
  const read = useCallback(async (known: T | undefined) => {
    const data = (await request("get", url)) as T;
    // The same content keeps its identity, so that nothing is drawn again for it.
    return known !== undefined && JSON.stringify(data) === JSON.stringify(known) ? known : data;
  }, [url]);
  return useReading(url, read);
}

/** What `read` gives, from what was known before. What is not all there yet (`goesOn`) is read on at once. */
export function useReading<T extends object>(key: string, read: (known: T | undefined) => Promise<T>, goesOn?: (known: T) => boolean): Poked<T> {
  const [state, setState] = useState<{ key: string; data: T | undefined; error: ProblemError | null; readAtMs: number }>({ key, data: undefined, error: null, readAtMs: 0 });
  const work = useRef({ key, known: undefined as T | undefined, isBusy: false, isWanted: false, tookMs: 0, timer: undefined as number | undefined, isGone: false });
  const latest = useRef({ read, goesOn });
  latest.current = { read, goesOn };
  const poke = useCallback(() => {
    const mine = work.current;
    if (mine.isBusy || mine.timer !== undefined) return void (mine.isWanted = true);
    mine.isBusy = true;
    mine.isWanted = false;
    const begunMs = performance.now();
    const after = (data: T | undefined, error: ProblemError | null) => {
      mine.isBusy = false;
      mine.tookMs = performance.now() - begunMs;
      if (mine.isGone) return;
      mine.known = data ?? mine.known;
      setState({ key: mine.key, data: mine.known, error, readAtMs: Date.now() });
      const isPassing = error && (error.status === 0 || error.status === 429 || error.status >= 500);
      if (isPassing) mine.isWanted = true;
      const isMore = error === null && mine.known !== undefined && (latest.current.goesOn?.(mine.known) ?? false);
      if (isMore) mine.isWanted = true;
      const waitMs = isMore ? 0 : Math.max(isPassing ? (error.retryAfterMs ?? RETRY_MS) : AGAIN_MS, AGAIN_TIMES * mine.tookMs);
      mine.timer = window.setTimeout(() => {
        mine.timer = undefined;
        if (mine.isWanted) poke();
      }, waitMs);
    };
    latest.current.read(mine.known).then(
      (data) => after(data, null),
      (error: unknown) => after(undefined, error instanceof ProblemError ? error : new ProblemError({ type: "", title: "Something went wrong here", status: 0, code: "broken", detail: String(error) })),
    );
  }, []);
  useEffect(() => {
    const mine = { key, known: undefined, isBusy: false, isWanted: false, tookMs: 0, timer: undefined, isGone: false };
    work.current = mine;
    poke();
    return () => {
      mine.isGone = true;
      window.clearTimeout(mine.timer);
    };
  }, [key, poke]);
  const isMine = state.key === key;
  const data = isMine ? state.data : undefined;
  const error = isMine ? state.error : null;
  return { data, error, isLoading: data === undefined && error === null, isReading: false, readAtMs: isMine ? state.readAtMs : 0, reload: poke, poke };
}
