// Executions, of one agent or of all: newest first, by any filter of the API, as far back as somebody scrolls.
import { useMemo, useRef, useState } from "react";
import { type Schemas } from "../../api/client";
import { usePages } from "../../api/pages";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { usePhone, useRested, useShortcuts } from "../../lib/hooks";
import { later } from "../../lib/later";
import { Link, setQuery, to, useLocation, type RoomProps } from "../../lib/router";
import { isFinished, statusLook } from "../../lib/status";
import { RoomHead } from "../../shell/RoomHead";
import { Badge, Button, Duration, Empty, Field, Loaded, Money, PlainText, RelativeTime, Select, Status, Table, Tokens, type Column } from "../../ui";
import { AgentHead } from "../agents/AgentHead";
import { countOf, FILTERS, listQuery, MORE_FILTERS, SINCE, STATUSES, type FilterName } from "./filters";
import "./execution.css";

const BulkCancel = later(() => import("./BulkCancel"));
type Row = Schemas["Record"];
const REFRESH_MS = 3_000;
const ID_SHOWN = 8;
/** Pixels of an execution on a phone. */
const CARD = 72;

export default function ExecutionsRoom({ params }: RoomProps) {
  const agent = params["agent"];
  const { tenant, environment, may } = useSession();
  const [isCancelling, setCancelling] = useState(false);
  const { query } = useLocation();
  const text = useRested(query.toString(), 250);
  const where = useMemo(() => listQuery(new URLSearchParams(text), Date.now(), environment), [text, environment]);
  const ofAgent = usePages<Row>("/v1/tenants/{tenant}/agents/{agent}/executionRecords", { path: { tenant, agent: agent ?? "" }, query: where }, { refreshMs: REFRESH_MS, enabled: agent !== undefined });
  const ofAll = usePages<Row>("/v1/tenants/{tenant}/executionRecords", { path: { tenant }, query: where }, { refreshMs: REFRESH_MS, enabled: agent === undefined });
  const pages = agent === undefined ? ofAll : ofAgent;
  const isPhone = usePhone();
  const columns = useMemo(() => (isPhone ? cardOf(agent === undefined) : columnsOf(agent === undefined)), [agent, isPhone]);
  return (
    <div className="room">
      {agent === undefined ? <RoomHead title="Executions" sub={pages.data && `${counted(pages.data.length, "execution")}${pages.hasMore ? " so far" : ""}`} /> : <AgentHead agent={agent} part="executions" />}
      <Filters onCancel={may("executions:cancel") && countOf(query) > 0 && pages.data?.some((row) => !isFinished(row.status)) ? () => setCancelling(true) : null} />
      <Loaded query={pages} rows={10}>
        {(rows) => {
          if (rows.length === 0) return <Nothing isFiltered={countOf(query) > 0} agent={agent} />;
          return (
            <>
              <Table label="Executions" rows={rows} columns={columns} keyOf={(row) => row.id} linkOf={(row) => to`/agents/${row.agentId}/executions/${row.id}`} onEnd={pages.more} phoneRow={CARD} />
              {pages.hasMore && (
                <p className="execution-more">
                  <Button small busy={pages.isReading} onClick={pages.more}>
                    Show older ones
                  </Button>
                </p>
              )}
            </>
          );
        }}
      </Loaded>
      {isCancelling && <BulkCancel waiting={null} tenant={tenant} agent={agent ?? null} filter={where} onClose={() => setCancelling(false)} onDone={pages.reload} />}
    </div>
  );
}

function Nothing(props: { isFiltered: boolean; agent: string | undefined }) {
  if (props.isFiltered) {
    const clear = () => setQuery(Object.fromEntries(FILTERS.map((name) => [name, null])));
    return (
      <Empty icon="filter" title="No execution fits" action={<Button onClick={clear}>Show all</Button>}>
        Nothing that was started fits these filters.
      </Empty>
    );
  }
  return (
    <Empty icon="executions" title="Nothing has run yet">
      <p>What is started through the API, by a trigger or in the designer appears here at once.</p>
      {props.agent && (
        <p>
          <code>POST …/agents/{props.agent}:execute</code>
        </p>
      )}
    </Empty>
  );
}

function Filters(props: { onCancel: (() => void) | null }) {
  const { query } = useLocation();
  const hidden = countOf(query, MORE_FILTERS);
  const [isOpen, setOpen] = useState(hidden > 0);
  const status = useRef<HTMLDivElement>(null);
  useShortcuts([{ keys: "/", label: "Filter", run: () => status.current?.querySelector("select")?.focus() }]);
  const set = (name: FilterName) => (event: { target: { value: string } }) => setQuery({ [name]: event.target.value });
  const value = (name: FilterName) => query.get(name) ?? "";
  const text = (name: FilterName, label: string, placeholder: string) => <Field label={label} placeholder={placeholder} value={value(name)} onChange={set(name)} />;
  return (
    <div className="execution-filters">
      <div className="row" ref={status}>
        <Select label="Status" labelUnseen value={value("status")} onChange={set("status")} options={[{ value: "", label: "Any status" }, { value: "IN_PROGRESS,WAITING_FOR_HUMAN,WAITING_FOR_ASYNC", label: "Not over yet" }, ...STATUSES.map((one) => ({ value: one, label: statusLook("execution", one).label }))]} />
        <Select label="Started" labelUnseen value={value("since")} onChange={set("since")} options={[{ value: "", label: "Any time" }, ...Object.entries(SINCE).map(([key, one]) => ({ value: key, label: one.label }))]} />
        <Select label="Origin" labelUnseen value={value("origin")} onChange={set("origin")} options={[{ value: "", label: "For real" }, { value: "TEST", label: "Tests" }]} />
        <Button icon="filter" look="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {hidden > 0 ? `More filters (${hidden})` : "More filters"}
        </Button>
        {countOf(query) > 0 && (
          <Button look="quiet" icon="close" onClick={() => setQuery(Object.fromEntries(FILTERS.map((name) => [name, null])))}>
            Clear
          </Button>
        )}
        {props.onCancel && (
          <Button look="quiet" icon="stop" onClick={props.onCancel}>
            Cancel what fits
          </Button>
        )}
      </div>
      {isOpen && (
        <div className="execution-filter-grid panel">
          <Field label="From the day" type="date" value={value("from")} onChange={set("from")} />
          <Field label="To the day" type="date" value={value("to")} onChange={set("to")} />
          {text("label", "Labels", "team=post run=7")}
          {text("agentRevision", "Revision", "2")}
          {text("tools", "Tools called", "order")}
          <Select label="Calls of tools" value={value("hasToolCalls")} onChange={set("hasToolCalls")} options={[{ value: "", label: "Any" }, { value: "true", label: "With some" }, { value: "false", label: "Without" }]} />
          <Select label="Errors of tools" value={value("withToolErrors")} onChange={set("withToolErrors")} options={[{ value: "", label: "Any" }, { value: "true", label: "With some" }, { value: "false", label: "Without" }]} />
          {text("participantId", "Started by", "ana")}
          {text("triggerType", "Kind of trigger", "API")}
          {text("triggerId", "Trigger", "an id")}
          {text("sessionId", "Session", "an id")}
          <Select label="Kind" value={value("runType")} onChange={set("runType")} options={[{ value: "", label: "Any" }, { value: "ROOT", label: "Started from outside" }, { value: "SUB_TASK", label: "Child executions" }]} />
          {text("rootExecutionId", "In the family of", "an execution's id")}
          {text("longer", "Took at least (seconds)", "60")}
          {text("shorter", "Took at most (seconds)", "600")}
        </div>
      )}
    </div>
  );
}

function Name({ row }: { row: Row }) {
  return (
    <span className="execution-name">
      <Link to={to`/agents/${row.agentId}/executions/${row.id}`} title={row.id}>
        {row.subject ? <PlainText text={row.subject} max={80} /> : <code>{row.id.slice(-ID_SHOWN)}</code>}
      </Link>
      {row.paused && <Badge tone="waiting">Paused</Badge>}
      {row.runType === "SUB_TASK" && <Badge title="Started by another execution">child</Badge>}
      {row.departedFrom && <Badge title={`Departed from ${row.departedFrom}`}>again</Badge>}
    </span>
  );
}

/** On a phone: two lines for each. */
function cardOf(withAgent: boolean): Column<Row>[] {
  const cell = (row: Row) => (
    <div className="execution-card">
      <div>
        <Name row={row} />
        <Status kind="execution" status={row.status} />
      </div>
      <div className="small">
        <span className="execution-said-short">
          {withAgent && <Link to={to`/agents/${row.agentId}/executions`}>{row.agentId}</Link>}
          <Why row={row} />
        </span>
        <span>
          <RelativeTime at={row.startTime} /> <span className="quiet">for</span> <Duration from={row.startTime} to={isFinished(row.status) ? row.endTime : null} />
          {row.totalCost > 0 && (
            <>
              {" "}
              <Money usd={row.totalCost} />
            </>
          )}
        </span>
      </div>
    </div>
  );
  return [{ key: "card", title: "Execution", cell }];
}

function columnsOf(withAgent: boolean): Column<Row>[] {
  const columns: Column<Row>[] = [
    { key: "id", title: "Execution", width: "minmax(9rem, 1.2fr)", cell: (row) => <Name row={row} /> },
    { key: "status", title: "Status", width: "11rem", cell: (row) => <Status kind="execution" status={row.status} /> },
    { key: "why", title: "", width: "minmax(8rem, 2fr)", wideOnly: true, cell: (row) => <Why row={row} /> },
    { key: "revision", title: "Revision", align: "end", width: "5rem", wideOnly: true, cell: (row) => (row.agentRevision < 0 ? <span className="quiet">draft</span> : row.agentRevision) },
    { key: "started", title: "Started", align: "end", width: "6.5rem", cell: (row) => <RelativeTime at={row.startTime} /> },
    { key: "took", title: "Took", align: "end", width: "6.5rem", cell: (row) => <Duration from={row.startTime} to={isFinished(row.status) ? row.endTime : null} /> },
    { key: "tokens", title: "Tokens", align: "end", width: "8.5rem", wideOnly: true, cell: (row) => <Tokens input={row.inputTokens} output={row.outputTokens} cached={row.cachedTokens} /> },
    { key: "cost", title: "Cost", align: "end", width: "6rem", cell: (row) => <Money usd={row.totalCost} /> },
  ];
  if (withAgent) {
    columns.splice(1, 0, { key: "agent", title: "Agent", width: "minmax(7rem, 1fr)", cell: (row) => <Link to={to`/agents/${row.agentId}/executions`}>{row.agentId}</Link> });
  }
  return columns;
}

/** In one line: what it waits for, or why it failed; otherwise its labels. */
function Why({ row }: { row: Row }) {
  if (row.waitingFor) return <span className="cut"><PlainText text={row.waitingFor.displayName} max={120} /></span>;
  if (row.errorCode) return <code className="cut">{row.errorCode}</code>;
  if (row.rejectionReason) return <span className="cut"><PlainText text={row.rejectionReason} max={120} /></span>;
  const labels = Object.entries(row.labels);
  return <span className="cut quiet">{labels.map(([name, value]) => `${name}=${value}`).join("  ")}</span>;
}
