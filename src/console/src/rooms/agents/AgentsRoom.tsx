// Every agent, and what each is doing now.
import { useMemo, useRef, useState } from "react";
import { itemsOf, type Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { useShortcuts } from "../../lib/hooks";
import { Link, setQuery, to, useLocation, type RoomProps } from "../../lib/router";
import { RoomHead } from "../../shell/RoomHead";
import { Badge, Button, Empty, Figure, Loaded, Money, PlainText, RelativeTime, SearchField, Table, Tally, type Column } from "../../ui";
import { figureOf, useLive, type AgentLive } from "./live";
import { NewAgent } from "./NewAgent";
import "./agents.css";

type Agent = Schemas["Agent"];
const REFRESH_MS = 15_000;

export default function AgentsRoom(_: RoomProps) {
  const { tenant, may } = useSession();
  const [isMaking, setMaking] = useState(false);
  const { query } = useLocation();
  const sought = query.get("search") ?? "";
  const agents = useApi("/v1/tenants/{tenant}/agents", { path: { tenant } }, { refreshMs: REFRESH_MS });
  const live = useLive();
  const search = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", label: "Search", run: () => search.current?.focus() }]);
  return (
    <div className="room">
      <RoomHead
        title="Agents"
        sub={agents.data && counted(itemsOf(agents.data).length, "agent")}
        actions={
          <>
            <SearchField label="Search agents" value={sought} onChange={(text) => setQuery({ search: text })} inputRef={search} />
            {may("agents:write") && (
              <Button icon="plus" onClick={() => setMaking(true)}>
                New agent
              </Button>
            )}
          </>
        }
      />
      <Loaded query={agents} rows={8}>
        {(data) => {
          const all = itemsOf(data);
          if (all.length === 0) return <NoAgents />;
          return (
            <div className="stack">
              <Totals live={live} />
              <Agents agents={all} sought={sought} live={live} />
            </div>
          );
        }}
      </Loaded>
      {isMaking && <NewAgent onClose={() => setMaking(false)} />}
    </div>
  );
}

function NoAgents() {
  return (
    <Empty icon="agents" title="No agents yet">
      <p>An agent is a flow with a name and numbered revisions. Make one here and draw it, or send a file:</p>
      <p>
        <code>flowgate agent apply refunds.yaml --deploy</code>
      </p>
    </Empty>
  );
}

function Totals(props: { live: ReturnType<typeof useLive> }) {
  const { total, isKnown } = props.live;
  return (
    <dl className="figures">
      <Figure label="Running now">{figureOf(total.running, isKnown, total.isRunningPartial)}</Figure>
      <Figure label="Waiting">{figureOf(total.waiting, isKnown)}</Figure>
      <Figure label="Failed today">{figureOf(total.failedToday, isKnown, total.isFailedPartial)}</Figure>
      <Figure label="Cost this month">
        {isKnown ? <Money usd={total.costUsd} /> : "–"}
      </Figure>
    </dl>
  );
}

/** Every word must stand somewhere in the agent's name, id, description or tags. */
export function fits(agent: Agent, sought: string): boolean {
  const text = [agent.id, agent.displayName, agent.description, ...agent.tags].join(" ").toLowerCase();
  return sought.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function columns(live: (agent: string) => AgentLive, isKnown: boolean): Column<Agent>[] {
  const number = (key: string, title: string, cell: (live: AgentLive) => React.ReactNode, width = "6.5rem"): Column<Agent> => ({
    key,
    title,
    align: "end",
    width,
    // Before it is known, none would be a lie. On a phone, counts that are none take no line; the cost always does.
    cell: (agent) => (isKnown ? cell(live(agent.id)) : <span className={key === "cost" ? "quiet" : "tally-none quiet"}>–</span>),
  });
  return [
    {
      key: "name",
      title: "Agent",
      width: "minmax(12rem, 2fr)",
      cell: (agent) => (
        <span className="agent-name">
          <Link to={to`/agents/${agent.id}`}>
            <PlainText text={agent.displayName || agent.id} />
          </Link>
          {!agent.enabled && <Badge tone="stopped">Off</Badge>}
          {agent.tags.map((tag) => (
            <Badge key={tag}>
              <PlainText text={tag} />
            </Badge>
          ))}
        </span>
      ),
    },
    { key: "revision", title: "Production", width: "6.5rem", cell: (agent) => (agent.currentRevision ? `Revision ${agent.currentRevision}` : <span className="quiet">Nothing</span>) },
    number("running", "Running", (one) => <Tally tone="moving" value={one.running} more={one.isRunningPartial} label="running" />, "5rem"),
    number("waiting", "Waiting", (one) => <Tally tone="waiting" value={one.waiting} label="waiting" />, "5rem"),
    number("failed", "Failed today", (one) => <Tally tone="bad" value={one.failedToday} more={one.isFailedPartial} label="failed today" />),
    number("cost", "Cost this month", (one) => <Money usd={one.costUsd} />, "7.5rem"),
    { key: "changed", title: "Changed", align: "end", width: "6.5rem", wideOnly: true, cell: (agent) => <RelativeTime at={agent.updatedAt} /> },
  ];
}

function Agents(props: { agents: Agent[]; sought: string; live: ReturnType<typeof useLive> }) {
  const { agents, sought, live } = props;
  const shown = useMemo(() => agents.filter((agent) => fits(agent, sought)), [agents, sought]);
  const table = useMemo(() => columns(live.of, live.isKnown), [live.of, live.isKnown]);
  if (shown.length === 0) {
    return (
      <Empty icon="search" title="No agent fits">
        Nothing has “{sought}” in its name, id, description or tags.
      </Empty>
    );
  }
  return <Table label="Agents" rows={shown} columns={table} keyOf={(agent) => agent.id} linkOf={(agent) => to`/agents/${agent.id}`} />;
}
