// A change of what an environment runs, in three kinds: deploy, share the traffic, roll back. What follows from it stands there before it is done.
import { useState, type ReactNode } from "react";
import { api } from "../../api/client";
import { useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { counted, percent } from "../../lib/format";
import { Link, to } from "../../lib/router";
import { spelled } from "../../lib/text";
import { Badge, Button, Dialog, Field, Note, PlainText, ProblemNote, Select, toast } from "../../ui";
import { beforePresent, changesOf, mainOf, restOf, sameSplit, SHARES_MAX, sharesOf, splitOf, unfinishedOf, type Share, type Wanted } from "./split";
import { afterDeploy, PRODUCTION, triggersOf, type Place, type Release } from "./useRelease";
import type { Schemas } from "../../api/client";

/** A change that somebody began to make. */
export type Asked =
  | { kind: "deploy"; environment: string; revision: number }
  | { kind: "split"; environment: string; split?: readonly Share[] }
  | { kind: "rollback"; environment: string; revision?: number };

interface Props {
  release: Release;
  /** Undefined: not known yet. */
  history: readonly Schemas["DeployLine"][] | undefined;
  onClose: () => void;
}

export function ChangeDialog(props: Props & { asked: Asked }) {
  const { asked, ...rest } = props;
  if (asked.kind === "split") return <SplitDialog {...rest} asked={asked} />;
  return <WholeDialog {...rest} asked={asked} />;
}

/** The share of a revision, in one word. */
export function shareWord(share: number): string {
  return share <= 0 ? "nothing" : share >= 1 ? "everything" : percent(share);
}

function revisionOptions(release: Release, place: Place | undefined) {
  const shares = new Map(sharesOf(place?.split ?? []).map((one) => [one.revision, one.share]));
  return release.revisions.map((one) => {
    const share = shares.get(one.revision);
    const comment = one.comment ? `: ${spelled(one.comment.slice(0, 60))}` : "";
    return { value: String(one.revision), label: `Revision ${one.revision}${share ? ` (takes ${shareWord(share)} now)` : ""}${comment}` };
  });
}

/** One revision takes everything: a deployment, or a rollback. */
function WholeDialog(props: Props & { asked: Exclude<Asked, { kind: "split" }> }) {
  const { asked, release, history, onClose } = props;
  const { tenant } = useSession();
  const isRollback = asked.kind === "rollback";
  const [environment, setEnvironment] = useState(asked.environment);
  const place = release.places.find((one) => one.slug === environment);
  const before = history ? beforePresent(history, environment, place?.split ?? []) : null;
  const another = release.revisions.find((one) => one.revision !== mainOf(place?.split ?? []))?.revision ?? 0;
  const [chosen, setRevision] = useState<number | null>(asked.revision ?? null);
  // Where a rollback goes is not guessed before the history is there. 0: not known yet.
  const revision = chosen ?? (history === undefined ? 0 : (before ?? another));
  const [reason, setReason] = useState("");
  const split = [{ revision, weight: 1 }];
  const act = useAction(async () => {
    const why = reason.trim() || null;
    if (isRollback) await api.post("/v1/tenants/{tenant}/agents/{agent}:rollback", { path: { tenant, agent: release.agent }, body: { environment, toRevision: revision, reason: why } });
    else await api.post("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:deploy", { path: { tenant, agent: release.agent, revision: String(revision) }, body: { environment, reason: why } });
    afterDeploy(tenant, release.agent);
    toast(`${place?.name ?? environment} runs revision ${revision}.`);
    onClose();
  });
  const isSame = place !== undefined && !place.isFollowing && sameSplit(place.split, split);
  return (
    <Dialog
      title={isRollback ? "Roll back" : "Deploy"}
      width="wide"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep as it is</Button>
          <Button look={isRollback ? "danger" : "primary"} icon={isRollback ? "undo" : "release"} busy={act.isBusy} disabled={revision === 0 || isSame} onClick={() => void act.run()}>
            {revision === 0 ? "Roll back" : isRollback ? `Roll back to revision ${revision}` : `Deploy revision ${revision}`}
          </Button>
        </>
      }
    >
      <div className="stack">
        <div className="release-fields">
          <Select label="Environment" value={environment} onChange={(event) => setEnvironment(event.target.value)} options={release.places.map((one) => ({ value: one.slug, label: one.name }))} />
          <Select
            label="Revision"
            hint={isRollback && before === revision ? "What ran before the present one" : undefined}
            value={String(revision)}
            onChange={(event) => setRevision(Number(event.target.value))}
            options={revision === 0 ? [{ value: "0", label: "…" }, ...revisionOptions(release, place)] : revisionOptions(release, place)}
          />
        </div>
        <Field label="Why" hint="Kept in the history" value={reason} maxLength={500} autoComplete="off" onChange={(event) => setReason(event.target.value)} />
        {isSame ? <Note>This is what {place.name} runs now.</Note> : place && revision > 0 && <Consequences release={release} place={place} split={split} />}
        <ProblemNote error={act.problem} />
      </div>
    </Dialog>
  );
}

function SplitDialog(props: Props & { asked: Extract<Asked, { kind: "split" }> }) {
  const { asked, release, onClose } = props;
  const { tenant } = useSession();
  const place = release.places.find((one) => one.slug === asked.environment);
  const from = sharesOf(asked.split ?? place?.split ?? []);
  const [main, setMain] = useState(from[0]?.revision ?? release.revisions[0]?.revision ?? 0);
  const newest = release.revisions.find((one) => one.revision !== main)?.revision;
  const [others, setOthers] = useState<readonly Wanted[]>(() => {
    if (from.length > 1) return from.slice(1).map((one) => ({ revision: one.revision, percent: String(Math.round(one.share * 10_000) / 100) }));
    return newest === undefined ? [] : [{ revision: newest, percent: "10" }];
  });
  const [reason, setReason] = useState("");
  const made = splitOf(main, others);
  const rest = restOf(others);
  const act = useAction(async (split: Share[]) => {
    await api.post("/v1/tenants/{tenant}/agents/{agent}:split", { path: { tenant, agent: release.agent }, body: { environment: asked.environment, split, reason: reason.trim() || null } });
    afterDeploy(tenant, release.agent);
    toast("New executions are shared so from now on.");
    onClose();
  });
  const set = (at: number, change: Partial<Wanted>) => setOthers(others.map((one, place) => (place === at ? { ...one, ...change } : one)));
  const options = revisionOptions(release, place);
  const free = release.revisions.find((one) => one.revision !== main && !others.some((other) => other.revision === one.revision));
  const isSame = "split" in made && place !== undefined && !place.isFollowing && sameSplit(place.split, made.split);
  return (
    <Dialog
      title={`Share the traffic of ${place?.name ?? asked.environment}`}
      width="wide"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep as it is</Button>
          <Button look="primary" busy={act.isBusy} disabled={"problem" in made || isSame} onClick={() => "split" in made && void act.run(made.split)}>
            Share it so
          </Button>
        </>
      }
    >
      <div className="stack">
        <ul className="release-shares">
          <li>
            <Select label="The rest goes to" value={String(main)} onChange={(event) => setMain(Number(event.target.value))} options={options} />
            <div className="release-rest">
              <span className="field-label">Share</span>
              <strong className="number">{rest === null ? "–" : `${rest.toLocaleString("en-US", { maximumFractionDigits: 2 })} %`}</strong>
            </div>
          </li>
          {others.map((one, at) => (
            <li key={at}>
              <Select label={`Share ${at + 2} goes to`} value={String(one.revision)} onChange={(event) => set(at, { revision: Number(event.target.value) })} options={options} />
              <Field label={`Percent of revision ${one.revision}`} inputMode="decimal" value={one.percent} autoComplete="off" onChange={(event) => set(at, { percent: event.target.value })} />
              <Button look="quiet" icon="trash" iconOnly onClick={() => setOthers(others.filter((_, place) => place !== at))}>
                {`Leave out revision ${one.revision}`}
              </Button>
            </li>
          ))}
        </ul>
        {free && others.length < SHARES_MAX - 1 && (
          <div>
            <Button small icon="plus" onClick={() => setOthers([...others, { revision: free.revision, percent: "10" }])}>
              Another revision
            </Button>
          </div>
        )}
        <Field label="Why" hint="Kept in the history" value={reason} maxLength={500} autoComplete="off" onChange={(event) => setReason(event.target.value)} />
        {"problem" in made ? <Note tone="waiting">{made.problem}</Note> : isSame ? <Note>It is shared so now.</Note> : place && <Consequences release={release} place={place} split={made.split} />}
        <ProblemNote error={act.problem} />
      </div>
    </Dialog>
  );
}

/** What follows: who takes what, what goes on, who else is concerned. */
function Consequences(props: { release: Release; place: Place; split: readonly Share[] }) {
  const { release, place, split } = props;
  const changes = changesOf(place.split, split);
  const more = release.isPartial ? "+" : "";
  const losing = changes.filter((one) => one.after < one.before).map((one) => ({ ...one, open: unfinishedOf(release.running, one.revision, place.slug) }));
  const following = place.slug === PRODUCTION ? release.places.filter((one) => one.isFollowing) : [];
  const triggers = triggersOf(release, place.slug);
  const gaining = changes.find((one) => one.after > one.before);
  const main = mainOf(place.split);
  return (
    <section aria-label="What follows" className="release-follows">
      <h3>What follows</h3>
      <ul className="release-changes">
        {changes.map((one) => (
          <li key={one.revision}>
            <span className="grow">Revision {one.revision}</span>
            <span className="number quiet">{shareWord(one.before)}</span>
            <span aria-hidden="true" className="quiet">
              →
            </span>
            <span className="unseen">becomes</span>
            <span className="number">
              {shareWord(one.after)}
              {place.isFollowing && one.before === one.after ? " (its own from now on)" : ""}
            </span>
          </li>
        ))}
      </ul>
      <ul className="release-sayings">
        <Saying>New executions take this from now on; nothing that runs is touched.</Saying>
        {losing.map(
          (one) =>
            one.open > 0 && (
              <Saying key={one.revision}>
                <strong className="number">
                  {one.open}
                  {more}
                </strong>{" "}
                {one.open === 1 ? "execution goes" : "executions go"} on with revision {one.revision} to the end, with what waits for people.
              </Saying>
            ),
        )}
        <Saying>A session that goes on later may get another revision: it stays with one as long as the shares stay.</Saying>
        {place.isFollowing && <Saying>{place.name} follows production now. It will not do so any more.</Saying>}
        {following.length > 0 && <Saying>{following.map((one) => one.name).join(", ")} follow{following.length === 1 ? "s" : ""} production and change{following.length === 1 ? "s" : ""} with it.</Saying>}
        {triggers.length > 0 && (
          <Saying>
            {counted(triggers.length, "trigger")} {triggers.length === 1 ? "starts" : "start"} this by {triggers.length === 1 ? "itself" : "themselves"}:{" "}
            {triggers.slice(0, 5).map((one, at) => (
              <span key={one.id}>
                {at > 0 && ", "}
                <PlainText text={one.displayName} max={80} />
              </span>
            ))}
            {triggers.length > 5 && ", …"}
          </Saying>
        )}
      </ul>
      {gaining && main > 0 && gaining.revision !== main && <InWords agent={release.agent} before={main} after={gaining.revision} />}
    </section>
  );
}

function Saying(props: { children: ReactNode }) {
  return <li>{props.children}</li>;
}

/** How the two revisions differ, in one line. */
function InWords(props: { agent: string; before: number; after: number }) {
  const { agent, before, after } = props;
  const { tenant } = useSession();
  const diff = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/diff/{other}", { path: { tenant, agent, revision: String(before), other: String(after) } });
  const data = diff.data as Schemas["Diff"] | undefined;
  return (
    <p className="small">
      <Badge tone={data?.same ? "neutral" : "waiting"}>{data?.same ? "Means the same" : "Differs"}</Badge> {data && !data.same && <PlainText text={data.summary} max={300} />}{" "}
      <Link to={`${to`/agents/${agent}/compare`}?before=${before}&after=${after}`}>Compare revisions {before} and {after}</Link>
    </p>
  );
}
