// Reading lists that come in pages: as far as somebody has looked, and again from the start when the server says that they changed.
import { useCallback, useEffect, useRef, useState } from "react";
import { topicsOf, usePace, whenChanged } from "./changes";
import { address, ProblemError, request, type PathWith } from "./client";

interface Page<T> {
  items: T[];
  nextPageToken?: string | null;
}

export interface Pages<T> {
  /** Undefined until the first answer. */
  data: T[] | undefined;
  error: ProblemError | null;
  isLoading: boolean;
  isReading: boolean;
  readAtMs: number;
  hasMore: boolean;
  /** Reads on behind the last one. */
  more: () => void;
  reload: () => void;
}

type Read = (url: string) => Promise<Page<unknown>>;

/** Pages from `from` on, until there are `wanted` items or no more. A page may be empty and be followed by another. */
export async function readPages(read: Read, urlOf: (token: string | null) => string, from: string | null, wanted: number): Promise<{ items: unknown[]; next: string | null }> {
  const items: unknown[] = [];
  let token = from;
  for (;;) {
    const page = await read(urlOf(token));
    items.push(...page.items);
    token = page.nextPageToken ?? null;
    if (token === null || items.length >= wanted) return { items, next: token };
  }
}

interface State {
  key: string | null;
  items: unknown[] | undefined;
  next: string | null;
  error: ProblemError | null;
  isReading: boolean;
  readAtMs: number;
}
const EMPTY: State = { key: null, items: undefined, next: null, error: null, isReading: false, readAtMs: 0 };
/** Reading many pages again costs more, so it is done less often: once in this for each that is shown. */
const PAGE_SIZE = 200;

export function usePages<T>(path: PathWith<"get">, where: { path?: Record<string, unknown>; query?: Record<string, unknown> }, options: { refreshMs?: number; pageSize?: number; enabled?: boolean } = {}): Pages<T> {
  const { refreshMs, pageSize = PAGE_SIZE, enabled = true } = options;
  const key = enabled ? address(path, { path: where.path, query: { ...where.query, pageSize } }) : null;
  const [state, setState] = useState<State>(EMPTY);
  const latest = useRef(state);
  latest.current = state;
  const isBusy = useRef(false);
  /** It changed while it was read. */
  const isWanted = useRef(false);
  /** Counts the lists that were asked for, so that a late answer to another one is not taken for this one's. */
  const list = useRef(0);

  const run: (kind: "again" | "more") => Promise<void> = useCallback(
    async (kind) => {
      if (key === null || isBusy.current) return;
      isBusy.current = true;
      const mine = list.current;
      const known = latest.current.key === key ? latest.current : { ...EMPTY, key };
      setState({ ...known, isReading: true });
      const urlOf = (token: string | null) => (token ? `${key}&pageToken=${encodeURIComponent(token)}` : key);
      const read: Read = async (url) => (await request("get", url)) as Page<unknown>;
      let next: State;
      try {
        if (kind === "more") {
          const got = await readPages(read, urlOf, known.next, 1);
          next = { ...known, items: [...(known.items ?? []), ...got.items], next: got.next, error: null };
        } else {
          const got = await readPages(read, urlOf, null, Math.max(1, known.items?.length ?? 1));
          const isSame = JSON.stringify(got.items) === JSON.stringify(known.items);
          next = { ...known, items: isSame ? known.items : got.items, next: got.next, error: null };
        }
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        next = { ...known, error };
      }
      if (list.current !== mine) return;
      isBusy.current = false;
      latest.current = { ...next, isReading: false, readAtMs: Date.now() };
      setState(latest.current);
      if (!isWanted.current) return;
      isWanted.current = false;
      await run("again");
    },
    [key],
  );
  const anew = useRef<() => Promise<void>>(async () => undefined);
  anew.current = async () => {
    if (isBusy.current) isWanted.current = true;
    else await run("again");
  };

  useEffect(() => {
    list.current += 1;
    isBusy.current = false;
    isWanted.current = false;
    void run("again");
    return () => void (list.current += 1);
  }, [run]);
  const isKept = key !== null && refreshMs !== undefined;
  useEffect(() => (isKept ? whenChanged(topicsOf(key), () => anew.current()) : undefined), [key, isKept]);
  const depth = Math.max(1, Math.ceil((state.items?.length ?? 1) / pageSize));
  const paceMs = usePace(isKept ? topicsOf(key) : [], refreshMs && refreshMs * depth, { hasFailed: state.error !== null, whileHidden: false });
  useEffect(() => {
    const again = () => void (document.visibilityState !== "hidden" && run("again"));
    window.addEventListener("focus", again);
    window.addEventListener("online", again);
    document.addEventListener("visibilitychange", again);
    const timer = paceMs ? window.setInterval(again, paceMs) : undefined;
    return () => {
      window.removeEventListener("focus", again);
      window.removeEventListener("online", again);
      document.removeEventListener("visibilitychange", again);
      window.clearInterval(timer);
    };
  }, [run, paceMs]);

  const isMine = state.key === key;
  const hasMore = isMine && state.next !== null;
  return {
    data: isMine ? (state.items as T[] | undefined) : undefined,
    error: isMine ? state.error : null,
    isLoading: key !== null && (!isMine || (state.items === undefined && state.error === null)),
    isReading: state.isReading,
    readAtMs: state.readAtMs,
    hasMore,
    more: useCallback(() => void (latest.current.next !== null && run("more")), [run]),
    reload: useCallback(() => void run("again"), [run]),
  };
}
