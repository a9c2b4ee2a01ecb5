// Two revisions beside each other: how they fare, and how they differ, in words, on the graph and in the text.
import { useMemo, useState } from "react";
import { stringify } from "yaml";
import { itemsOf, type Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { Link, setQuery, to, useLocation, type RoomProps } from "../../lib/router";
import { spelled } from "../../lib/text";
import { Button, Empty, LinkButton, Loaded, Note, Select, Skeleton } from "../../ui";
import { AgentHead } from "../agents/AgentHead";
import { Canvas, type Mark } from "../designer/Canvas";
import { flowTextOf } from "../designer/DesignerRoom";
import { TextDiff, Words } from "../designer/Dialogs";
import "../designer/designer.css";
import { compared } from "../designer/model/compare";
import type { Level } from "../designer/model/flow";
import { placed } from "../designer/model/layout";
import { differenceOf, ENOUGH, FIGURES, monthBefore } from "./figures";
import { mainOf } from "./split";
import { PRODUCTION, useRevisions } from "./useRelease";
import "./release.css";

const REFRESH_MS = 15_000;
const PERIODS = [
  { value: "0", label: "Started this month" },
  { value: "2", label: "Started in three months" },
  { value: "11", label: "Started in a year" },
];

const numberOf = (text: string | null) => (text && /^\d+$/.test(text) ? Number(text) : null);

/** Which two are compared when nobody says: what production runs, and the newest; otherwise the last two. */
export function chosenOf(revisions: readonly number[], running: number, before: number | null, after: number | null): { before: number; after: number } {
  const sorted = [...revisions].sort((a, b) => b - a);
  const right = after ?? (before === sorted[0] && sorted[1] !== undefined && running !== before ? running || sorted[1] : (sorted[0] ?? 0));
  const left = before ?? (running > 0 && running !== right ? running : (sorted.find((one) => one !== right) ?? right));
  return { before: left, after: right };
}

export default function CompareRoom({ params }: RoomProps) {
  const agent = params["agent"] ?? "";
  const { tenant } = useSession();
  const { query } = useLocation();
  const revisions = useRevisions(agent);
  const deployments = useApi("/v1/tenants/{tenant}/agents/{agent}/deployments", { path: { tenant, agent } });
  const running = mainOf(deployments.data?.find((one) => one.environment === PRODUCTION)?.split ?? []);
  return (
    <div className="room">
      <AgentHead agent={agent} part="revisions" />
      <Loaded query={revisions}>
        {(data) => {
          const all = [...itemsOf(data)].sort((a, b) => b.revision - a.revision);
          if (all.length < 2) return <Empty icon="branch" title="There is nothing to compare yet" action={<LinkButton to={to`/agents/${agent}/design`}>To the designer</LinkButton>}>An agent needs two revisions for that; this one has {all.length === 0 ? "none" : "one"}.</Empty>;
          const chosen = chosenOf(all.map((one) => one.revision), running, numberOf(query.get("before")), numberOf(query.get("after")));
          return (
            <div className="stack">
              <Choice revisions={all} {...chosen} />
              {chosen.before === chosen.after ? (
                <Empty icon="branch" title="This is the same revision twice">Choose two that differ.</Empty>
              ) : (
                <>
                  <Fare agent={agent} {...chosen} />
                  <Difference key={`${chosen.before} ${chosen.after}`} agent={agent} {...chosen} />
                </>
              )}
            </div>
          );
        }}
      </Loaded>
    </div>
  );
}

function Choice(props: { revisions: readonly Schemas["RevisionLine"][]; before: number; after: number }) {
  const { before, after } = props;
  const { query } = useLocation();
  const options = props.revisions.map((one) => ({ value: String(one.revision), label: `Revision ${one.revision}${one.isCurrent ? " (in production)" : ""}${one.comment ? `: ${spelled(one.comment.slice(0, 60))}` : ""}` }));
  const choose = (left: number, right: number) => setQuery({ before: String(left), after: String(right) });
  return (
    <div className="release-two">
      <Select label="Before" value={String(before)} options={options} onChange={(event) => choose(Number(event.target.value), after)} />
      <Select label="After" value={String(after)} options={options} onChange={(event) => choose(before, Number(event.target.value))} />
      <Select label="Period" value={query.get("months") ?? "2"} options={PERIODS} onChange={(event) => setQuery({ months: event.target.value })} />
      <Button icon="retry" onClick={() => choose(after, before)}>
        Turn them round
      </Button>
    </div>
  );
}

const NOTHING_RAN = { started: 0, unfinished: 0, completed: 0, failed: 0, timedOut: 0, cancelled: 0, rejected: 0, totalCost: 0, inputTokens: 0, outputTokens: 0, approvals: 0, rejections: 0 };

function Fare(props: { agent: string; before: number; after: number }) {
  const { agent, before, after } = props;
  const { tenant, environment } = useSession();
  const { query } = useLocation();
  const months = numberOf(query.get("months")) ?? 2;
  const now = Date.now();
  const period = { fromMonth: monthBefore(now, months), toMonth: monthBefore(now, 0) };
  const figures = useApi("/v1/tenants/{tenant}/agents/{agent}/statistics", { path: { tenant, agent }, query: { environment: environment ?? undefined, ...period } }, { refreshMs: REFRESH_MS });
  return (
    <section aria-labelledby="compare-fare">
      <h2 id="compare-fare" className="release-title">
        How they fare
      </h2>
      <Loaded query={figures} rows={FIGURES.length}>
        {(all) => {
          const of = (revision: number) => all.find((one) => one.revision === revision) ?? ({ ...NOTHING_RAN, agentId: agent, revision } as Schemas["RevisionStatistics"]);
          const [left, right] = [of(before), of(after)];
          const few = [left, right].filter((one) => one.started - one.unfinished < ENOUGH);
          return (
            <div className="stack">
              {few.length > 0 && (
                <Note>
                  {few.map((one) => `Revision ${one.revision}: ${(one.started - one.unfinished).toLocaleString("en-US")} are over.`).join(" ")} With fewer than {ENOUGH}, a difference may be chance.
                </Note>
              )}
              <div className="panel">
                <table className="release-figures">
                  <thead>
                    <tr>
                      <th scope="col">{environment ? `In ${environment}` : "In all environments"}</th>
                      <th scope="col">Revision {before}</th>
                      <th scope="col">Revision {after}</th>
                      <th scope="col">Difference</th>
                    </tr>
                  </thead>
                  <tbody>
                    {FIGURES.map((figure) => {
                      const [old, fresh] = [figure.of(left), figure.of(right)];
                      const difference = differenceOf(figure, old, fresh);
                      const shown = (value: number | null) => (value === null ? <span className="quiet">–</span> : <span className="number">{figure.show(value)}</span>);
                      return (
                        <tr key={figure.key}>
                          <th scope="row">
                            {figure.label} {figure.says && <span className="quiet small release-says">{figure.says}</span>}
                          </th>
                          <td>{shown(old)}</td>
                          <td>{shown(fresh)}</td>
                          <td>
                            {difference ? (
                              <span className={`number tone-${difference.tone}`}>
                                {difference.text}
                                {difference.tone !== "neutral" && <span className="unseen">{difference.tone === "good" ? ", better" : ", worse"}</span>}
                              </span>
                            ) : (
                              <span className="quiet">–</span>
                            )}
                          </td>
                        </tr>
                      );
                    })}
                  </tbody>
                </table>
              </div>
            </div>
          );
        }}
      </Loaded>
    </section>
  );
}

/** What the server adds to a revision's body; it is no part of what was sent. */
const ADDED = new Set(["agentId", "agentRevision", "digest", "comment", "createdAt", "createdBy", "actor", "isCurrent", "lastDeployedAt", "unfinished"]);

/** A revision as text: its flow, or its whole body where that has the vendor's shape. */
export function textOf(revision: Record<string, unknown>): { text: string; isFlow: boolean } {
  const flow = flowTextOf(revision);
  if (flow !== null) return { text: flow, isFlow: true };
  return { text: stringify(Object.fromEntries(Object.entries(revision).filter(([name]) => !ADDED.has(name))), { lineWidth: 0 }), isFlow: false };
}

function Difference(props: { agent: string; before: number; after: number }) {
  const { agent, before, after } = props;
  const { tenant } = useSession();
  const path = { tenant, agent };
  const diff = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/diff/{other}", { path: { ...path, revision: String(before), other: String(after) } });
  const left = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}", { path: { ...path, revision: String(before) } });
  const right = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}", { path: { ...path, revision: String(after) } });
  const texts = useMemo(() => (left.data && right.data ? { before: textOf(left.data), after: textOf(right.data) } : null), [left.data, right.data]);
  const data = diff.data as Schemas["Diff"] | undefined;
  return (
    <>
      <section aria-labelledby="compare-words">
        <h2 id="compare-words" className="release-title">
          What is different
        </h2>
        <Loaded query={diff} rows={3}>
          {() =>
            data && (
              <div className="panel release-words">
                <Words diff={data} />
              </div>
            )
          }
        </Loaded>
      </section>
      {data && texts?.before.isFlow && texts.after.isFlow && !data.same && <Graph agent={agent} before={texts.before.text} after={texts.after.text} diff={data} shown={after} />}
      <section aria-labelledby="compare-text">
        <h2 id="compare-text" className="release-title">
          In the text
        </h2>
        <Loaded query={left.error ? left : right}>{() => (texts ? <TextDiff before={texts.before.text} after={texts.after.text} /> : <Skeleton rows={4} />)}</Loaded>
      </section>
    </>
  );
}

const NOBODY: ReadonlySet<string> = new Set();
const NO_EDGES: ReadonlySet<number> = new Set();
const NO_PROBLEMS: ReadonlyMap<string, number> = new Map();
const NO_STATUS: ReadonlyMap<string, { status: string; visits: number }> = new Map();
const nothing = () => undefined;
/** The canvas of the designer, to look at only. */
const STILL = { problemsOf: NO_PROBLEMS, edgeProblems: NO_EDGES, statusOf: NO_STATUS, found: NOBODY, isReadOnly: true, goTo: null, onMove: nothing, onConnect: nothing, onDropped: nothing, onPlaced: nothing };

function Graph(props: { agent: string; before: string; after: string; diff: Schemas["Diff"]; shown: number }) {
  const { before, after, diff } = props;
  const [level, setLevel] = useState<Level>([]);
  const [chosen, setChosen] = useState<{ ids: ReadonlySet<string>; edge: number | null }>({ ids: NOBODY, edge: null });
  const { view, marks, edgeMarks } = useMemo(() => compared(before, after, diff, level), [before, after, diff, level]);
  const points = useMemo(() => placed(view, true), [view]);
  const [fitAtMs, setFitAtMs] = useState(0);
  const enter = (next: Level) => {
    setLevel(next);
    setChosen({ ids: NOBODY, edge: null });
    setFitAtMs(Date.now());
  };
  const tally = (mark: Mark) => [...marks.values()].filter((one) => one === mark).length;
  return (
    <section aria-labelledby="compare-graph">
      <h2 id="compare-graph" className="release-title">
        On the graph
      </h2>
      <p className="quiet small release-graph-says">
        {tally("added")} new, {tally("removed")} gone, {tally("changed")} changed. Green is new, red and dashed is gone, amber is changed. <Link to={to`/agents/${props.agent}/design/${String(props.shown)}`}>Open revision {props.shown} in the designer</Link>
      </p>
      <div className="panel release-graph">
        {level.length > 0 && (
          <div className="release-level row">
            <Button small icon="back" onClick={() => enter(level.slice(0, -1))}>
              Out of {level[level.length - 1]}
            </Button>
          </div>
        )}
        <Canvas
          {...STILL}
          view={view}
          points={points}
          marks={marks}
          edgeMarks={edgeMarks}
          chosen={chosen.ids}
          chosenEdge={chosen.edge}
          fitAtMs={fitAtMs}
          onChoose={(ids, edge) => setChosen({ ids: new Set(ids), edge })}
          onOpen={(id) => view.steps.find((one) => one.id === id)?.kind === "map" && enter([...level, id])}
        />
      </div>
    </section>
  );
}
