// One execution: how it stands and why, its attempts on a timeline and in the graph, its journal, its family, and what can be done to it.
import { useCallback, useEffect, useMemo, useState } from "react";
import { address, type Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { useMedia, useShortcuts } from "../../lib/hooks";
import { later } from "../../lib/later";
import { navigate, setQuery, to, useLocation, type RoomProps } from "../../lib/router";
import { RoomHead } from "../../shell/RoomHead";
import { Badge, Button, CopyButton, Drawer, Empty, ErrorState, JsonView, Loaded, Note, Skeleton, Status, Tabs } from "../../ui";
import { Asked, Buttons, useMay, type Ask } from "./Actions";
import { AttemptPanel } from "./AttemptPanel";
import { readCurl, startCurl } from "./curl";
import { Family } from "./Family";
import { JournalPart } from "./JournalPart";
import { treeOf, type Line, type Tree } from "./model";
import { Standing } from "./Standing";
import { StepPanel } from "./StepPanel";
import { Timeline } from "./Timeline";
import { useAttempt } from "./useAttempt";
import { RECORD, useExecution, type ExecutionPath, type Watched } from "./useExecution";
import "./execution.css";

const Graph = later(() => import("./Graph"));
const ID_SHOWN = 8;
const VIEWS = [
  { key: "timeline", label: "Timeline" },
  { key: "graph", label: "Graph" },
  { key: "journal", label: "Journal" },
  { key: "family", label: "Children" },
  { key: "data", label: "Input and result" },
] as const;
type View = (typeof VIEWS)[number]["key"];

export default function ExecutionRoom({ params }: RoomProps) {
  const agent = params["agent"] ?? "";
  const execution = params["execution"] ?? "";
  const { tenant } = useSession();
  const path = useMemo(() => ({ tenant, agent, execution }), [tenant, agent, execution]);
  return <Execution key={`${tenant}/${agent}/${execution}`} path={path} attempt={params["attempt"] ?? null} />;
}

function Execution(props: { path: ExecutionPath; attempt: string | null }) {
  const { path, attempt } = props;
  const watched = useExecution(path);
  const { record, attempts, isOver } = watched;
  const tree = useMemo(() => (attempts.data ? treeOf(attempts.data.steps, attempts.data.total) : null), [attempts.data]);
  const [asked, setAsked] = useState<{ ask: Ask; line: Line | null } | null>(null);
  const may = useMay();
  const ask = useCallback((next: Ask, line: Line | null = null) => setAsked({ ask: next, line }), []);
  const title = record.data?.subject || path.execution.slice(-ID_SHOWN);
  if (record.error && !record.data) {
    return (
      <div className="room">
        <RoomHead title={title} crumbs={crumbs(path.agent)} />
        <ErrorState error={record.error} onRetry={record.reload} />
      </div>
    );
  }
  return (
    <div className="room execution">
      <RoomHead
        title={title}
        crumbs={crumbs(path.agent)}
        badge={
          <>
            {record.data && <Status kind="execution" status={record.data.status} />}
            {record.data?.paused && <Badge tone="waiting">Paused</Badge>}
            {record.data?.origin === "TEST" && <Badge>Test</Badge>}
            {record.data && !isOver && <Live watched={watched} />}
          </>
        }
        sub={
          <span className="row">
            <code>{path.execution}</code>
            <CopyButton text={path.execution} label="Copy the id" />
          </span>
        }
        actions={record.data && <Buttons record={record.data} isOver={isOver} isAsking={asked !== null} onAsk={ask} />}
      />
      <div className="stack">
        <Loaded query={record} rows={3}>
          {(data) => <Standing agent={path.agent} record={data} tree={tree} text={watched.text} isOver={isOver} onAsk={ask} may={may} />}
        </Loaded>
        <Views path={path} watched={watched} tree={tree} attempt={attempt} isAsking={asked !== null} onAsk={ask} mayFork={may("fork")} />
      </div>
      {asked && record.data && <Asked ask={asked.ask} line={asked.line} path={path} record={record.data} tree={tree} onClose={() => setAsked(null)} onDone={watched.poke} />}
    </div>
  );
}

function crumbs(agent: string) {
  return [
    { label: "Agents", to: "/agents" },
    { label: agent, to: to`/agents/${agent}` },
    { label: "Executions", to: to`/agents/${agent}/executions` },
  ];
}

/** Whether what is shown is of now. */
function Live({ watched }: { watched: Watched }) {
  if (watched.stream === "open") return <span className="execution-now small" title="What happens is shown at once">Live</span>;
  if (watched.stream === "waiting") return <span className="execution-now is-cut small" role="status">Connecting again</span>;
  return null;
}

interface ViewsProps {
  path: ExecutionPath;
  watched: Watched;
  tree: Tree | null;
  attempt: string | null;
  /** A dialog stands over it. */
  isAsking: boolean;
  onAsk: (ask: Ask, line?: Line | null) => void;
  mayFork: boolean;
}

function Views(props: ViewsProps) {
  const { path, tree, attempt } = props;
  const { query } = useLocation();
  const isWide = useMedia("(min-width: 1100px)");
  const view = VIEWS.find((one) => one.key === query.get("view"))?.key ?? "timeline";
  const step = query.get("step");
  const here = to`/agents/${path.agent}/executions/${path.execution}`;
  const go = useCallback((place: string, changes: Record<string, string | null>) => {
    const next = new URLSearchParams(window.location.hash.split("?")[1] ?? "");
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) next.delete(name);
      else next.set(name, value);
    }
    const text = next.toString();
    navigate(text ? `${place}?${text}` : place, { replace: true, keepTenant: false });
  }, []);
  const choose = useCallback((id: string) => go(`${here}/${encodeURIComponent(id)}`, { step: null }), [go, here]);
  const chooseStep = useCallback(
    (name: string) => {
      const of = tree?.attempts.filter((line) => line.step === name) ?? [];
      const [only] = of;
      if (of.length === 1 && only) choose(only.id);
      else go(here, { step: name });
    },
    [tree, choose, go, here],
  );
  const close = () => go(here, { step: null });
  useShortcuts(
    VIEWS.map((one, at) => ({ keys: String(at + 1), label: one.label, run: () => setQuery({ view: one.key === "timeline" ? null : one.key }) })),
    !props.isAsking,
  );
  const hasSide = view === "timeline" || view === "graph";
  const isChosen = attempt !== null || step !== null;
  // Over a dialog or a drawer, the key is theirs.
  useShortcuts([{ keys: "Escape", label: "Put the attempt away", run: close }], hasSide && isWide && isChosen && !props.isAsking);
  const side = tree && isChosen && <Side {...props} tree={tree} step={step} onChoose={choose} />;
  return (
    <div className={`execution-views ${hasSide && isWide && isChosen ? "has-side" : ""}`}>
      <div className="execution-main">
        <Tabs label="Views" tabs={VIEWS} current={view} onChange={(key) => setQuery({ view: key === "timeline" ? null : key })}>
          <Shown view={view} props={props} chosenStep={step ?? (attempt && tree?.byId.get(attempt)?.step) ?? null} onChoose={choose} onChooseStep={chooseStep} />
        </Tabs>
      </div>
      {hasSide && isWide && side && (
        <aside className="panel execution-side" aria-label="What is chosen">
          <div className="execution-side-close">
            <Button small look="quiet" icon="close" iconOnly onClick={close}>
              Put away
            </Button>
          </div>
          {side}
        </aside>
      )}
      {hasSide && !isWide && side && (
        <Drawer title={step ? "Attempts" : "Attempt"} width="wide" onClose={close}>
          {side}
        </Drawer>
      )}
    </div>
  );
}

function Side(props: ViewsProps & { tree: Tree; step: string | null; onChoose: (id: string) => void }) {
  const { path, tree, attempt, step, watched, onChoose } = props;
  const line = attempt !== null ? tree.byId.get(attempt) : undefined;
  if (step !== null && attempt === null) return <StepPanel tree={tree} step={step} onChoose={onChoose} />;
  const onFork = props.mayFork ? (one: Line) => props.onAsk("fork", one) : null;
  if (line) return <AttemptPanel path={path} isOver={watched.isOver} tree={tree} line={line} onChoose={onChoose} onFork={onFork} />;
  // Where the list has not come to it, it is shown by itself.
  if (!tree.isWhole) return <Alone path={path} id={attempt ?? ""} isOver={watched.isOver} onChoose={onChoose} onFork={onFork} />;
  return (
    <Empty icon="search" title="There is no such attempt">
      <code>{attempt}</code> {watched.isOver ? "is not among what this execution did." : "has not begun."}
    </Empty>
  );
}

function Alone(props: { path: ExecutionPath; id: string; isOver: boolean; onChoose: (id: string) => void; onFork: ((line: Line) => void) | null }) {
  const { id, ...rest } = props;
  const query = useAttempt(props.path, id, null);
  return (
    <Loaded query={query} rows={6}>
      {(step) => {
        const tree = treeOf([step]);
        const [line] = tree.attempts;
        return line ? <AttemptPanel {...rest} tree={tree} line={line} /> : null;
      }}
    </Loaded>
  );
}

function Shown(shown: { view: View; props: ViewsProps; chosenStep: string | null; onChoose: (id: string) => void; onChooseStep: (step: string) => void }) {
  const { view, onChoose, onChooseStep } = shown;
  const { path, watched, tree, attempt } = shown.props;
  const { record, attempts, isOver } = watched;
  if (view === "family") return <Family path={path} isOver={isOver} />;
  if (view === "journal") return <JournalPart path={path} startMs={record.data?.startTime ?? 0} isOver={isOver} />;
  if (view === "data") return <Data path={path} isOver={isOver} onAsk={shown.props.onAsk} />;
  return (
    <Loaded query={attempts} rows={8}>
      {() => {
        if (!tree || !record.data) return <Skeleton rows={8} label="Loading the execution" />;
        const { agentRevision, startTime, endTime } = record.data;
        if (view === "graph") {
          return (
            <Graph waiting={<Skeleton rows={8} label="Loading the graph" />} tenant={path.tenant} agent={path.agent} revision={agentRevision} tree={tree} chosen={shown.chosenStep} onChoose={onChooseStep} />
          );
        }
        return <Timeline tree={tree} startMs={startTime} endMs={endTime ?? 0} chosen={attempt} onChoose={onChoose} onMore={watched.more} />;
      }}
    </Loaded>
  );
}

/** What went in and what came out, and everything to take away. */
function Data(props: { path: ExecutionPath; isOver: boolean; onAsk: (ask: Ask) => void }) {
  const { path, isOver } = props;
  const may = useMay();
  const read = useApi(`${RECORD}/result`, { path });
  const { reload } = read;
  // What came out is there once it is over.
  useEffect(() => reload(), [isOver, reload]);
  return (
    <Loaded query={read} rows={6}>
      {(data) => <DataShown path={path} isOver={isOver} mayPurge={may("purge")} parameters={data.parameters} value={data.result.jsonValue ?? data.result.strValue ?? null} onAsk={props.onAsk} />}
    </Loaded>
  );
}

function DataShown(props: { path: ExecutionPath; isOver: boolean; mayPurge: boolean; parameters: Schemas["ResultView"]["parameters"]; value: unknown; onAsk: (ask: Ask) => void }) {
  const { path, isOver, parameters, value } = props;
  return (
    <div className="stack">
      <div className="row">
        <CopyButton text={() => startCurl(path, parameters)} label="Copy the start as curl" showLabel />
        <CopyButton text={() => readCurl(`${RECORD}/trace`, { path })} label="Copy reading it as curl" showLabel />
        <a className="button button-quiet button-small" href={address(`${RECORD}/export`, { path })} download={`${path.execution}.json`}>
          Export all of it
        </a>
        {isOver && props.mayPurge && (
          <Button small look="danger" icon="trash" onClick={() => props.onAsk("purge")}>
            Remove
          </Button>
        )}
      </div>
      <section className="stack" aria-labelledby="execution-input">
        <h2 id="execution-input">Input</h2>
        <JsonView value={parameters} label="Input" openDepth={2} />
      </section>
      <section className="stack" aria-labelledby="execution-result">
        <h2 id="execution-result">Result</h2>
        {!isOver ? <Note>It is not over; there is no result yet.</Note> : value === null ? <p className="quiet">It ended without a result.</p> : <JsonView value={value} label="Result" openDepth={3} />}
      </section>
    </div>
  );
}
