// One execution: how it stands, what it waits for, what it did step by step, and how to stop it. Live, by asking again.
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { invalidate, useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { isFinished } from "../../lib/status";
import { Link, to, type RoomProps } from "../../lib/router";
import { RoomHead } from "../../shell/RoomHead";
import { Button, Confirm, Duration, Figure, JsonView, Loaded, Money, Note, PlainText, ProblemNote, RelativeTime, Status, Tokens } from "../../ui";
import "./execution.css";

const REFRESH_MS = 2_000;
const RECORD = "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}";

export default function ExecutionRoom({ params }: RoomProps) {
  const agent = params["agent"] ?? "";
  const execution = params["execution"] ?? "";
  const { tenant } = useSession();
  const path = { tenant, agent, execution };
  const [isOver, setOver] = useState(false);
  const refresh = isOver ? {} : { refreshMs: REFRESH_MS };
  const record = useApi(RECORD, { path }, refresh);
  const trace = useApi(`${RECORD}:trace`, { path }, refresh);
  if (record.data && isFinished(record.data.status) !== isOver) setOver(isFinished(record.data.status));
  return (
    <div className="room">
      <RoomHead
        title={execution}
        crumbs={[{ label: agent, to: to`/agents/${agent}` }, { label: "Executions", to: to`/agents/${agent}/executions` }]}
        badge={record.data && <Status kind="execution" status={record.data.status} />}
        actions={record.data && !isOver && <Cancel path={path} />}
      />
      <div className="stack">
        <Loaded query={record}>{(data) => <Standing record={data} />}</Loaded>
        <section className="stack" aria-labelledby="steps">
          <h2 id="steps">Steps</h2>
          <Loaded query={trace} rows={6}>
            {(data) => (
              <>
                <Steps steps={data.trace.traces} opened={params["attempt"]} />
                <h2>Input</h2>
                <JsonView value={data.trace.parameters} label="Input" />
                {isOver && (
                  <>
                    <h2>Result</h2>
                    <JsonView value={data.trace.result} label="Result" />
                  </>
                )}
              </>
            )}
          </Loaded>
        </section>
      </div>
    </div>
  );
}

function Standing({ record }: { record: Schemas["Record"] }) {
  const waiting = record.waitingFor;
  return (
    <>
      {waiting && (
        <Note>
          It waits: <PlainText text={waiting.displayName ?? waiting.kind} max={200} />{" "}
          {waiting.approvalRequestId && <Link to={to`/inbox/${waiting.approvalRequestId}`}>See what is asked</Link>}
        </Note>
      )}
      <dl className="figures">
        <Figure label="Started">
          <RelativeTime at={record.startTime} />
        </Figure>
        <Figure label="Took">
          <Duration from={record.startTime} to={record.endTime ?? undefined} />
        </Figure>
        <Figure label="Revision">{record.agentRevision < 0 ? "draft" : record.agentRevision}</Figure>
        <Figure label="Tokens">
          <Tokens input={record.inputTokens} output={record.outputTokens} cached={record.cachedTokens} />
        </Figure>
        <Figure label="Cost">
          <Money usd={record.totalCost} />
        </Figure>
        {record.errorCode && <Figure label="Failed with">{record.errorCode}</Figure>}
      </dl>
    </>
  );
}

/** Every attempt; opened, it shows all that is recorded of it. */
function Steps(props: { steps: readonly Schemas["Step"][]; opened: string | undefined }) {
  if (props.steps.length === 0) return <p className="quiet">No step has begun.</p>;
  return (
    <ol className="execution-steps">
      {props.steps.map((step) => (
        <li key={step.id}>
          <details open={step.id === props.opened}>
            <summary>
              <Status kind="step" status={step.state} compact /> <PlainText text={step.displayName} max={100} />{" "}
              <span className="quiet small">
                {step.startTime > 0 && <Duration from={step.startTime} to={step.endTime || undefined} />} <Money usd={step.totalCost} />
              </span>
            </summary>
            {step.error && <Note tone="bad">{<PlainText text={step.error} max={2_000} />}</Note>}
            <JsonView value={step} label={step.displayName} />
          </details>
          {step.steps.length > 0 && <Steps steps={step.steps} opened={props.opened} />}
        </li>
      ))}
    </ol>
  );
}

function Cancel(props: { path: { tenant: string; agent: string; execution: string } }) {
  const [isAsked, setAsked] = useState(false);
  const { may } = useSession();
  const cancel = useAction(async () => {
    await api.post(`${RECORD}:cancelRun`, { path: props.path, body: { reason: null } });
    setAsked(false);
    invalidate(`/v1/tenants/${encodeURIComponent(props.path.tenant)}/`);
  });
  if (!may("executions:cancel")) return null;
  return (
    <>
      <Button look="danger" onClick={() => setAsked(true)}>
        Cancel
      </Button>
      {cancel.problem && <ProblemNote error={cancel.problem} />}
      {isAsked && (
        <Confirm title="Cancel this execution?" action="Cancel it" danger isBusy={cancel.isBusy} onDo={() => void cancel.run()} onClose={() => setAsked(false)}>
          Nothing new starts, calls under way are cut off, and steps that declare how are taken back. It cannot be undone.
        </Confirm>
      )}
    </>
  );
}
