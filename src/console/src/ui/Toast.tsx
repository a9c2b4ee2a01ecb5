// Short words about what was just done. They are read out, and go by themselves; what failed stays until it is put away.
import { useSyncExternalStore } from "react";
import { Button } from "./Button";

interface Shown {
  id: number;
  text: string;
  tone: "good" | "bad";
  action?: { label: string; run: () => void };
}
const STAY_MS = 6_000;
const SHOWN_MAX = 4;
let toasts: readonly Shown[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(next: readonly Shown[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function put(id: number): void {
  set(toasts.filter((one) => one.id !== id));
}

/** Says something. With `action`, offers to take it back or to go there. */
export function toast(text: string, options: { tone?: "good" | "bad"; action?: { label: string; run: () => void } } = {}): void {
  const tone = options.tone ?? "good";
  const id = nextId++;
  set([...toasts, { id, text, tone, action: options.action }].slice(-SHOWN_MAX));
  if (tone === "good") window.setTimeout(() => put(id), STAY_MS);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((one) => (
        <div key={one.id} className={`toast toast-${one.tone}`}>
          <span className="grow">{one.text}</span>
          {one.action && (
            <Button
              small
              look="quiet"
              onClick={() => {
                one.action?.run();
                put(one.id);
              }}
            >
              {one.action.label}
            </Button>
          )}
          <Button small look="quiet" icon="close" iconOnly onClick={() => put(one.id)}>
            Put away
          </Button>
        </div>
      ))}
    </div>
  );
}
