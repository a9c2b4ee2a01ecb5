// Which lists changed on the server: one stream for the page, which whoever shows a list listens to. It says what to read again and nothing
// else, and begins by saying that everything may be different: so sleep, a cut and a restart are made up for without knowing what was missed.
import { useEffect, useSyncExternalStore } from "react";
import { address } from "./client";
import { follow } from "./events";

export type Topic = "executions" | "approvals" | "agents" | "deployments" | "triggers" | "firings" | "evaluations" | "environments" | "budgets" | "secrets" | "webhooks" | "audit";

/** Lists that are told of are asked for so seldom, in case the telling fails. */
const SLOW_MS = 60_000;
/** Readings keep this distance, and this many times what the last one took: what is large is read less often. */
const AGAIN_MS = 1_000;
const AGAIN_TIMES = 4;

/** A page that is hidden goes on listening so long: whoever looks into another window for a moment needs no new stream. */
const LINGER_MS = 10_000;

const NONE: readonly Topic[] = [];
/** By the first part of a path below its tenant or its agent. */
const TOPICS: Record<string, readonly Topic[]> = {
  executionRecords: ["executions"],
  statistics: ["executions"],
  stepTimes: ["executions"],
  quarantined: ["executions"],
  budget: ["budgets", "executions"],
  pendingApprovals: ["approvals"],
  inDoubt: ["approvals", "executions"],
  deployments: ["deployments"],
  revisions: ["agents", "deployments"],
  drafts: ["agents"],
  triggers: ["triggers"],
  evaluationRuns: ["evaluations"],
  environments: ["environments"],
  secrets: ["secrets"],
  webhooks: ["webhooks"],
  auditEvents: ["audit"],
  // Each change of a key leaves a line there.
  apiKeys: ["audit"],
};

/** What changes the answer of this address; none: nobody tells. */
export function topicsOf(url: string): readonly Topic[] {
  const [, tenants, , ...parts] = (url.replace(/^\//, "").split("?")[0] ?? "").split("/");
  if (tenants !== "tenants" || parts.length === 0) return NONE;
  // Of all agents, or of one.
  if (parts[0] === "agents" && parts.length <= 2) return ["agents", "deployments"];
  const [first = "", , third] = parts[0] === "agents" ? parts.slice(2) : parts;
  if (first === "triggers" && third === "firings") return ["firings"];
  return Object.hasOwn(TOPICS, first) ? (TOPICS[first] ?? NONE) : NONE;
}

const listeners = new Map<Topic, Set<() => void>>();
const watchers = new Set<() => void>();
let isOpen = false;

function setOpen(open: boolean): void {
  if (isOpen === open) return;
  isOpen = open;
  for (const watcher of watchers) watcher();
}

function heard(topics: Iterable<string>): void {
  // Whoever listens to several of them is told once.
  const told = new Set<() => void>();
  for (const topic of topics) for (const listener of listeners.get(topic as Topic) ?? []) told.add(listener);
  for (const listener of told) listener();
}

/** Calls `again` when one of these may have changed, never twice at the same time. */
export function whenChanged(topics: readonly Topic[], again: () => Promise<unknown>): () => void {
  let timer: number | undefined;
  let [isBusy, isWanted, isGone] = [false, false, false];
  const poke = () => {
    if (isGone) return;
    if (isBusy || timer !== undefined) return void (isWanted = true);
    [isBusy, isWanted] = [true, false];
    const begunMs = performance.now();
    const after = () => {
      isBusy = false;
      if (isGone) return;
      timer = window.setTimeout(() => {
        timer = undefined;
        if (isWanted) poke();
      }, Math.max(AGAIN_MS, AGAIN_TIMES * (performance.now() - begunMs)));
    };
    again().then(after, after);
  };
  for (const topic of topics) {
    const known = listeners.get(topic) ?? new Set();
    listeners.set(topic, known.add(poke));
  }
  return () => {
    isGone = true;
    window.clearTimeout(timer);
    for (const topic of topics) listeners.get(topic)?.delete(poke);
  };
}

function watchOpen(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** How often an address is asked for that would be every `refreshMs` if nobody told of it: as often as that when the last reading failed, and
 * where a hidden page, which has no stream, shows it in its title. */
export function usePace(topics: readonly Topic[], refreshMs: number | undefined, when: { hasFailed: boolean; whileHidden: boolean }): number | undefined {
  const isLive = useSyncExternalStore(watchOpen, () => isOpen);
  const isQuick = when.hasFailed || (when.whileHidden && !isLive);
  if (refreshMs === undefined || topics.length === 0 || isQuick) return refreshMs;
  return Math.max(refreshMs, SLOW_MS);
}

/** Listens for the whole page while it is seen; a browser has few connections for all its windows. Null: to nothing. */
export function useLiveLists(tenant: string | null): void {
  useEffect(() => {
    if (tenant === null) return undefined;
    const url = address("/v1/tenants/{tenant}/changes:subscribe", { path: { tenant } });
    let stop: (() => void) | null = null;
    let timer: number | undefined;
    const end = () => {
      stop?.();
      stop = null;
      setOpen(false);
    };
    const look = () => {
      window.clearTimeout(timer);
      if (document.visibilityState === "hidden") {
        timer = window.setTimeout(end, LINGER_MS);
        return;
      }
      stop ??= follow(url, {
        events: ["changes"],
        on: (event) => heard((event.data as { topics?: string[] }).topics ?? []),
        onState: (state) => setOpen(state === "open"),
      });
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      window.clearTimeout(timer);
      end();
    };
  }, [tenant]);
}
