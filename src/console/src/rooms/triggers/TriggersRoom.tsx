// What starts an agent without being asked: at times, for events, by hand. Operate shows the triggers of all agents in the same way.
import { useMemo, useRef, useState } from "react";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { useShortcuts } from "../../lib/hooks";
import { Link, setQuery, to, useLocation, type RoomProps } from "../../lib/router";
import { Button, Empty, Loaded, PlainText, RelativeTime, SearchField, Status, Table, type Column } from "../../ui";
import { AgentHead } from "../agents/AgentHead";
import { PartHead, ShownOnce } from "../operate/shared";
import "../operate/operate.css";
import { kindLabel, stateOf, whenOf, type Trigger } from "./draft";
import { TriggerDrawer } from "./TriggerDrawer";
import { TriggerForm } from "./TriggerForm";
import "./triggers.css";

const REFRESH_MS = 5_000;
/** From so many on they can be searched. */
const SEARCH_FROM = 10;

export default function TriggersRoom({ params }: RoomProps) {
  const agent = params["agent"] ?? "";
  return (
    <div className="room">
      <AgentHead agent={agent} part="triggers" />
      <Triggers agent={agent} />
    </div>
  );
}

/** In Operate. */
export function TriggersPart() {
  return <Triggers agent={null} />;
}

function columnsOf(isOfAll: boolean): Column<Trigger>[] {
  const agents: Column<Trigger> = {
    key: "agents",
    title: "Starts",
    width: "minmax(8rem, 1fr)",
    cell: (one) => (one.agentIds.length === 0 ? <span className="quiet">Nothing</span> : <span title={one.agentIds.join(", ")}>{one.agentIds.length === 1 && one.agentIds[0] ? <Link to={to`/agents/${one.agentIds[0]}/triggers`}>{one.agentIds[0]}</Link> : counted(one.agentIds.length, "agent")}</span>),
  };
  return [
    { key: "name", title: "Name", width: "minmax(10rem, 2fr)", cell: (one) => <PlainText text={one.displayName} max={120} /> },
    { key: "state", title: "State", width: "7rem", cell: (one) => <Status kind="trigger" status={stateOf(one)} /> },
    { key: "kind", title: "Kind", width: "7rem", cell: (one) => kindLabel(one.kind) },
    { key: "when", title: "Fires", width: "minmax(9rem, 2fr)", cell: (one) => <span className={one.schedule ? "code" : ""} title={whenOf(one)}><PlainText text={whenOf(one)} max={120} /></span> },
    ...(isOfAll ? [agents] : []),
    { key: "last", title: "Last fired", width: "6.5rem", align: "end", cell: (one) => <RelativeTime at={one.lastFiredAt} /> },
    { key: "next", title: "Next", width: "6.5rem", align: "end", cell: (one) => (one.active && !one.paused ? <RelativeTime at={one.nextFireAt} /> : <span className="quiet">–</span>) },
  ];
}

/** Every word must stand somewhere in what is said of it. */
function fits(one: Trigger, sought: string): boolean {
  const text = [one.displayName, one.description, kindLabel(one.kind), whenOf(one), ...one.agentIds].join(" ").toLowerCase();
  return sought.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function Triggers(props: { agent: string | null }) {
  const { agent } = props;
  const { tenant, may } = useSession();
  const triggers = useApi("/v1/tenants/{tenant}/triggers", { path: { tenant }, query: { agentId: agent ?? undefined } }, { refreshMs: REFRESH_MS });
  const { query } = useLocation();
  const shown = query.get("trigger");
  const [isNew, setNew] = useState(false);
  const [secret, setSecret] = useState<{ value: string; /** The trigger to show once it is put away. */ next: string | null } | null>(null);
  const mayMake = may("agents:deploy") && may("executions:run");
  const columns = useMemo(() => columnsOf(agent === null), [agent]);
  const search = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", label: "Search", run: () => search.current?.focus() }]);
  useShortcuts([{ keys: "n", label: "New trigger", run: () => setNew(true), once: true }], mayMake && !isNew && shown === null);
  const open = triggers.data?.find((one) => one.id === shown);
  const sought = query.get("search") ?? "";
  const rows = useMemo(() => (triggers.data ?? []).filter((one) => fits(one, sought)).sort((a, b) => Number(b.active) - Number(a.active) || b.updatedAt - a.updatedAt), [triggers.data, sought]);
  const make = mayMake && (
    <Button look="primary" icon="plus" onClick={() => setNew(true)}>
      New trigger
    </Button>
  );
  return (
    <section>
      <PartHead title="Triggers" sub={triggers.data && `${counted(triggers.data.length, "trigger")}. They start ${agent === null ? "agents" : "this agent"} without being asked.`}>
        {(triggers.data?.length ?? 0) >= SEARCH_FROM && <SearchField label="Search triggers" value={sought} onChange={(text) => setQuery({ search: text || null })} inputRef={search} />}
        {make}
      </PartHead>
      <Loaded query={triggers}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon="clock" title="No triggers yet">
              A trigger starts {agent === null ? "agents" : "this agent"} at certain times, when an event comes in, or by hand.
            </Empty>
          ) : rows.length === 0 ? (
            <Empty icon="search" title="No trigger fits" action={<Button onClick={() => setQuery({ search: null })}>Show all</Button>}>
              Nothing has “{sought}” in its name, times, events or agents.
            </Empty>
          ) : (
            <Table label="Triggers" rows={rows} columns={columns} keyOf={(one) => one.id} onOpen={(one) => setQuery({ trigger: one.id }, {})} selectedKey={shown} />
          )
        }
      </Loaded>
      {isNew && (
        <TriggerForm
          known={null}
          agent={agent}
          onClose={() => setNew(false)}
          onDone={(made) => {
            setNew(false);
            triggers.reload();
            if (made?.secret) setSecret({ value: made.secret, next: made.id });
            else if (made) setQuery({ trigger: made.id }, {});
          }}
        />
      )}
      {shown && triggers.data && <TriggerDrawer id={shown} known={open ?? null} agent={agent} reload={triggers.reload} onSecret={(value) => setSecret({ value, next: null })} onClose={() => setQuery({ trigger: null })} />}
      {secret && (
        <ShownOnce
          title="The trigger's secret"
          value={secret.value}
          onClose={() => {
            setSecret(null);
            if (secret.next) setQuery({ trigger: secret.next }, {});
          }}
        >
          <p className="quiet small">Whoever sends events signs with it, as Standard Webhooks has it, or sends it along as a token.</p>
        </ShownOnce>
      )}
    </section>
  );
}
