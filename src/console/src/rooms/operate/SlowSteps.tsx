// Which steps are slow, over the executions that ran last: of every agent in Operate, of one on its page.
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useApi, type Query } from "../../api/query";
import { useSession } from "../../api/session";
import { count } from "../../lib/format";
import { Link, to } from "../../lib/router";
import { Duration, Loaded, PlainText, Select, Table, type Column } from "../../ui";
import "./operate.css";

type StepTime = Schemas["StepTimeView"];

/** Reading them costs the server more than other figures do. */
const REFRESH_MS = 60_000;
const EXECUTIONS = 200;
const SHOWN = 12;
const WHOSE = [
  { value: "calls", label: "Models and tools" },
  { value: "LLM_STEP", label: "Models" },
  { value: "TOOL", label: "Tools" },
  { value: "HITL", label: "People" },
  { value: "FLOW_STEP", label: "Steps with what is in them" },
] as const;
type Whose = (typeof WHOSE)[number]["value"];

/** Those whose time it was, the slowest first. An agent's step and a map hold the time of what is in them, so they stand apart. */
export function slowest(all: readonly StepTime[], whose: Whose): StepTime[] {
  const fits = (one: StepTime) => (whose === "calls" ? one.type === "LLM_STEP" || one.type === "TOOL" : one.type === whose);
  return all.filter(fits).sort((a, b) => b.durationMsP95 - a.durationMsP95 || b.totalDurationMs - a.totalDurationMs).slice(0, SHOWN);
}

function columns(withAgent: boolean): Column<StepTime>[] {
  const place = (one: StepTime) => (
    <Link to={to`/agents/${one.agentId}/executions/${one.slowestExecutionId}/${one.slowestAttemptId}`} title={`The slowest attempt: ${one.slowestAttemptId}`}>
      <code>
        <PlainText text={one.step} max={120} />
      </code>
    </Link>
  );
  return [
    { key: "step", title: "Step", cell: place },
    ...(withAgent ? [{ key: "agent", title: "Agent", width: "minmax(4rem, 0.7fr)", cell: (one: StepTime) => one.agentId }] : []),
    { key: "ended", title: "Attempts", width: "4.5rem", align: "end", wideOnly: true, cell: (one) => <span className="number">{count(one.ended)}</span> },
    { key: "failed", title: "Failed", width: "4rem", align: "end", cell: (one) => <span className={`number ${one.failed > 0 ? "" : "quiet"}`}>{count(one.failed)}</span> },
    { key: "half", title: "Half below", width: "5.5rem", align: "end", cell: (one) => <Duration ms={one.durationMsP50} /> },
    { key: "p95", title: "95 % below", width: "5.5rem", align: "end", cell: (one) => <Duration ms={one.durationMsP95} /> },
    { key: "slowest", title: "Slowest", width: "5.5rem", align: "end", cell: (one) => <Duration ms={one.slowestDurationMs} /> },
  ];
}

export function SlowSteps(props: { agent?: string; heading: string }) {
  const { tenant, environment } = useSession();
  const query = { executions: EXECUTIONS, environment: environment ?? undefined };
  const ofAgent = useApi("/v1/tenants/{tenant}/agents/{agent}/stepTimes", { path: { tenant, agent: props.agent ?? "" }, query }, { refreshMs: REFRESH_MS, enabled: props.agent !== undefined });
  const ofAll = useApi("/v1/tenants/{tenant}/stepTimes", { path: { tenant }, query }, { refreshMs: REFRESH_MS, enabled: props.agent === undefined });
  const times: Query<Schemas["StepTimesView"]> = props.agent === undefined ? ofAll : ofAgent;
  const [whose, setWhose] = useState<Whose>("calls");
  return (
    <section aria-labelledby={props.heading} className="operate-wide">
      <div className="operate-head">
        <div className="grow">
          <h2 id={props.heading}>Slow steps</h2>
          <p className="quiet small">
            {times.data ? (times.data.executions === 1 ? "Of the last execution" : `Of the last ${count(times.data.executions)} executions`) : "Of the last executions"}
            {times.data?.isCut && ", as far as they could be read"}
          </p>
        </div>
        <Select label="Whose time" labelUnseen value={whose} options={WHOSE} onChange={(event) => setWhose(event.target.value as Whose)} />
      </div>
      <Loaded query={times} rows={3}>
        {(data) => {
          const rows = slowest(data.items, whose);
          if (rows.length === 0) return <p className="panel operate-none quiet">{data.items.length === 0 ? "Nothing has run yet." : "None of these steps has ended lately."}</p>;
          return <Table label="Slow steps" rows={rows} columns={columns(props.agent === undefined)} keyOf={(one) => `${one.agentId} ${one.step} ${one.kind}`} keys={false} />;
        }}
      </Loaded>
    </section>
  );
}
