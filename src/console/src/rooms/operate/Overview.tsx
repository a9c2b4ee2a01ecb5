// How the server does: what waits, how fast it goes, what fails, what is slow, and the disk.
import { Fragment } from "react";
import { itemsOf, type Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { bytes, count, duration, percent } from "../../lib/format";
import { Link, to } from "../../lib/router";
import { Badge, Duration, Empty, Figure, Loaded, Note, Skeleton, Table, type Column } from "../../ui";
import { SlowSteps } from "./SlowSteps";
import { rate, spreads, total, useMetrics, type Reading, type Spread } from "./metrics";

const REFRESH_MS = 5_000;
/** Rates look back this far. */
const RATE_READINGS = 12;
/** docs/operating.md: starts are refused below the second. */
const DISK_LOW = 1024 ** 3;
const DISK_REFUSES = 128 * 1024 ** 2;
const LAG_HIGH = 8;

export function OverviewPart() {
  const { who, tenant } = useSession();
  const { readings, problem } = useMetrics();
  const status = useApi("/v1/status", {}, { refreshMs: REFRESH_MS, enabled: who.isRoot });
  const now = readings.at(-1);
  if (!now && !problem && !status.data) return <Skeleton rows={6} />;
  return (
    <div className="stack">
      {problem && (
        <Note tone="waiting" icon="warning">
          The metrics cannot be read from here: {problem}. A proxy may keep <code>/metrics</code> from people; the lists of the tenant below go on.
        </Note>
      )}
      <Alarms now={now} status={status.data} />
      {now && <Figures readings={readings} />}
      <div className="operate-parts">
        {now && <Rates readings={readings} />}
        {now && <Disk now={now} status={status.data} />}
        {now && <Errors now={now} />}
        {now && <SlowOperations now={now} />}
        <SlowAgents tenant={tenant} />
        {status.data && <Feeds status={status.data} />}
        <SlowSteps heading="operate-steps" />
      </div>
    </div>
  );
}

/** What docs/operating.md calls an alert. */
function Alarms(props: { now: Reading | undefined; status: Schemas["Status"] | undefined }) {
  const { now, status } = props;
  const free = total(now, "flowgate_disk_free_bytes") ?? status?.freeBytes;
  const lag = total(now, "flowgate_view_lag_commits") ?? status?.viewLag ?? 0;
  const isFault = (labels: Record<string, string>) => labels["status"] === "500";
  const faults = total(now, "flowgate_http_requests_total", isFault) ?? 0;
  const quarantined = total(now, "flowgate_executions_quarantined") ?? 0;
  const used = total(now, "flowgate_intake_used") ?? 0;
  const most = total(now, "flowgate_intake_max") ?? Infinity;
  return (
    <>
      {status?.closing && <Note tone="waiting" icon="warning">The server is stopping: it takes no new work.</Note>}
      {free !== undefined && free < DISK_LOW && (
        <Note tone="bad" icon="warning">
          {bytes(free)} are free on the disk. {free < DISK_REFUSES ? "Starts are refused until there is space." : "Starts are refused below 128 MiB."}
        </Note>
      )}
      {quarantined > 0 && (
        <Note tone="doubt" icon="warning">
          {quarantined === 1 ? "One execution was" : `${quarantined} executions were`} set aside. <Link to="/operate/stuck">See what needs a person</Link>
        </Note>
      )}
      {faults > 0 && <Note tone="bad" icon="warning">{count(faults)} answers since the start were faults of the server (500). Its log has them.</Note>}
      {lag > LAG_HIGH && <Note tone="waiting" icon="warning">The view is {count(lag)} commits behind: the disk is too slow for what comes in.</Note>}
      {used > 0.8 * most && <Note tone="waiting" icon="warning">The intake is nearly full: clients are told to come back later.</Note>}
    </>
  );
}

function shown(value: number | undefined, write: (value: number) => string = count): string {
  return value === undefined ? "–" : write(value);
}

function perSecond(value: number): string {
  return value === 0 ? "0 /s" : value >= 100 ? `${Math.round(value)} /s` : value >= 0.1 ? `${value.toFixed(1)} /s` : `${(value * 60).toFixed(1)} /min`;
}

function Figures(props: { readings: readonly Reading[] }) {
  const now = props.readings.at(-1);
  const overdue = total(now, "flowgate_timers_overdue_seconds") ?? 0;
  const behind = total(now, "flowgate_deliveries_overdue_seconds") ?? 0;
  return (
    <dl className="figures">
      <Figure label="Unfinished executions" note={`${shown(total(now, "flowgate_executions_live"))} in memory`}>
        {shown(total(now, "flowgate_executions_unfinished"))}
      </Figure>
      <Figure label="Calls under way">{shown(total(now, "flowgate_calls_running"))}</Figure>
      <Figure label="Intake" note={`of ${shown(total(now, "flowgate_intake_max"))}`}>
        {shown(total(now, "flowgate_intake_used"))}
      </Figure>
      <Figure label="Open approvals">{shown(total(now, "flowgate_questions_open"))}</Figure>
      <Figure label="Late timers" note={overdue > 0 ? "the latest one" : "none"}>
        {duration(overdue * 1000)}
      </Figure>
      <Figure label="Deliveries" note={behind > 0 ? `${duration(behind * 1000)} late` : "none is late"}>
        {shown(total(now, "flowgate_deliveries_under_way"))}
      </Figure>
    </dl>
  );
}

interface RateLine {
  label: string;
  name: string;
  fits?: (labels: Record<string, string>) => boolean;
  tone: string;
}
const RATES: readonly RateLine[] = [
  { label: "Requests", name: "flowgate_http_requests_total", tone: "moving" },
  { label: "Refused or failed", name: "flowgate_http_requests_total", fits: (labels) => Number(labels["status"]) >= 400, tone: "bad" },
  { label: "Executions started", name: "flowgate_executions_started_total", tone: "moving" },
  { label: "Executions completed", name: "flowgate_executions_ended_total", fits: (labels) => labels["status"] === "COMPLETED", tone: "good" },
  { label: "Executions failed", name: "flowgate_executions_ended_total", fits: (labels) => labels["status"] === "FAILED" || labels["status"] === "TIMED_OUT", tone: "bad" },
  { label: "Synced writes", name: "flowgate_log_syncs_total", tone: "neutral" },
];

function Rates(props: { readings: readonly Reading[] }) {
  const { readings } = props;
  const now = readings.at(-1);
  const before = readings.at(-Math.min(readings.length, RATE_READINGS));
  return (
    <section aria-labelledby="operate-rates">
      <h2 id="operate-rates">Rates</h2>
      <ul className="panel operate-lines">
        {RATES.map((line) => {
          const value = rate(before, now, line.name, line.fits);
          const since = total(now, line.name, line.fits);
          return (
            <li key={line.label} className="operate-rate">
              <span className="grow">{line.label}</span>
              <Spark readings={readings} line={line} />
              <span className="number operate-rate-value">{value === undefined ? (since === undefined ? "–" : "…") : perSecond(value)}</span>
              <span className="number quiet small operate-rate-total" title="Since the server started">
                {shown(since)}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const SPARK = { width: 64, height: 20 };

/** How it went since this page is open. */
function Spark(props: { readings: readonly Reading[]; line: RateLine }) {
  const { readings, line } = props;
  const values = readings.slice(1).map((one, at) => rate(readings[at], one, line.name, line.fits) ?? 0);
  const most = Math.max(...values, 0);
  if (values.length < 2 || most === 0) return <svg className="operate-spark" width={SPARK.width} height={SPARK.height} aria-hidden="true" />;
  const points = values.map((value, at) => `${((at / (values.length - 1)) * SPARK.width).toFixed(1)},${(SPARK.height - 1 - (value / most) * (SPARK.height - 2)).toFixed(1)}`);
  return (
    <svg className={`operate-spark tone-${line.tone}`} width={SPARK.width} height={SPARK.height} aria-hidden="true">
      <polyline points={points.join(" ")} fill="none" stroke="var(--tone)" strokeWidth="1.5" />
    </svg>
  );
}

function Disk(props: { now: Reading; status: Schemas["Status"] | undefined }) {
  const { now, status } = props;
  const commits = spreads(now, "flowgate_commit_duration_seconds", null)[0];
  const lines: [string, string][] = [
    ["Free on the disk", shown(total(now, "flowgate_disk_free_bytes"), bytes)],
    ["Log", shown(total(now, "flowgate_log_bytes"), bytes)],
    ["View", shown(total(now, "flowgate_view_bytes"), bytes)],
    ["Memory", shown(total(now, "flowgate_process_resident_memory_bytes"), bytes)],
    ["Executions kept", shown(total(now, "flowgate_executions_kept"))],
    ["A durable write takes", commits ? `${duration(commits.meanMs)}, 99 % below ${commits.p99Ms === null ? "–" : duration(commits.p99Ms)}` : "–"],
    ["View behind the log", `${shown(total(now, "flowgate_view_lag_commits"))} commits`],
  ];
  if (status) lines.push(["Version", status.version]);
  return (
    <section aria-labelledby="operate-disk">
      <h2 id="operate-disk">Disk and memory</h2>
      <dl className="panel operate-lines">
        {lines.map(([name, value]) => (
          <div key={name}>
            <dt className="grow">{name}</dt>
            <dd className="number">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Breaks before a capital, where it has to. */
function Name(props: { of: string }) {
  return (
    <code className="operate-name">
      {props.of.split(/(?=[A-Z])/).map((part, at) => (
        <Fragment key={at}>
          {at > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </code>
  );
}

interface ErrorLine {
  operation: string;
  status: string;
  value: number;
  all: number;
}

function Errors(props: { now: Reading }) {
  const requests = props.now.samples.filter((one) => one.name === "flowgate_http_requests_total");
  const all = new Map<string, number>();
  for (const one of requests) all.set(one.labels["operation"] ?? "", (all.get(one.labels["operation"] ?? "") ?? 0) + one.value);
  const rows: ErrorLine[] = requests
    .filter((one) => Number(one.labels["status"]) >= 400)
    .map((one) => ({ operation: one.labels["operation"] ?? "", status: one.labels["status"] ?? "", value: one.value, all: all.get(one.labels["operation"] ?? "") ?? one.value }))
    .sort((a, b) => Number(b.status >= "500") - Number(a.status >= "500") || b.value - a.value);
  const columns: Column<ErrorLine>[] = [
    { key: "operation", title: "Operation", cell: (one) => <Name of={one.operation} /> },
    { key: "status", title: "Status", width: "4.5rem", align: "end", cell: (one) => <Badge tone={one.status >= "500" ? "bad" : "waiting"}>{one.status}</Badge> },
    { key: "value", title: "Answers", width: "4.5rem", align: "end", cell: (one) => <span className="number">{count(one.value)}</span> },
    { key: "share", title: "Of all", width: "4rem", align: "end", cell: (one) => <span className="number">{percent(one.value / one.all)}</span> },
  ];
  return (
    <section aria-labelledby="operate-errors">
      <h2 id="operate-errors">Errors since the start</h2>
      {rows.length === 0 ? <p className="panel operate-none quiet">Nothing was refused, and nothing failed.</p> : <Table label="Errors" rows={rows} columns={columns} keyOf={(one) => `${one.operation} ${one.status}`} keys={false} />}
    </section>
  );
}

const SLOW_SHOWN = 10;
function ms(value: number | null) {
  return value === null ? <span className="quiet">longer</span> : <Duration ms={value} />;
}

const SLOW: Column<Spread>[] = [
  { key: "operation", title: "Operation", cell: (one) => <Name of={one.key} /> },
  { key: "count", title: "Answers", width: "4.5rem", align: "end", cell: (one) => <span className="number">{count(one.count)}</span> },
  { key: "mean", title: "On average", width: "5.5rem", align: "end", cell: (one) => ms(one.meanMs) },
  { key: "p99", title: "99 % below", width: "5.5rem", align: "end", cell: (one) => ms(one.p99Ms) },
];

function SlowOperations(props: { now: Reading }) {
  const rows = spreads(props.now, "flowgate_http_request_duration_seconds", "operation")
    .sort((a, b) => b.meanMs - a.meanMs)
    .slice(0, SLOW_SHOWN);
  return (
    <section aria-labelledby="operate-slow">
      <h2 id="operate-slow">Slow operations</h2>
      {rows.length === 0 ? <p className="panel operate-none quiet">Nothing was asked for yet.</p> : <Table label="Slow operations" rows={rows} columns={SLOW} keyOf={(one) => one.key} keys={false} />}
    </section>
  );
}

function SlowAgents(props: { tenant: string }) {
  const { environment } = useSession();
  const figures = useApi("/v1/tenants/{tenant}/statistics", { path: { tenant: props.tenant }, query: { environment: environment ?? undefined } }, { refreshMs: 6 * REFRESH_MS });
  const columns: Column<Schemas["RevisionStatistics"]>[] = [
    { key: "agent", title: "Agent", cell: (one) => <Link to={to`/agents/${one.agentId}`}>{one.agentId}</Link> },
    { key: "revision", title: "Revision", width: "4.5rem", align: "end", cell: (one) => (one.revision < 0 ? "Draft" : one.revision) },
    { key: "p50", title: "Half below", width: "5.5rem", align: "end", cell: (one) => <Duration ms={one.durationMsP50} /> },
    { key: "p99", title: "99 % below", width: "5.5rem", align: "end", cell: (one) => <Duration ms={one.durationMsP99} /> },
  ];
  return (
    <section aria-labelledby="operate-agents">
      <h2 id="operate-agents">Slow agents</h2>
      <Loaded query={figures} rows={2}>
        {(data) => {
          const rows = itemsOf(data)
            .filter((one) => one.durationMsP99 !== null && one.durationMsP99 !== undefined)
            .sort((a, b) => (b.durationMsP99 ?? 0) - (a.durationMsP99 ?? 0))
            .slice(0, SLOW_SHOWN);
          return rows.length === 0 ? <p className="panel operate-none quiet">Nothing has ended yet.</p> : <Table label="Slow agents" rows={rows} columns={columns} keyOf={(one) => `${one.agentId} ${one.revision}`} keys={false} />;
        }}
      </Loaded>
    </section>
  );
}

function Feeds(props: { status: Schemas["Status"] }) {
  const { feeds } = props.status;
  return (
    <section aria-labelledby="operate-feeds">
      <h2 id="operate-feeds">Who follows the log</h2>
      {feeds.length === 0 ? (
        <Empty title="Nobody" />
      ) : (
        <dl className="panel operate-lines">
          {feeds.map((one) => (
            <div key={one.name}>
              <dt className="grow">{one.name}</dt>
              <dd className="number">{count(one.lag)} commits behind</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
