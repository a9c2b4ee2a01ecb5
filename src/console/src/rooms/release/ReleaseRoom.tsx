// What each environment runs, who still runs on what, and every change of it: deploy, share, promote, roll back.
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { usePages } from "../../api/pages";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { counted, percent } from "../../lib/format";
import { useShortcuts } from "../../lib/hooks";
import { Link, to, type RoomProps } from "../../lib/router";
import { UNFINISHED } from "../../lib/status";
import { Badge, Button, Empty, LinkButton, Loaded, PlainText, RelativeTime, Table, Tally, type Column } from "../../ui";
import { AgentHead } from "../agents/AgentHead";
import { ChangeDialog, shareWord, type Asked } from "./Change";
import { sameSplit, sharesOf, unfinishedOf, type Running } from "./split";
import { PRODUCTION, useRelease, type Place, type Release } from "./useRelease";
import "./release.css";

type Line = Schemas["DeployLine"];
const REFRESH_MS = 10_000;
const FIGURES_REFRESH_MS = 30_000;
const FOLLOWING_SHOWN = 5;

export default function ReleaseRoom({ params }: RoomProps) {
  const agent = params["agent"] ?? "";
  const { tenant, may } = useSession();
  const release = useRelease(agent);
  const history = usePages<Line>("/v1/tenants/{tenant}/agents/{agent}/revisions/deploys", { path: { tenant, agent } }, { refreshMs: REFRESH_MS });
  const [asked, setAsked] = useState<Asked | null>(null);
  const [isWhole, setWhole] = useState(false);
  const mayDeploy = may("agents:deploy");
  const ask = (next: Asked) => setAsked(next);
  const newest = release.data?.revisions[0]?.revision ?? 0;
  useShortcuts(
    [
      { keys: "d", label: "Deploy to production", run: () => ask({ kind: "deploy", environment: PRODUCTION, revision: newest }), once: true },
      { keys: "t", label: "Share the traffic of production", run: () => ask({ kind: "split", environment: PRODUCTION }), once: true },
      { keys: "b", label: "Roll production back", run: () => ask({ kind: "rollback", environment: PRODUCTION }), once: true },
    ],
    mayDeploy && newest > 0 && asked === null,
  );
  const reloadHistory = history.reload;
  return (
    <div className="room">
      <AgentHead
        agent={agent}
        part="deployments"
        actions={
          newest > 1 && (
            <LinkButton icon="branch" to={to`/agents/${agent}/compare`}>
              Compare revisions
            </LinkButton>
          )
        }
      />
      <Loaded query={release}>
        {(data) =>
          data.revisions.length === 0 ? (
            <Empty icon="release" title="Nothing to deploy yet" action={<LinkButton to={to`/agents/${agent}/design`}>To the designer</LinkButton>}>
              The first revision that is published is deployed to production.
            </Empty>
          ) : (
            <div className="stack">
              <div className="release-places">
                {shownPlaces(data.places, isWhole).map((place) => (
                  <PlaceCard key={place.slug} release={data} place={place} onAsk={mayDeploy ? ask : null} />
                ))}
              </div>
              {shownPlaces(data.places, false).length < data.places.length && (
                <div>
                  <Button small look="quiet" icon={isWhole ? "up" : "down"} onClick={() => setWhole(!isWhole)}>
                    {isWhole ? "Show fewer" : `${counted(data.places.length - shownPlaces(data.places, false).length, "other environment")} that ${data.places.length - shownPlaces(data.places, false).length === 1 ? "follows" : "follow"} production`}
                  </Button>
                </div>
              )}
              <StillRunning release={data} />
              <section aria-labelledby="release-history">
                <h2 id="release-history" className="release-title">
                  History
                </h2>
                <Loaded query={history} rows={3}>
                  {(lines) => <History release={data} lines={lines} onAsk={mayDeploy ? ask : null} onEnd={history.more} />}
                </Loaded>
                {history.hasMore && (
                  <Button small look="quiet" onClick={history.more}>
                    Show older ones
                  </Button>
                )}
              </section>
              {asked && (
                <ChangeDialog
                  asked={asked}
                  release={data}
                  history={history.data ?? (history.error ? [] : undefined)}
                  onClose={() => {
                    setAsked(null);
                    reloadHistory();
                  }}
                />
              )}
            </div>
          )
        }
      </Loaded>
    </div>
  );
}

/** Every environment with a deployment of its own; of those that follow production a few, until all are wanted. */
export function shownPlaces(places: readonly Place[], isWhole: boolean): readonly Place[] {
  if (isWhole) return places;
  let following = 0;
  return places.filter((place) => !place.isFollowing || place.slug === PRODUCTION || (following += 1) <= FOLLOWING_SHOWN);
}

function PlaceCard(props: { release: Release; place: Place; onAsk: ((asked: Asked) => void) | null }) {
  const { release, place, onAsk } = props;
  const { tenant } = useSession();
  const figures = useApi("/v1/tenants/{tenant}/agents/{agent}/statistics", { path: { tenant, agent: release.agent }, query: { environment: place.slug } }, { refreshMs: FIGURES_REFRESH_MS });
  const shares = sharesOf(place.split);
  const main = shares[0]?.revision ?? 0;
  const newest = release.revisions[0]?.revision ?? 0;
  const production = release.places.find((one) => one.slug === PRODUCTION);
  const isAhead = place.slug !== PRODUCTION && !place.isFollowing && main > 0 && sharesOf(production?.split ?? [])[0]?.revision !== main;
  return (
    <section className="panel release-place" aria-label={place.name}>
      <header className="release-head">
        <h2 className="grow">
          <PlainText text={place.name} max={120} /> {place.name.toLowerCase() !== place.slug && <code className="quiet small">{place.slug}</code>}
        </h2>
        {place.isFollowing && <Badge title="It runs what production runs until it gets a deployment of its own">Follows production</Badge>}
        {shares.length > 1 && !place.isFollowing && <Badge tone="waiting">Shared</Badge>}
      </header>
      {shares.length === 0 ? (
        <p className="quiet">Nothing is deployed here yet.</p>
      ) : (
        <>
          <div className="release-bar" role="img" aria-label={shares.map((one) => `Revision ${one.revision}: ${percent(one.share)}`).join(", ")}>
            {shares.map((one, at) => (
              <span key={one.revision} className={`release-part release-part-${Math.min(at, 3)}`} style={{ flexGrow: one.share }} />
            ))}
          </div>
          <ul className="release-lines">
            {shares.map((one, at) => {
              const line = release.revisions.find((known) => known.revision === one.revision);
              const figure = figures.data?.find((known) => known.revision === one.revision);
              const open = unfinishedOf(release.running, one.revision, place.slug);
              return (
                <li key={one.revision}>
                  <span className={`release-sign release-part-${Math.min(at, 3)}`} aria-hidden="true" />
                  <Link to={to`/agents/${release.agent}/design/${String(one.revision)}`}>Revision {one.revision}</Link>
                  <span className="grow cut quiet" title={line?.comment ?? undefined}>
                    {line?.comment && <PlainText text={line.comment} max={120} />}
                  </span>
                  <span className="quiet small">
                    {figure && figure.successRate !== null && figure.successRate !== undefined ? `${percent(figure.successRate)} succeed` : ""}
                    {open > 0 ? `${figure?.successRate !== null && figure?.successRate !== undefined ? ", " : ""}${open}${release.isPartial ? "+" : ""} not over` : ""}
                  </span>
                  <strong className="number">{percent(one.share)}</strong>
                </li>
              );
            })}
          </ul>
        </>
      )}
      {place.deployment && (
        <p className="quiet small release-why">
          <RelativeTime at={place.deployment.deployedAt} /> by <PlainText text={place.deployment.deployedBy} max={120} />
          {place.deployment.reason && (
            <>
              : <PlainText text={place.deployment.reason} max={300} />
            </>
          )}
        </p>
      )}
      {onAsk && (
        <footer className="row">
          {(release.revisions.length > 1 || place.deployment === null) && (
            <Button small icon="release" look={newest > main && place.slug === PRODUCTION ? "primary" : "plain"} onClick={() => onAsk({ kind: "deploy", environment: place.slug, revision: newest })}>
              Deploy
            </Button>
          )}
          {release.revisions.length > 1 && place.split.length > 0 && (
            <Button small icon="branch" onClick={() => onAsk({ kind: "split", environment: place.slug })}>
              Share the traffic
            </Button>
          )}
          {shares.length > 1 && !place.isFollowing && shares[1] && (
            <Button small icon="up" onClick={() => onAsk({ kind: "deploy", environment: place.slug, revision: Math.max(...shares.map((one) => one.revision)) })}>
              {`Promote revision ${Math.max(...shares.map((one) => one.revision))}`}
            </Button>
          )}
          {isAhead && (
            <Button small icon="up" onClick={() => onAsk({ kind: "deploy", environment: PRODUCTION, revision: main })}>
              Promote to production
            </Button>
          )}
          {release.revisions.length > 1 && place.deployment && (
            <Button small icon="undo" onClick={() => onAsk({ kind: "rollback", environment: place.slug })}>
              Roll back
            </Button>
          )}
        </footer>
      )}
    </section>
  );
}

/** A link to executions of one revision that are not over. */
function openOnes(agent: string, one: Running, status: readonly string[] = UNFINISHED): string {
  return `${to`/agents/${agent}/executions`}?agentRevision=${one.revision}&status=${status.join(",")}`;
}

function StillRunning(props: { release: Release }) {
  const { release } = props;
  const more = release.isPartial;
  const shareOf = (one: Running) => sharesOf(release.places.find((place) => place.slug === one.environment)?.split ?? []).find((share) => share.revision === one.revision)?.share ?? 0;
  const columns: Column<Running>[] = [
    { key: "revision", title: "Revision", width: "minmax(8rem, 1fr)", cell: (one) => <Link to={openOnes(release.agent, one)}>Revision {one.revision}</Link> },
    { key: "environment", title: "Environment", width: "minmax(7rem, 1fr)", cell: (one) => release.places.find((place) => place.slug === one.environment)?.name ?? one.environment },
    { key: "new", title: "New ones", width: "minmax(8rem, 1fr)", cell: (one) => (shareOf(one) > 0 ? `Takes ${shareWord(shareOf(one))}` : <Badge tone="stopped">Takes no new ones</Badge>) },
    { key: "running", title: "Running", width: "5.5rem", align: "end", cell: (one) => <Tally tone="moving" value={one.running} more={more} label="running" /> },
    { key: "people", title: "Wait for people", width: "8rem", align: "end", cell: (one) => <Tally tone="waiting" value={one.waitingForPeople} more={more} label="wait for people" /> },
    { key: "waiting", title: "Wait", width: "5rem", align: "end", cell: (one) => <Tally tone="waiting" value={one.waiting} more={more} label="wait" /> },
    { key: "oldest", title: "Oldest since", width: "7rem", align: "end", cell: (one) => <RelativeTime at={one.oldestMs} /> },
  ];
  return (
    <section aria-labelledby="release-running">
      <h2 id="release-running" className="release-title">
        Who still runs on what
      </h2>
      {release.running.length === 0 ? (
        <p className="panel release-none quiet">{release.isRunningKnown ? "Nothing runs or waits now: every execution is over." : "What runs cannot be counted at present."}</p>
      ) : (
        <Table label="Who still runs on what" rows={release.running} columns={columns} keyOf={(one) => `${one.revision} ${one.environment}`} linkOf={(one) => openOnes(release.agent, one)} keys={false} />
      )}
      {more && <p className="quiet small">There are more than were counted; these are the newest ones.</p>}
    </section>
  );
}

/** Whether it is what its environment runs at present. */
export function isPresent(release: Pick<Release, "places">, line: Pick<Line, "environment" | "split" | "targetRevision">): boolean {
  const place = release.places.find((one) => one.slug === line.environment);
  const split = line.split.length > 0 ? line.split : [{ revision: line.targetRevision, weight: 1 }];
  return place?.deployment != null && sameSplit(place.split, split);
}

function History(props: { release: Release; lines: readonly Line[]; onAsk: ((asked: Asked) => void) | null; onEnd: () => void }) {
  const { release, onAsk } = props;
  const columns: Column<Line>[] = [
    {
      key: "what",
      title: "What",
      width: "minmax(14rem, 2fr)",
      cell: (one) => (
        <span className="release-what">
          <span className="cut">
            {one.previousRevision > 0 && one.previousRevision !== (sharesOf(one.split)[0]?.revision ?? one.targetRevision) && <span className="quiet">{one.previousRevision} → </span>}
            {one.split.length > 1 ? sharesOf(one.split).map((share) => `Revision ${share.revision} ${percent(share.share)}`).join(", ") : `Revision ${one.targetRevision}`}
          </span>
          {one.isRollback && <Badge tone="stopped">Rollback</Badge>}
          {one.status !== "SUCCESS" && <Badge tone="bad"><PlainText text={one.failureReason ?? one.status} max={200} /></Badge>}
        </span>
      ),
    },
    { key: "environment", title: "Environment", width: "minmax(7rem, 1fr)", cell: (one) => release.places.find((place) => place.slug === one.environment)?.name ?? one.environment },
    { key: "why", title: "Why", width: "minmax(8rem, 2fr)", cell: (one) => (one.reason ? <span title={one.reason}><PlainText text={one.reason} max={200} /></span> : <span className="quiet">–</span>) },
    { key: "by", title: "By", width: "minmax(5rem, 1fr)", cell: (one) => <PlainText text={one.actor && one.actor !== one.createdBy ? `${one.createdBy} with ${one.actor}` : one.createdBy} max={120} /> },
    { key: "when", title: "When", width: "6.5rem", align: "end", cell: (one) => <RelativeTime at={one.createdAt} /> },
  ];
  if (onAsk && release.revisions.length > 1) {
    columns.push({
      key: "again",
      title: "",
      width: "9rem",
      align: "end",
      // What runs now there is nothing to go back to.
      cell: (one) => !isPresent(release, one) && (
        <Button small look="quiet" icon="undo" onClick={() => onAsk(one.split.length > 1 ? { kind: "split", environment: one.environment, split: one.split } : { kind: "rollback", environment: one.environment, revision: one.targetRevision })}>
          Go back to it
        </Button>
      ),
    });
  }
  if (props.lines.length === 0) return <p className="panel release-none quiet">Nothing was deployed yet.</p>;
  return <Table label="History of deployments" rows={props.lines} columns={columns} keyOf={(one) => one.id} onEnd={props.onEnd} />;
}
