// Reading with memory: what was read before is shown at once and read again behind the reader's back. Keys are the addresses themselves.
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { paths } from "./schema";
import { topicsOf, usePace, whenChanged } from "./changes";
import { address, ProblemError, request, type Answer, type PathWith, type Target } from "./client";

interface Entry {
  data: unknown;
  error: ProblemError | null;
  readAtMs: number;
  reading: Promise<void> | null;
  isStale: boolean;
  listeners: Set<() => void>;
  snapshot: Snapshot;
}
interface Snapshot {
  data: unknown;
  error: ProblemError | null;
  isReading: boolean;
  readAtMs: number;
}

/** Entries that nobody looks at, beyond this many, go; the oldest first. */
const ENTRIES_MAX = 300;
/** What is younger than this is not read again just because somebody else looks at it. */
const FRESH_MS = 2_000;
const entries = new Map<string, Entry>();

function entryOf(key: string): Entry {
  let entry = entries.get(key);
  if (!entry) {
    const snapshot = { data: undefined, error: null, isReading: false, readAtMs: 0 };
    entry = { data: undefined, error: null, readAtMs: 0, reading: null, isStale: true, listeners: new Set(), snapshot };
    entries.set(key, entry);
    for (const [name, old] of entries) {
      if (entries.size <= ENTRIES_MAX) break;
      if (old.listeners.size === 0 && name !== key) entries.delete(name);
    }
  }
  return entry;
}

function tell(entry: Entry): void {
  entry.snapshot = { data: entry.data, error: entry.error, isReading: entry.reading !== null, readAtMs: entry.readAtMs };
  for (const listener of entry.listeners) listener();
}

function read(key: string): Promise<void> {
  const entry = entryOf(key);
  if (entry.reading) return entry.reading;
  entry.isStale = false;
  entry.reading = request("get", key)
    .then(
      (data) => {
        // The same content keeps its identity, so that nothing is drawn again for it.
        if (JSON.stringify(data) !== JSON.stringify(entry.data)) entry.data = data;
        entry.error = null;
      },
      (error: unknown) => {
        entry.error = error instanceof ProblemError ? error : new ProblemError({ type: "", title: "Something went wrong here", status: 0, code: "broken", detail: String(error) });
      },
    )
    .then(() => {
      entry.readAtMs = Date.now();
      entry.reading = null;
      tell(entry);
      if (entry.isStale && entry.listeners.size > 0) void read(key);
    });
  tell(entry);
  return entry.reading;
}

/** Read after this moment, whatever is being read now. */
function readAnew(key: string): Promise<void> {
  const entry = entryOf(key);
  if (entry.reading) entry.isStale = true;
  return read(key);
}

/** Everything whose address begins so is read again: at once where it is shown, otherwise when it is. */
export function invalidate(prefix: string): void {
  const start = prefix.replace(/^\//, "");
  for (const [key, entry] of entries) {
    if (!key.startsWith(start)) continue;
    entry.isStale = true;
    if (entry.listeners.size > 0) void read(key);
  }
}

/** What is known is replaced without asking, for answers that already hold the new state. */
export function remember<P extends PathWith<"get">>(path: P, where: Target<P, "get">, data: Answer<P, "get">): void {
  const entry = entryOf(address(path, where));
  entry.data = data;
  entry.error = null;
  entry.readAtMs = Date.now();
  tell(entry);
}

/** Nothing is remembered; for another person or tenant. */
export function forgetEverything(): void {
  for (const [key, entry] of entries) {
    entry.data = undefined;
    entry.error = null;
    entry.isStale = true;
    tell(entry);
    if (entry.listeners.size === 0) entries.delete(key);
  }
}

function rereadShown(): void {
  if (document.visibilityState === "hidden") return;
  for (const [key, entry] of entries) if (entry.listeners.size > 0 && Date.now() - entry.readAtMs > FRESH_MS) void read(key);
}
if (typeof window !== "undefined") {
  window.addEventListener("focus", rereadShown);
  window.addEventListener("online", rereadShown);
  document.addEventListener("visibilitychange", rereadShown);
}

export interface Query<T> {
  /** Undefined until the first answer. Stays while it is read again, and when that fails. */
  data: T | undefined;
  /** Why the last reading failed. */
  error: ProblemError | null;
  /** Nothing to show yet. */
  isLoading: boolean;
  isReading: boolean;
  /** When it was last read. */
  readAtMs: number;
  reload: () => void;
}

export interface QueryOptions {
  /** Stays what it is on the server: read again when the server says that it changed, or every so often where nobody tells. */
  refreshMs?: number;
  /** Read again while the page is hidden, too: for what its title shows. */
  whileHidden?: boolean;
  /** False: not asked, for what is not known yet. */
  enabled?: boolean;
}

function useKey<T>(key: string | null, options: QueryOptions): Query<T> {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (key === null) return () => undefined;
      const entry = entryOf(key);
      entry.listeners.add(listener);
      if (entry.isStale || Date.now() - entry.readAtMs > FRESH_MS) void read(key);
      return () => void entry.listeners.delete(listener);
    },
    [key],
  );
  const snapshot = useSyncExternalStore(subscribe, () => (key === null ? NOTHING : entryOf(key).snapshot));
  const { refreshMs, whileHidden = false } = options;
  const isKept = key !== null && refreshMs !== undefined;
  const paceMs = usePace(isKept ? topicsOf(key) : [], refreshMs, { hasFailed: snapshot.error !== null, whileHidden });
  useEffect(() => {
    if (key === null || !paceMs) return undefined;
    const timer = window.setInterval(() => {
      if (whileHidden || document.visibilityState !== "hidden") void read(key);
    }, paceMs);
    return () => window.clearInterval(timer);
  }, [key, paceMs, whileHidden]);
  useEffect(() => (isKept ? whenChanged(topicsOf(key), () => readAnew(key)) : undefined), [key, isKept]);
  const reload = useCallback(() => void (key !== null && read(key)), [key]);
  const { data, error, isReading, readAtMs } = snapshot;
  return { data: data as T | undefined, error, isLoading: key !== null && data === undefined && error === null, isReading, readAtMs, reload };
}
const NOTHING: Snapshot = { data: undefined, error: null, isReading: false, readAtMs: 0 };

/** Reads one operation, and keeps reading it as long as it is shown. */
export function useApi<P extends PathWith<"get"> & keyof paths>(path: P, where: Target<P, "get">, options: QueryOptions = {}): Query<Answer<P, "get">> {
  return useKey(options.enabled === false ? null : address(path, where), options);
}

/** Reads it now for a room that is about to ask for it; undefined: it could not be read, which that room will find, too. */
export async function readAhead<P extends PathWith<"get">>(path: P, where: Target<P, "get">): Promise<Answer<P, "get"> | undefined> {
  const key = address(path, where);
  const entry = entryOf(key);
  if (entry.isStale || Date.now() - entry.readAtMs > FRESH_MS) await read(key);
  return entry.data as Answer<P, "get"> | undefined;
}

export interface Action<A extends unknown[], R> {
  /** Does it; undefined when it failed or is under way already (a double click). */
  run: (...given: A) => Promise<R | undefined>;
  isBusy: boolean;
  problem: ProblemError | null;
  clear: () => void;
}

/** Something that changes the server, once at a time; its problem is kept to be shown. */
export function useAction<A extends unknown[], R>(act: (...given: A) => Promise<R>): Action<A, R> {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const busy = useRef(false);
  const latest = useRef(act);
  latest.current = act;
  const run = useCallback(async (...given: A) => {
    if (busy.current) return undefined;
    busy.current = true;
    setBusy(true);
    setProblem(null);
    try {
      return await latest.current(...given);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      setProblem(error);
      return undefined;
    } finally {
      busy.current = false;
      setBusy(false);
    }
  }, []);
  return { run, isBusy, problem, clear: () => setProblem(null) };
}

/** A key for one intention; a repetition of it is the same intention until `renew`. */
export function newIdempotencyKey(): string {
  return crypto.randomUUID();
}
