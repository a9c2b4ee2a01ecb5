// The journal of an execution, in parts: as far as somebody looks, from its beginning or from near its end, and what comes while they look.
import { useCallback, useEffect, useRef, useState } from "react";
import { follow } from "../../api/events";
import type { Entry } from "./words";

/** As many entries as are read at once. */
export const PART = 500;
/** Entries come one by one; they are shown together. */
const SHOW_MS = 80;

export interface Journal {
  entries: readonly Entry[];
  /** The next part is being read. */
  isReading: boolean;
  /** There may be more behind these. */
  hasMore: boolean;
  more: () => void;
}

/** `from`: the number of the first entry wanted. */
export function useJournal(url: string, from: number): Journal {
  const [state, setState] = useState<{ entries: readonly Entry[]; isReading: boolean; hasMore: boolean }>({ entries: [], isReading: true, hasMore: false });
  const read = useRef<() => void>(() => undefined);
  useEffect(() => {
    let entries: Entry[] = [];
    let stop = () => undefined as void;
    let timer: number | undefined;
    let isGone = false;
    const show = (isReading: boolean, hasMore: boolean) => {
      window.clearTimeout(timer);
      timer = undefined;
      if (!isGone) setState({ entries: [...entries], isReading, hasMore });
    };
    const part = () => {
      const begun = entries.length;
      const next = entries.at(-1)?.seq ?? from - 1;
      stop();
      stop = follow(`${url}?journal=true`, {
        events: ["journal", "done"],
        last: ["done"],
        after: next >= 0 ? `${next}.0` : null,
        onState: (state) => state === "open" && entries.length === begun && (timer ??= window.setTimeout(() => show(false, false), 4 * SHOW_MS)),
        on: (event) => {
          if (event.event === "done") return show(false, false);
          const entry = event.data as Entry;
          if (entry.seq <= (entries.at(-1)?.seq ?? -1)) return;
          entries.push(entry);
          if (entries.length - begun >= PART) {
            stop();
            return show(false, true);
          }
          timer ??= window.setTimeout(() => show(false, false), SHOW_MS);
        },
      });
    };
    read.current = part;
    entries = [];
    setState({ entries: [], isReading: true, hasMore: false });
    part();
    return () => {
      isGone = true;
      window.clearTimeout(timer);
      stop();
    };
  }, [url, from]);
  const latest = useRef(state);
  latest.current = state;
  const more = useCallback(() => {
    if (!latest.current.hasMore || latest.current.isReading) return;
    setState((before) => ({ ...before, isReading: true, hasMore: false }));
    read.current();
  }, []);
  return { ...state, more };
}
