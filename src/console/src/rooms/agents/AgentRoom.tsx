// One agent: what it is doing, what runs where, what it costs, how its revisions fare.
import { itemsOf, type ProblemError, type Schemas } from "../../api/client";
import { useApi, type Query } from "../../api/query";
import { useSession } from "../../api/session";
import { percent } from "../../lib/format";
import { Link, to, type RoomProps } from "../../lib/router";
import { Duration, Empty, ErrorState, Figure, LinkButton, Loaded, Money, PlainText, RelativeTime, Status, Table, type Column } from "../../ui";
import { SlowSteps } from "../operate/SlowSteps";
import { AgentHead } from "./AgentHead";
import { figureOf, useLive } from "./live";
import "./agents.css";

const REFRESH_MS = 5_000;
const RECENT = 8;

export default function AgentRoom({ params }: RoomProps) {
  const agent = params["agent"] ?? "";
  const { tenant } = useSession();
  const known = useApi("/v1/tenants/{tenant}/agents/{agent}", { path: { tenant, agent } });
  if (known.error?.status === 404) return <Gone error={known.error} />;
  return (
    <div className="room">
      <AgentHead
        agent={agent}
        part="overview"
        actions={
          <LinkButton look="primary" icon="edit" to={to`/agents/${agent}/design`}>
            Open the designer
          </LinkButton>
        }
      />
      <Loaded query={known}>{(data) => <Overview agent={data} />}</Loaded>
    </div>
  );
}

function Gone(props: { error: ProblemError }) {
  return (
    <div className="room">
      <ErrorState error={props.error} />
    </div>
  );
}

function Overview(props: { agent: Schemas["Agent"] }) {
  const { agent } = props;
  const { tenant, environment } = useSession();
  const live = useLive(agent.id);
  const now = live.of(agent.id);
  const path = { tenant, agent: agent.id };
  const recent = useApi(
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords",
    { path, query: { pageSize: RECENT, environment: environment ?? undefined } },
    { refreshMs: REFRESH_MS },
  );
  return (
    <div className="stack">
      {agent.description && (
        <p className="agent-text">
          <PlainText text={agent.description} max={2_000} />
        </p>
      )}
      <dl className="figures">
        <Figure label="Running now">{figureOf(now.running, live.isKnown, now.isRunningPartial)}</Figure>
        <Figure label="Waiting">{figureOf(now.waiting, live.isKnown)}</Figure>
        <Figure label="Failed today">{figureOf(now.failedToday, live.isKnown, now.isFailedPartial)}</Figure>
        <Figure label="Started this month">{figureOf(now.startedThisMonth, live.isKnown)}</Figure>
        <Figure label="Cost this month" note={<BudgetNote agent={agent.id} />}>
          {live.isKnown ? <Money usd={now.costUsd} /> : "–"}
        </Figure>
      </dl>
      <div className="agent-parts">
        <section aria-labelledby="recent" className="agent-wide">
          <div className="agent-part-head">
            <h2 id="recent">Latest executions</h2>
            <Link to={to`/agents/${agent.id}/executions`}>All of them</Link>
          </div>
          <Recent agent={agent.id} query={recent} />
        </section>
        <section aria-labelledby="where">
          <div className="agent-part-head">
            <h2 id="where">What runs where</h2>
            <Link to={to`/agents/${agent.id}/deployments`}>Deploy and roll back</Link>
          </div>
          <Deployments agent={agent.id} />
        </section>
        <section aria-labelledby="fare">
          <div className="agent-part-head">
            <h2 id="fare">How revisions fare</h2>
            <Link to={to`/agents/${agent.id}/compare`}>Compare two</Link>
          </div>
          <Fare agent={agent.id} />
        </section>
        <div className="agent-wide">
          <SlowSteps agent={agent.id} heading="slow" />
        </div>
      </div>
    </div>
  );
}

/** A budget is not there for most agents; that it is not is no error. */
function BudgetNote(props: { agent: string }) {
  const { tenant } = useSession();
  const budgets = useApi("/v1/tenants/{tenant}/agents/{agent}/budget/all", { path: { tenant, agent: props.agent } });
  const budget = budgets.data?.find((one) => one.origin === "PRODUCTION");
  if (!budget) return budgets.data ? <>No budget</> : null;
  return (
    <>
      {Math.round(budget.usagePercent)} % of <Money usd={budget.amount} />
      {budget.enforceLimit ? "" : ", only watched"}
    </>
  );
}

function recentColumns(agent: string): Column<Schemas["Record"]>[] {
  return [
    {
      key: "status",
      title: "Status",
      width: "minmax(9rem, 1fr)",
      cell: (one) => (
        <Link to={to`/agents/${agent}/executions/${one.id}`}>
          <Status kind="execution" status={one.status} />
        </Link>
      ),
    },
    { key: "started", title: "Started", width: "7rem", cell: (one) => <RelativeTime at={one.startTime} /> },
    { key: "by", title: "By", width: "minmax(5rem, 1fr)", wideOnly: true, cell: (one) => one.startedBy },
    { key: "revision", title: "Revision", width: "5rem", align: "end", wideOnly: true, cell: (one) => (one.agentRevision < 0 ? "Draft" : one.agentRevision) },
    { key: "took", title: "Took", width: "6rem", align: "end", cell: (one) => <Duration from={one.startTime} to={one.endTime} /> },
    { key: "cost", title: "Cost", width: "6rem", align: "end", cell: (one) => <Money usd={one.totalCost} /> },
  ];
}

function Recent(props: { agent: string; query: Query<Schemas["Records"]> }) {
  return (
    <Loaded query={props.query} rows={RECENT}>
      {(page) =>
        page.items.length === 0 ? (
          <div className="panel">
            <Empty icon="executions" title="It has not run yet">
              Its executions appear here as they start.
            </Empty>
          </div>
        ) : (
          <Table
            label="Latest executions"
            rows={page.items}
            columns={recentColumns(props.agent)}
            keyOf={(one) => one.id}
            linkOf={(one) => to`/agents/${props.agent}/executions/${one.id}`}
          />
        )
      }
    </Loaded>
  );
}

function Deployments(props: { agent: string }) {
  const { tenant } = useSession();
  const deployments = useApi("/v1/tenants/{tenant}/agents/{agent}/deployments", { path: { tenant, agent: props.agent } }, { refreshMs: 3 * REFRESH_MS });
  return (
    <Loaded query={deployments} rows={2}>
      {(all) =>
        all.length === 0 ? (
          <p className="panel agent-none quiet">Nothing is deployed.</p>
        ) : (
          <ul className="panel agent-lines">
            {all.map((one) => {
              const sum = one.split.reduce((before, share) => before + share.weight, 0) || 1;
              return (
                <li key={one.environment}>
                  <div className="row">
                    <strong className="grow">{one.environment}</strong>
                    {one.split.map((share) => (
                      <span key={share.revision} className="number">
                        Revision {share.revision}
                        {one.split.length > 1 && <span className="quiet"> {percent(share.weight / sum)}</span>}
                      </span>
                    ))}
                  </div>
                  <div className="quiet small">
                    <RelativeTime at={one.deployedAt} /> by <PlainText text={one.deployedBy} max={120} />
                    {one.reason && <>: <PlainText text={one.reason} max={300} /></>}
                  </div>
                </li>
              );
            })}
          </ul>
        )
      }
    </Loaded>
  );
}

const FARE: Column<Schemas["RevisionStatistics"]>[] = [
  { key: "revision", title: "Revision", cell: (one) => (one.revision < 0 ? "Drafts" : `Revision ${one.revision}`) },
  { key: "started", title: "Started", align: "end", width: "4.5rem", cell: (one) => <span className="number">{one.started.toLocaleString("en-US")}</span> },
  { key: "success", title: "Succeeded", align: "end", width: "5.5rem", cell: (one) => (one.successRate === null || one.successRate === undefined ? <span className="quiet">–</span> : percent(one.successRate)) },
  { key: "half", title: "Typical time", align: "end", width: "6rem", cell: (one) => <Duration ms={one.durationMsP50} /> },
  { key: "cost", title: "Cost", align: "end", width: "5.5rem", cell: (one) => <Money usd={one.totalCost} /> },
];

function Fare(props: { agent: string }) {
  const { tenant, environment } = useSession();
  const figures = useApi("/v1/tenants/{tenant}/agents/{agent}/statistics", { path: { tenant, agent: props.agent }, query: { environment: environment ?? undefined } }, { refreshMs: 3 * REFRESH_MS });
  return (
    <Loaded query={figures} rows={2}>
      {(data) => {
        const all = [...itemsOf(data)].sort((a, b) => b.revision - a.revision);
        if (all.length === 0) return <p className="panel agent-none quiet">Nothing has run yet.</p>;
        return <Table label="How revisions fare" rows={all} columns={FARE} keyOf={(one) => String(one.revision)} keys={false} />;
      }}
    </Loaded>
  );
}
