// Small hooks that several rooms need.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";

let nowMs = Date.now();
const tickers = new Set<() => void>();
let timer: number | undefined;
const TICK_MS = 1_000;

/** The present time, moving once a second, the same for everybody on the page. */
export function useNow(): number {
  return useSyncExternalStore(onTick, presentMs);
}

/** One function for all drawings: a new one would be listened to anew each time, and a page that draws often would never come to a tick. */
function onTick(listener: () => void): () => void {
  tickers.add(listener);
  timer ??= window.setInterval(() => {
    nowMs = Date.now();
    for (const ticker of tickers) ticker();
  }, TICK_MS);
  return () => {
    tickers.delete(listener);
    if (tickers.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** Where nobody has listened, the clock has stood still: it is set before somebody reads it. */
function presentMs(): number {
  const realMs = Date.now();
  if (timer === undefined && Math.abs(realMs - nowMs) > TICK_MS) nowMs = realMs;
  return nowMs;
}

/** The value once it has rested. */
export function useRested<T>(value: T, restMs: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const wait = window.setTimeout(() => setRested(value), restMs);
    return () => window.clearTimeout(wait);
  }, [value, restMs]);
  return rested;
}

/** False until what is drawn first was painted: for what may come a moment later. */
export function usePainted(): boolean {
  const [isPainted, setPainted] = useState(false);
  useEffect(() => {
    let timer: number | undefined;
    const frame = window.requestAnimationFrame(() => void (timer = window.setTimeout(() => setPainted(true), 0)));
    return () => {
      window.cancelAnimationFrame(frame);
      window.clearTimeout(timer);
    };
  }, []);
  return isPainted;
}

let titleNow = "Flowgate";
let titleCount = 0;

function showTitle(): void {
  document.title = titleCount > 0 ? `(${titleCount}) ${titleNow}` : titleNow;
}

/** The title of the page while something is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    titleNow = `${title} · Flowgate`;
    showTitle();
  }, [title]);
}

/** How much waits for the reader, before the title of whatever is shown. */
export function useTitleCount(count: number): void {
  useEffect(() => {
    titleCount = count;
    showTitle();
    return () => void (titleCount = 0);
  }, [count]);
}

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = window.matchMedia?.(query);
      list?.addEventListener("change", listener);
      return () => list?.removeEventListener("change", listener);
    },
    () => window.matchMedia?.(query).matches ?? false,
  );
}

/** As wide as a phone. Styles use the same bound: `@media (max-width: 719px)`. */
export function usePhone(): boolean {
  return useMedia("(max-width: 719px)");
}

export interface Shortcut {
  /** As `KeyboardEvent.key`; "g a" is g, then a. "mod+s" is Ctrl or Command. */
  keys: string;
  label: string;
  run: () => void;
  /** Works in a text field, too. */
  inFields?: boolean;
  /** A key that is held down counts once: for what changes something. */
  once?: boolean;
}
export interface ShownShortcut {
  keys: string;
  label: string;
}

const shown = new Map<symbol, Shortcut[]>();
const SEQUENCE_MS = 900;
let lead: { key: string; atMs: number } | null = null;

/** Everything that works at present, for the help. */
export function shortcutsNow(): ShownShortcut[] {
  return [...shown.values()].flat();
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName) || target.closest("[data-keys=own]") !== null;
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey) return;
  const mod = event.ctrlKey || event.metaKey;
  const key = mod ? `mod+${event.key.toLowerCase()}` : event.key;
  const sequence = !mod && lead && event.timeStamp - lead.atMs < SEQUENCE_MS ? `${lead.key} ${key}` : null;
  const inField = isField(event.target);
  // The newest comes first: a dialog before the room under it.
  const all = [...shown.values()].reverse().flat();
  const fits = (one: Shortcut) => (one.keys === sequence || one.keys === key) && (!inField || one.inFields === true);
  const hit = all.find((one) => one.keys === sequence && fits(one)) ?? all.find(fits);
  if (hit) {
    lead = null;
    event.preventDefault();
    if (!(hit.once && event.repeat)) hit.run();
  } else if (!inField && key.length === 1) {
    lead = { key, atMs: event.timeStamp };
  }
}
if (typeof window !== "undefined") window.addEventListener("keydown", onKey);

/** Keys that work while the component is shown; they stand in the help (`?`) by themselves. */
export function useShortcuts(shortcuts: Shortcut[], enabled = true): void {
  const name = useRef<symbol>(Symbol("shortcuts"));
  useEffect(() => {
    if (enabled) shown.set(name.current, shortcuts);
    else shown.delete(name.current);
  });
  useEffect(() => {
    const own = name.current;
    return () => void shown.delete(own);
  }, []);
}
