// Following a stream of the server: it goes on where it stopped after a cut, a restart of the server, and a night's sleep.
import { useEffect, useRef, useState } from "react";

export interface StreamEvent {
  id: string | null;
  event: string;
  data: unknown;
}
export type StreamState = "connecting" | "open" | "waiting" | "ended";

/** First pause before a new connection; doubled up to the second. */
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 15_000;
/** The pulse that notices sleep: a beat that comes this much too late means that the machine stood still. */
const PULSE_MS = 5_000;
const SLEPT_MS = 20_000;

export interface FollowOptions {
  /** Names of the events to hear. */
  events: readonly string[];
  on: (event: StreamEvent) => void;
  onState?: (state: StreamState) => void;
  /** Where to start: behind this id. */
  after?: string | null;
  /** The stream is over for good after one of these. */
  last?: readonly string[];
}

function withAfter(url: string, after: string | null): string {
  if (!after) return url;
  return `${url}${url.includes("?") ? "&" : "?"}after=${encodeURIComponent(after)}`;
}

/** Follows until the returned function is called. */
export function follow(url: string, options: FollowOptions): () => void {
  let source: EventSource | null = null;
  let after = options.after ?? null;
  let pauseMs = PAUSE_MS;
  let timer: number | undefined;
  let beatAtMs = Date.now();
  let over = false;
  const say = (state: StreamState) => options.onState?.(state);
  const later = () => {
    source?.close();
    source = null;
    if (over) return;
    say("waiting");
    window.clearTimeout(timer);
    timer = window.setTimeout(open, pauseMs);
    pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
  };
  const now = () => {
    if (over) return;
    pauseMs = PAUSE_MS;
    window.clearTimeout(timer);
    source?.close();
    open();
  };
  const heard = (message: MessageEvent<string>, name: string) => {
    if (message.lastEventId) after = message.lastEventId;
    let data: unknown;
    try {
      data = JSON.parse(message.data);
    } catch {
      data = message.data;
    }
    options.on({ id: message.lastEventId || null, event: name, data });
    if (options.last?.includes(name)) {
      stop();
      say("ended");
    }
  };
  function open(): void {
    say("connecting");
    const opened = new EventSource(withAfter(url, after));
    source = opened;
    opened.onopen = () => {
      pauseMs = PAUSE_MS;
      say("open");
    };
    // The browser's own repetition forgets a refusal and a changed address; ours does not.
    opened.onerror = later;
    opened.addEventListener("closing", later);
    for (const name of options.events) opened.addEventListener(name, (message) => source === opened && heard(message as MessageEvent<string>, name));
  }
  const pulse = window.setInterval(() => {
    const lateMs = Date.now() - beatAtMs;
    beatAtMs = Date.now();
    if (lateMs > SLEPT_MS) now();
  }, PULSE_MS);
  window.addEventListener("online", now);
  function stop(): void {
    over = true;
    window.clearTimeout(timer);
    window.clearInterval(pulse);
    window.removeEventListener("online", now);
    source?.close();
    source = null;
  }
  open();
  return stop;
}

/** Follows while shown; null: follows nothing. The newest `on` is called, without connecting again. */
export function useEvents(url: string | null, options: FollowOptions): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const latest = useRef(options);
  latest.current = options;
  useEffect(() => {
    if (url === null) return undefined;
    const { events, after, last } = latest.current;
    return follow(url, { events, after, last, on: (event) => latest.current.on(event), onState: setState });
  }, [url]);
  return state;
}
