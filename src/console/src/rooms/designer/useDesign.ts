// The text of the draft while it is worked on: undo and redo, saving as one goes, and what the server says about it.
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";
import { address, ProblemError, request, type Schemas } from "../../api/client";
import { invalidate } from "../../api/query";

export type Draft = Schemas["Draft"];
export type FlowProblem = Schemas["FlowProblem"];

interface History {
  past: string[];
  text: string;
  future: string[];
  /** What the last change was; the same again within a moment is one step of undo. */
  topic: string;
  atMs: number;
}
type Act = { kind: "change"; text: string; topic: string; atMs: number } | { kind: "undo" } | { kind: "redo" } | { kind: "load"; text: string };
const HISTORY_MAX = 200;
const TOGETHER_MS = 900;

export function historyAfter(history: History, act: Act): History {
  const { past, text, future } = history;
  if (act.kind === "load") return { past: [], text: act.text, future: [], topic: "", atMs: 0 };
  if (act.kind === "undo") {
    const before = past.at(-1);
    return before === undefined ? history : { past: past.slice(0, -1), text: before, future: [text, ...future], topic: "", atMs: 0 };
  }
  if (act.kind === "redo") {
    const [next, ...rest] = future;
    return next === undefined ? history : { past: [...past, text], text: next, future: rest, topic: "", atMs: 0 };
  }
  if (act.text === text) return history;
  const isTogether = act.topic !== "" && act.topic === history.topic && act.atMs - history.atMs < TOGETHER_MS;
  return { past: isTogether ? past : [...past, text].slice(-HISTORY_MAX), text: act.text, future: [], topic: act.topic, atMs: act.atMs };
}

export type Saving =
  | { kind: "saved"; atMs: number | null }
  | { kind: "waiting" }
  | { kind: "saving" }
  /** Somebody else changed it meanwhile. */
  | { kind: "conflict"; theirs: Draft | null }
  | { kind: "failed"; error: ProblemError };

const REST_MS = 700;
const RETRY_MS = 5_000;
const WATCH_MS = 10_000;

export interface Design {
  text: string;
  /** The text with what was changed since the page was last drawn: what edits begin from, so that none is lost to another. */
  current: () => string;
  problems: readonly FlowProblem[];
  /** Of which text the problems speak. */
  isChecked: boolean;
  saving: Saving;
  version: number | null;
  canUndo: boolean;
  canRedo: boolean;
  /** `topic`: changes of the same one in quick order are undone at once. */
  change: (text: string, topic?: string) => void;
  undo: () => void;
  redo: () => void;
  /** Takes what somebody else wrote. */
  takeTheirs: () => void;
  /** Writes over what somebody else wrote. */
  keepMine: () => void;
  /** Saves at once what is not saved yet; false: it could not. */
  flush: () => Promise<boolean>;
}

/** The flow of a body as text: YAML as it was sent, JSON printed as YAML by the caller. */
export interface Given {
  tenant: string;
  agent: string;
  base: number;
  text: string;
  draft: Draft | null;
  textOf: (draft: Draft) => string;
  isReadOnly: boolean;
}

export function useDesign(given: Given): Design {
  const { tenant, agent, base } = given;
  const [history, act] = useReducer(historyAfter, { past: [], text: given.text, future: [], topic: "", atMs: 0 });
  const [saving, setSaving] = useState<Saving>({ kind: "saved", atMs: given.draft?.updatedAt ?? null });
  const [draft, setDraft] = useState<Draft | null>(given.draft);
  const [savedText, setSavedText] = useState(given.text);
  const latest = useRef({ text: history.text, version: given.draft?.version ?? null, saved: given.text, isStopped: false });
  latest.current.text = history.text;
  const running = useRef<Promise<boolean> | null>(null);
  const url = address("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft", { path: { tenant, agent, revision: String(base) } });

  const accept = useCallback((answer: Draft, text: string) => {
    latest.current.version = answer.version;
    latest.current.saved = text;
    setDraft(answer);
    setSavedText(text);
  }, []);

  const save = useCallback(async (): Promise<boolean> => {
    if (running.current) {
      await running.current;
      if (latest.current.text === latest.current.saved) return true;
    }
    const text = latest.current.text;
    const put = async () => {
      setSaving({ kind: "saving" });
      try {
        const answer = (await request("put", url, { body: { flow: text }, ifMatch: latest.current.version ?? undefined })) as Draft;
        accept(answer, text);
        setSaving(latest.current.text === text ? { kind: "saved", atMs: answer.updatedAt } : { kind: "waiting" });
        return true;
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        if (error.code === "stale") {
          const theirs = (await request("get", url).catch(() => null)) as Draft | null;
          latest.current.isStopped = true;
          setSaving({ kind: "conflict", theirs });
        } else setSaving({ kind: "failed", error });
        return false;
      } finally {
        running.current = null;
      }
    };
    running.current = put();
    return running.current;
  }, [accept, url]);

  const isDirty = history.text !== savedText;
  useEffect(() => {
    if (given.isReadOnly || !isDirty || latest.current.isStopped) return undefined;
    setSaving((before) => (before.kind === "saving" ? before : { kind: "waiting" }));
    const timer = window.setTimeout(() => void save(), REST_MS);
    return () => window.clearTimeout(timer);
  }, [history.text, isDirty, save, given.isReadOnly]);
  useEffect(() => {
    if (saving.kind !== "failed" || (saving.error.status !== 0 && saving.error.status < 500)) return undefined;
    const timer = window.setTimeout(() => void save(), RETRY_MS);
    return () => window.clearTimeout(timer);
  }, [saving, save]);

  // The problems of a text that nobody changed are asked for, too: a draft knows its own, a revision has none.
  useEffect(() => {
    if (given.isReadOnly) return undefined;
    const look = async () => {
      if (document.visibilityState === "hidden" || running.current || latest.current.isStopped || latest.current.text !== latest.current.saved) return;
      const there = (await request("get", url).catch(() => undefined)) as Draft | null | undefined;
      if (!there || running.current || latest.current.text !== latest.current.saved || there.version === latest.current.version) return;
      const text = given.textOf(there);
      accept(there, text);
      act({ kind: "load", text });
    };
    const timer = window.setInterval(() => void look(), WATCH_MS);
    return () => window.clearInterval(timer);
    // eslint-disable-next-line
  }, [url, given.isReadOnly, accept]);
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      if (latest.current.text !== latest.current.saved && !given.isReadOnly) event.preventDefault();
    };
    window.addEventListener("beforeunload", leave);
    return () => {
      window.removeEventListener("beforeunload", leave);
      // Whoever goes to another room takes nothing along.
      if (latest.current.text !== latest.current.saved && !latest.current.isStopped && !given.isReadOnly) void save();
      invalidate(`/v1/tenants/${tenant}/agents/${agent}/revisions`);
    };
    // eslint-disable-next-line
  }, [save]);

  const theirs = saving.kind === "conflict" ? saving.theirs : null;
  return useMemo(
    () => ({
      text: history.text,
      current: () => latest.current.text,
      problems: draft?.problems ?? [],
      isChecked: !isDirty && draft !== null,
      saving,
      version: draft?.version ?? null,
      canUndo: history.past.length > 0,
      canRedo: history.future.length > 0,
      change: (text: string, topic = "") => {
        latest.current.text = text;
        act({ kind: "change", text, topic, atMs: Date.now() });
      },
      undo: () => act({ kind: "undo" }),
      redo: () => act({ kind: "redo" }),
      takeTheirs: () => {
        latest.current.isStopped = false;
        if (theirs) {
          const text = given.textOf(theirs);
          accept(theirs, text);
          act({ kind: "change", text, topic: "", atMs: Date.now() });
          setSaving({ kind: "saved", atMs: theirs.updatedAt });
        }
      },
      keepMine: () => {
        latest.current.isStopped = false;
        latest.current.version = theirs?.version ?? null;
        void save();
      },
      flush: async () => (latest.current.text === latest.current.saved && latest.current.version !== null ? true : save()),
    }),
    // eslint-disable-next-line
    [history, draft, isDirty, saving, theirs, accept, save],
  );
}
