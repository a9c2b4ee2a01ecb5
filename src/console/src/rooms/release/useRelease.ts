// What the release rooms read of an agent: its revisions, what runs where, and what still runs on what.
import { useMemo } from "react";
import { itemsOf, type Schemas } from "../../api/client";
import { invalidate, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { UNFINISHED } from "../../lib/status";
import { spelled } from "../../lib/text";
import { runningOf, type Running, type Share } from "./split";

const REFRESH_MS = 5_000;
const SLOW_REFRESH_MS = 30_000;
/** As many as one page may hold. */
const PAGE = 200;
export const PRODUCTION = "production";

export type Revision = Schemas["RevisionLine"];

/** What one environment runs: its own deployment, or what production runs. */
export interface Place {
  slug: string;
  name: string;
  deployment: Schemas["Deployment"] | null;
  /** It runs what production runs, until it gets a deployment of its own. */
  isFollowing: boolean;
  split: readonly Share[];
}

/** Every environment in which the agent runs or could run; production first. */
export function placesOf(environments: readonly Pick<Schemas["Environment"], "slug" | "displayName" | "archivedAt">[], deployments: readonly Schemas["Deployment"][]): Place[] {
  const names = new Map(environments.filter((one) => !one.archivedAt).map((one) => [one.slug, spelled(one.displayName)]));
  for (const one of deployments) if (!names.has(one.environment)) names.set(one.environment, one.environment);
  if (!names.has(PRODUCTION)) names.set(PRODUCTION, "Production");
  const of = (slug: string) => deployments.find((one) => one.environment === slug) ?? null;
  const followed = of(PRODUCTION)?.split ?? [];
  return [...names]
    .map(([slug, name]): Place => {
      const deployment = of(slug);
      return { slug, name, deployment, isFollowing: deployment === null && slug !== PRODUCTION, split: deployment?.split ?? followed };
    })
    .sort((a, b) => Number(b.slug === PRODUCTION) - Number(a.slug === PRODUCTION) || Number(a.isFollowing) - Number(b.isFollowing) || a.name.localeCompare(b.name));
}

export interface Release {
  agent: string;
  revisions: readonly Revision[];
  places: readonly Place[];
  running: readonly Running[];
  /** There are more executions than were counted. */
  isPartial: boolean;
  isRunningKnown: boolean;
  triggers: readonly Schemas["TriggerShown"][];
}

/** The triggers that start an agent in one environment. */
export function triggersOf(release: Pick<Release, "agent" | "triggers">, environment: string): Schemas["TriggerShown"][] {
  return release.triggers.filter((one) => one.active && one.bindings.some((binding) => binding.agentId === release.agent && (binding.environmentSlug ?? PRODUCTION) === environment));
}

export function useRevisions(agent: string) {
  const { tenant } = useSession();
  return useApi("/v1/tenants/{tenant}/agents/{agent}/revisions", { path: { tenant, agent } }, { refreshMs: SLOW_REFRESH_MS });
}

/** Undefined data: something of it is not known yet. */
export function useRelease(agent: string) {
  const { tenant } = useSession();
  const path = { tenant, agent };
  const deployments = useApi("/v1/tenants/{tenant}/agents/{agent}/deployments", { path }, { refreshMs: REFRESH_MS });
  const revisions = useRevisions(agent);
  const environments = useApi("/v1/tenants/{tenant}/environments", { path: { tenant } });
  const records = useApi("/v1/tenants/{tenant}/agents/{agent}/executionRecords", { path, query: { status: [...UNFINISHED], pageSize: PAGE } }, { refreshMs: REFRESH_MS });
  const triggers = useApi("/v1/tenants/{tenant}/triggers", { path: { tenant }, query: { agentId: agent } }, { refreshMs: SLOW_REFRESH_MS });
  const release = useMemo((): Release | undefined => {
    if (!deployments.data || !revisions.data || !environments.data) return undefined;
    return {
      agent,
      revisions: [...itemsOf(revisions.data)].sort((a, b) => b.revision - a.revision),
      places: placesOf(itemsOf(environments.data), deployments.data),
      running: runningOf(records.data?.items ?? []),
      isPartial: Boolean(records.data?.nextPageToken),
      isRunningKnown: records.data !== undefined,
      triggers: triggers.data ?? [],
    };
  }, [agent, deployments.data, revisions.data, environments.data, records.data, triggers.data]);
  const error = deployments.error ?? revisions.error ?? environments.error;
  return { ...deployments, data: release, error, isLoading: release === undefined && error === null, reload: () => [deployments, revisions, environments].forEach((one) => one.reload()) };
}

/** Reads everything again that a deployment changes. */
export function afterDeploy(tenant: string, agent: string): void {
  const base = `/v1/tenants/${encodeURIComponent(tenant)}/agents`;
  invalidate(`${base}/${encodeURIComponent(agent)}`);
  invalidate(base);
}
