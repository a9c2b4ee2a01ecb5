// How an execution stands: its figures, why it does not move and what would move it, where it comes from, its labels.
import { useMemo, type ReactNode } from "react";
import { counted } from "../../lib/format";
import { useNow } from "../../lib/hooks";
import { Link, setQuery, to } from "../../lib/router";
import { Button, Duration, Figure, LinkButton, Money, Note, PlainText, RelativeTime, Tokens } from "../../ui";
import { failedAt, stepOf, timesOf, type Record_, type Tree } from "./model";
import { whyOf } from "./words";
import type { Ask } from "./Actions";

const short = (id: string) => <code>{id.slice(-8)}</code>;

export function Standing(props: { agent: string; record: Record_; tree: Tree | null; text: string; isOver: boolean; onAsk: (ask: Ask) => void; may: (ask: Ask) => boolean }) {
  const { record, tree, text, isOver } = props;
  return (
    <>
      <Why {...props} />
      {!isOver && text !== "" && (
        <section className="panel execution-live" aria-label="What the model says">
          <PlainText text={text} />
          <span className="execution-caret" aria-hidden="true" />
        </section>
      )}
      <Figures record={record} tree={tree} />
      <Origin agent={props.agent} record={record} />
    </>
  );
}

function Figures({ record, tree }: { record: Record_; tree: Tree | null }) {
  return (
    <dl className="figures execution-figures">
      <Figure label="Started">
        <RelativeTime at={record.startTime} />
      </Figure>
      <Figure label="Took">
        <Duration from={record.startTime} to={record.endTime ?? undefined} />
      </Figure>
      <Times tree={tree} record={record} />
      <Figure label="Tokens">
        <Tokens input={record.inputTokens} output={record.outputTokens} cached={record.cachedTokens} />
      </Figure>
      <Figure label="Cost">
        <Money usd={record.totalCost} />
      </Figure>
    </dl>
  );
}

function Times({ tree, record }: { tree: Tree | null; record: Record_ }) {
  const nowMs = useNow();
  const untilMs = record.endTime ?? nowMs;
  const times = useMemo(() => (tree?.isWhole ? timesOf(tree, untilMs) : null), [tree, untilMs]);
  const shown = (ms: number | undefined) => (ms === undefined ? <span className="quiet">–</span> : <Duration ms={ms} />);
  return (
    <>
      <Figure label="Models">{shown(times?.model)}</Figure>
      <Figure label="Tools">{shown(times?.tool)}</Figure>
      <Figure label="People">{shown(times?.person)}</Figure>
    </>
  );
}

function Why(props: { agent: string; record: Record_; tree: Tree | null; isOver: boolean; onAsk: (ask: Ask) => void; may: (ask: Ask) => boolean }) {
  const { record, tree, onAsk, may } = props;
  const nowMs = useNow();
  if (props.isOver && !record.quarantined) return <End agent={props.agent} record={record} tree={tree} />;
  const why = whyOf(record, tree, nowMs);
  if (!why) return null;
  const waits = record.waitingFor;
  return (
    <Note tone={why.tone} icon={why.tone === "moving" ? "play" : why.tone === "doubt" ? "warning" : "clock"}>
      <div className="execution-why" aria-label="Why it is not moving">
        <div className="grow">
          <strong>{why.says}</strong>
          {why.quotes !== null && why.quotes !== "" && (
            <>
              : <PlainText text={why.quotes} max={600} />
            </>
          )}
          <div className="small">
            {why.then} {waits && (
              <>
                Since <RelativeTime at={waits.waitingSince} />
                {waits.expiresAt && (
                  <>
                    , until <RelativeTime at={waits.expiresAt} />
                  </>
                )}
                .
              </>
            )}
            {waits?.step && (
              <>
                {" "}
                At{" "}
                <Link to={`${to`/agents/${props.agent}/executions/${record.id}`}?step=${encodeURIComponent(stepOf(waits.step))}`}>
                  <PlainText text={stepOf(waits.step)} max={120} />
                </Link>
                .
              </>
            )}
          </div>
        </div>
        <div className="row">
          {waits?.approvalRequestId && !record.paused && (
            <LinkButton small look="primary" to={to`/inbox/${waits.approvalRequestId}`}>
              {waits.kind === "IN_DOUBT" ? "Look and resolve" : "See what is asked"}
            </LinkButton>
          )}
          {waits?.kind === "SUBTASK" && !record.paused && (
            <Button small icon="fork" onClick={() => setQuery({ view: "family" })}>
              See {counted(Math.max(waits.childCount, waits.executions.length, 1), "child execution")}
            </Button>
          )}
          {record.paused && may("resume") && (
            <Button small look="primary" icon="play" onClick={() => onAsk("resume")}>
              Let it go on
            </Button>
          )}
          {waits?.kind === "EVENT" && !record.paused && may("signal") && (
            <Button small icon="inbox" onClick={() => onAsk("signal")}>
              Send the signal
            </Button>
          )}
          {waits?.kind === "EVENT" && !record.paused && may("stopWaiting") && (
            <Button small look="quiet" onClick={() => onAsk("stopWaiting")}>
              Stop waiting
            </Button>
          )}
          {record.quarantined && may("release") && (
            <Button small look="primary" onClick={() => onAsk("release")}>
              Release
            </Button>
          )}
        </div>
      </div>
    </Note>
  );
}

/** How it ended, where that wants to be said. */
function End({ agent, record, tree }: { agent: string; record: Record_; tree: Tree | null }) {
  if (record.rejectionReason) {
    return (
      <Note tone="bad" icon="warning">
        <strong>It was refused before anything ran</strong>: <PlainText text={record.rejectionReason} max={400} /> {record.rejectionDetail && <PlainText text={record.rejectionDetail} max={1_000} />}
      </Note>
    );
  }
  if (!record.errorCode || record.status === "CANCELLED") return null;
  const failed = tree?.isWhole ? failedAt(tree) : null;
  return (
    <Note tone="bad" icon="warning">
      <strong>It failed</strong>
      {failed ? (
        <>
          : <PlainText text={failed.raw?.error ?? ""} max={400} /> <Link to={to`/agents/${agent}/executions/${record.id}/${failed.id}`}>See the attempt</Link>
        </>
      ) : (
        <>
          {" "}
          with <code><PlainText text={record.errorCode} max={200} /></code>.
        </>
      )}
    </Note>
  );
}

/** Where it comes from, in one line that wraps. */
function Origin({ agent, record }: { agent: string; record: Record_ }) {
  const facts: [string, ReactNode][] = [];
  facts.push(["Revision", record.agentRevision < 0 ? <span>draft</span> : <Link to={to`/agents/${agent}/design/${String(record.agentRevision)}`}>{record.agentRevision}</Link>]);
  if (record.environmentSlug) facts.push(["Environment", record.environmentSlug]);
  facts.push(["Started by", <PlainText text={record.startedBy} max={100} />]);
  if (record.trigger) facts.push(["Trigger", record.trigger.id ? <Link to={to`/agents/${agent}/executions?triggerId=${record.trigger.id}`}>{record.trigger.type.toLowerCase()} {record.trigger.id.slice(-8)}</Link> : <span>{record.trigger.type.toLowerCase()}</span>]);
  if (record.sessionId) facts.push(["Session", <Link to={to`/agents/${agent}/executions?sessionId=${record.sessionId}`}>{short(record.sessionId)}</Link>]);
  if (record.parentExecutionRecordId) facts.push(["Started within", <Link to={to`/executions?rootExecutionId=${record.rootExecutionId}`}>{short(record.parentExecutionRecordId)}</Link>]);
  if (record.departedFrom) facts.push(["Departed from", <Link to={to`/agents/${agent}/executions/${record.departedFrom}`}>{short(record.departedFrom)}</Link>]);
  for (const [name, value] of Object.entries(record.labels)) {
    facts.push([
      "Label",
      <Link className="badge tone-neutral" to={to`/agents/${agent}/executions?label=${`${name}=${value}`}`}>
        <PlainText text={`${name}=${value}`} max={120} />
      </Link>,
    ]);
  }
  return (
    <dl className="execution-origin">
      {facts.map(([label, value], at) => (
        <div key={`${label} ${at}`}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
