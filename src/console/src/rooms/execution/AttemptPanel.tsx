// One attempt: what went in, what came out, what a model was told and said, what it cost, what went wrong, and its other tries.
import { useMemo, type ReactNode } from "react";
import { counted } from "../../lib/format";
import { useLocation, hrefOf, Link, to } from "../../lib/router";
import { Badge, Button, CodeBlock, CopyButton, Duration, Icon, JsonView, LinkButton, Loaded, Money, Note, PlainText, RelativeTime, Select, Skeleton, Status, Tokens } from "../../ui";
import { callCurl } from "./curl";
import { Items } from "./StepPanel";
import { siblingsOf, WORK_LABEL, type Line, type Step, type Tree } from "./model";
import { marksOf, WORK_ICON } from "./Timeline";
import { Messages } from "./Messages";
import { useAttempt } from "./useAttempt";
import { useFamily } from "./Family";
import type { ExecutionPath } from "./useExecution";
import { isObject } from "./words";

const CHIPS_MAX = 6;

export interface AttemptPanelProps {
  path: ExecutionPath;
  isOver: boolean;
  tree: Tree;
  line: Line;
  onChoose: (id: string) => void;
  onFork: ((line: Line) => void) | null;
}

export function AttemptPanel(props: AttemptPanelProps) {
  const { line, onChoose } = props;
  const { agent, execution } = props.path;
  useLocation();
  const place = to`/agents/${agent}/executions/${execution}/${line.id}`;
  const link = () => `${window.location.href.replace(/#.*$/, "")}${hrefOf(place)}`;
  return (
    <article className="execution-attempt" aria-label={`Attempt ${line.id}`}>
      <header className="execution-attempt-head">
        <div className="row">
          <Icon name={WORK_ICON[line.work]} />
          <h2 className="grow cut">
            <PlainText text={line.name} max={200} />
          </h2>
          <Status kind="step" status={line.status} />
        </div>
        <div className="row small">
          <code className="cut grow">
            <PlainText text={line.id} max={300} />
          </code>
          <CopyButton text={link} label="Copy the link to this" />
          {props.onFork && line.raw && line.endMs > 0 && (
            <Button small look="quiet" icon="fork" onClick={() => props.onFork?.(line)}>
              Fork from here
            </Button>
          )}
        </div>
      </header>
      {line.raw ? (
        <Told step={line.raw} props={props} />
      ) : (
        <>
          <Facts line={line} raw={null} />
          <Inside line={line} onChoose={onChoose} />
        </>
      )}
    </article>
  );
}

/** What the list tells is there at once; what went in and out comes. */
function Told({ step, props }: { step: Step; props: AttemptPanelProps }) {
  const { line, tree, onChoose, path } = props;
  const query = useAttempt(path, step.id, step);
  return (
    <>
      <Facts line={line} raw={query.data ?? step} />
      <Tries tree={tree} line={line} onChoose={onChoose} />
      <Loaded query={query} rows={4}>
        {(whole) => <Recorded step={whole} props={props} />}
      </Loaded>
    </>
  );
}

function Facts({ line, raw }: { line: Line; raw: Step | null }) {
  return (
    <dl className="execution-facts">
      <Fact label="Began">{line.startMs > 0 ? <RelativeTime at={line.startMs} /> : <span className="quiet">not yet</span>}</Fact>
      <Fact label="Took">{line.startMs > 0 ? <Duration from={line.startMs} to={line.endMs || undefined} /> : <span className="quiet">–</span>}</Fact>
      {line.tokens > 0 && raw && <Fact label="Tokens">{raw.inputTokens + raw.outputTokens > 0 ? <Tokens input={raw.inputTokens} output={raw.outputTokens} cached={raw.llmStepTrace?.cachedTokens} /> : line.tokens}</Fact>}
      {line.costUsd > 0 && (
        <Fact label="Cost">
          <Money usd={line.costUsd} />
        </Fact>
      )}
      {raw?.llmStepTrace && (
        <Fact label="Model">
          <PlainText text={`${raw.llmStepTrace.providerId}/${raw.llmStepTrace.model}`} max={120} />
        </Fact>
      )}
      {raw?.toolTrace && (
        <Fact label="Tool">
          <PlainText text={[raw.toolTrace.toolType, raw.toolTrace.tool.integrationId, raw.toolTrace.tool.name].filter(Boolean).join(" · ")} max={160} />
        </Fact>
      )}
      {!raw?.llmStepTrace && !raw?.toolTrace && <Fact label="Kind">{raw?.kind ?? WORK_LABEL[line.work]}</Fact>}
    </dl>
  );
}

function Fact(props: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{props.label}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

/** The visits of a loop and the tries of each. */
function Tries(props: { tree: Tree; line: Line; onChoose: (id: string) => void }) {
  const { tree, line, onChoose } = props;
  const all = useMemo(() => (line.raw ? siblingsOf(tree, line) : []), [tree, line]);
  if (all.length < 2) return null;
  const label = (one: Line) => `Visit ${one.visit}${all.some((other) => other.visit === one.visit && other.attempt > 1) ? `, try ${one.attempt}` : ""}`;
  if (all.length > CHIPS_MAX) {
    return <Select label={`${counted(all.length, "attempt")} of this step`} value={line.id} onChange={(event) => onChoose(event.target.value)} options={all.map((one) => ({ value: one.id, label: `${label(one)} · ${one.status.toLowerCase().replaceAll("_", " ")}` }))} />;
  }
  return (
    <div className="row" role="group" aria-label="Attempts of this step">
      {all.map((one) => (
        <Button key={one.id} small look={one === line ? "plain" : "quiet"} aria-current={one === line ? "true" : undefined} onClick={() => onChoose(one.id)}>
          {label(one)} <Status kind="step" status={one.status} compact />
        </Button>
      ))}
    </div>
  );
}

function Part(props: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="execution-part">
      <div className="row">
        <h3 className="grow">{props.title}</h3>
        {props.actions}
      </div>
      {props.children}
    </section>
  );
}

function Recorded({ step, props }: { step: Step; props: AttemptPanelProps }) {
  const { line, onChoose, path } = props;
  // Left out where there are none.
  const checks = step.checks ?? [];
  const curl = step.toolTrace?.toolType === "http" ? callCurl(step.toolTrace.parameters) : null;
  return (
    <>
      {step.error && (
        <Note tone={line.status === "IN_DOUBT" ? "doubt" : "bad"} icon="warning">
          <PlainText text={step.error} max={4_000} />
        </Note>
      )}
      {step.hitlTrace && <Asked hitl={step.hitlTrace} />}
      {step.llmStepTrace && (
        <Part title="What the model was told" actions={<span className="small quiet">{counted(step.llmStepTrace.messages.length, "message")}</span>}>
          <Messages messages={step.llmStepTrace.messages} />
        </Part>
      )}
      {step.toolTrace && (
        <Part title="What was sent" actions={curl !== null && <CopyButton text={curl} label="Copy as curl" showLabel />}>
          <JsonView value={step.toolTrace.parameters} label="What was sent" openDepth={3} />
        </Part>
      )}
      <WentIn step={step} />
      {step.childExecutionId && <Child path={path} id={step.childExecutionId} isOver={props.isOver} />}
      {step.result && (
        <Part title={step.llmStepTrace ? "What it answered" : "What came out"}>
          <Result step={step} />
        </Part>
      )}
      {checks.length > 0 && (
        <Part title="What validators said">
          <ul className="execution-checks">
            {checks.map((check, at) => (
              <li key={at}>
                <Badge tone={check.verdict === "pass" ? "good" : check.verdict === "retry" ? "waiting" : "bad"}>{check.verdict}</Badge>
                <span className="grow">
                  <strong>
                    <PlainText text={check.validator} max={100} />
                  </strong>{" "}
                  <span className="quiet small">
                    answer {check.cycle}
                    {check.score !== null && check.score !== undefined && `, score ${check.score}`}
                  </span>
                  {check.feedback && (
                    <div>
                      <PlainText text={check.feedback} max={1_000} />
                    </div>
                  )}
                </span>
              </li>
            ))}
          </ul>
        </Part>
      )}
      {line.lines.length > 0 && <Inside line={line} onChoose={onChoose} />}
      {!step.result && !step.error && !step.llmStepTrace && !step.toolTrace && !step.hitlTrace && line.lines.length === 0 && (
        <p className="quiet">{line.endMs === 0 ? "It is open; nothing came out of it yet." : "Nothing is recorded of what went in or came out."}</p>
      )}
      <details className="execution-raw">
        <summary>As the API tells it</summary>
        <JsonView value={step} label="The attempt as JSON" openDepth={1} />
      </details>
    </>
  );
}

/** What went into steps that ask neither a model nor a tool nor a person: maps, agents, waits. */
function WentIn({ step }: { step: Step }) {
  const input: unknown = step.input ?? null;
  if (input === null || step.llmStepTrace || step.toolTrace || step.hitlTrace) return null;
  return (
    <Part title="What went in">
      {step.kind === "agent" && isObject(input) ? <Messages messages={[{ role: "system", text: input["system"] }, { role: "user", text: input["prompt"] }].filter((one) => typeof one.text === "string" && one.text !== "")} /> : <JsonView value={input} label="What went in" openDepth={2} />}
    </Part>
  );
}

/** An answer as text where it is one, otherwise as a tree; a model that asked for tools says so. */
function Result({ step }: { step: Step }) {
  const value: unknown = step.result?.jsonValue ?? null;
  if (step.llmStepTrace && isObject(value) && Array.isArray(value["calls"])) return <Messages messages={[{ role: "assistant", text: value["thought"] ?? "", calls: value["calls"] }]} />;
  if (value === null && step.result?.strValue) return <CodeBlock text={step.result.strValue} label="What came out" />;
  return (
    <>
      <JsonView value={value} label="What came out" openDepth={3} />
      {step.result?.fileLink && (
        <p className="small">
          A file: <code><PlainText text={step.result.fileLink} max={300} /></code>
        </p>
      )}
    </>
  );
}

function Asked({ hitl }: { hitl: NonNullable<Step["hitlTrace"]> }) {
  const decision: unknown = hitl.decision;
  return (
    <Part
      title="What a person was asked"
      actions={
        hitl.approvalRequestId && (
          <LinkButton small to={to`/inbox/${hitl.approvalRequestId}`}>
            {decision === null || decision === undefined ? "Look and decide" : "See it whole"}
          </LinkButton>
        )
      }
    >
      {hitl.title && (
        <p>
          <PlainText text={hitl.title} max={500} />
        </p>
      )}
      {decision !== null && decision !== undefined && <JsonView value={decision} label="The decision" openDepth={3} />}
    </Part>
  );
}

/** The execution that this attempt started. */
function Child({ path, id, isOver }: { path: ExecutionPath; id: string; isOver: boolean }) {
  const family = useFamily(path, isOver);
  const child = family.data?.nodes.find((node) => node.id === id);
  return (
    <Part title="Child execution">
      {child ? (
        <p className="row">
          <Link to={to`/agents/${child.agentId}/executions/${id}`}>
            {child.agentId} <code>{id.slice(-8)}</code>
          </Link>
          <Status kind="execution" status={child.status} compact />
        </p>
      ) : family.data ? (
        <p className="quiet">
          <code>{id}</code> is not kept any more.
        </p>
      ) : (
        <Skeleton rows={1} label="Looking for the child execution" />
      )}
    </Part>
  );
}

/** What is in an item of a map, in a map, in an agent. */
function Inside(props: { line: Line; onChoose: (id: string) => void }) {
  const { line } = props;
  const isMap = line.lines.some((one) => one.work === "item");
  return (
    <Part title={isMap ? "Items" : line.work === "item" ? "Attempts of this item" : "Inside"} actions={<span className="small quiet number">{line.lines.length}</span>}>
      <Items lines={line.lines} nameOf={(one) => [one.work === "item" ? `Item ${one.item}` : one.name, ...marksOf(one, false)].join(", ")} label={isMap ? "Items" : "Attempts"} onChoose={props.onChoose} />
    </Part>
  );
}
