// Trying the draft out, and loading what ran before: both put the state of every step onto the canvas.
import { useEffect, useMemo, useState } from "react";
import { stringify } from "yaml";
import { itemsOf, type Schemas } from "../../api/client";
import { useAction, useApi } from "../../api/query";
import { statusLook } from "../../lib/status";
import { to } from "../../lib/router";
import { Button, LinkButton, Note, PlainText, ProblemNote, RelativeTime, Select, Status } from "../../ui";
import { YamlField } from "./SchemaForm";
import { isObject } from "./model/edits";
import type { Values } from "./model/flow";
import type { Watched } from "./run";

/** Something to begin with that fits the schema of the input. */
export function exampleOf(schema: unknown): unknown {
  if (!isObject(schema)) return {};
  if (schema["default"] !== undefined) return schema["default"];
  if (Array.isArray(schema["examples"]) && schema["examples"].length > 0) return schema["examples"][0];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  if (schema["type"] === "object" || schema["properties"]) {
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    const required = Array.isArray(schema["required"]) ? schema["required"] : Object.keys(properties);
    return Object.fromEntries(Object.entries(properties).filter(([key]) => required.includes(key)).map(([key, one]) => [key, exampleOf(one)]));
  }
  if (schema["type"] === "array") return [];
  if (schema["type"] === "number" || schema["type"] === "integer") return schema["minimum"] ?? 1;
  if (schema["type"] === "boolean") return false;
  return schema["type"] === "string" ? "text" : null;
}

export interface TestPanelProps {
  tenant: string;
  agent: string;
  /** The revision that the draft comes from. */
  base: number;
  root: Values | null;
  problems: number;
  onProblems: () => void;
  execution: string | null;
  watched: Watched;
  canRun: boolean;
  onLoad: (execution: string | null) => void;
  onStart: (parameters: unknown, mode: string) => Promise<void>;
  onGoTo: (step: string) => void;
}

export function TestPanel(props: TestPanelProps) {
  const { tenant, agent, root, watched, execution } = props;
  const example = useMemo(() => exampleOf(root?.["input"]), [root]);
  const [given, setGiven] = useState<unknown>(undefined);
  const [mode, setMode] = useState("SANDBOX");
  const start = useAction(props.onStart);
  const records = useApi("/v1/tenants/{tenant}/agents/{agent}/executionRecords", { path: { tenant, agent }, query: { pageSize: 30 } });
  const tests = useApi("/v1/tenants/{tenant}/agents/{agent}/executionRecords", { path: { tenant, agent }, query: { pageSize: 15, origin: "TEST" } });
  const { reload } = tests;
  useEffect(() => reload(), [watched.status, reload]);
  const known = [...itemsOf(tests.data as { items: Schemas["Record"][] } | undefined), ...itemsOf(records.data as { items: Schemas["Record"][] } | undefined)];
  const asked = watched.trace?.waitingFor as { approvalRequestId?: string | null; displayName?: string } | null | undefined;
  return (
    <div className="designer-form">
      {props.problems > 0 && (
        <Note tone="waiting" icon="warning">
          The draft has problems; a test is refused until they are mended.{" "}
          <button type="button" className="text-button" onClick={props.onProblems}>
            See them
          </button>
        </Note>
      )}
      <YamlField label="Input" hint="As the schema of the flow's input wants it." value={given ?? example} onChange={setGiven} />
      <Select
        label="How"
        value={mode}
        onChange={(event) => setMode(event.target.value)}
        options={[
          { value: "SANDBOX", label: "Rehearsal: what `sandbox` says answers" },
          { value: "PRODUCTION", label: "For real: models and calls, as far as there are keys" },
        ]}
      />
      <div className="row">
        <Button look="primary" icon="play" busy={start.isBusy} disabled={!props.canRun} onClick={() => void start.run(given ?? example, mode)}>
          Test run
        </Button>
        <Select label="Show an execution" labelUnseen value={execution ?? ""} onChange={(event) => props.onLoad(event.target.value || null)} options={[{ value: "", label: "Show an execution…" }, ...(execution && !known.some((one) => one.id === execution) ? [{ value: execution, label: execution }] : []), ...known.map((one) => ({ value: one.id, label: `${new Date(one.startTime).toLocaleString()} · ${statusLook("execution", one.status).label} · ${one.origin === "TEST" ? "test" : `revision ${one.agentRevision}`}` }))]} />
      </div>
      <ProblemNote error={start.problem ?? watched.error} />
      {execution && (
        <section aria-label="The execution" className="designer-run" aria-live="polite">
          <div className="row">
            {watched.status && <Status kind="execution" status={watched.status} />}
            <span className="small quiet">
              <RelativeTime at={watched.attempts[0]?.startTime} />
            </span>
            <LinkButton small look="quiet" icon="external" to={to`/agents/${agent}/executions/${execution}`}>
              Open
            </LinkButton>
            <Button small look="quiet" icon="close" onClick={() => props.onLoad(null)}>
              Take off the canvas
            </Button>
          </div>
          {watched.revision !== null && watched.revision > 0 && watched.revision !== props.base && (
            <Note icon="history">
              It ran revision {watched.revision}; the canvas shows what comes from {props.base > 0 ? `revision ${props.base}` : "the first draft"}.{" "}
              <LinkButton small to={`${to`/agents/${agent}/design/${String(watched.revision)}`}?execution=${encodeURIComponent(execution)}`}>
                Open revision {watched.revision}
              </LinkButton>
            </Note>
          )}
          {asked?.approvalRequestId && (
            <Note tone="waiting" icon="person">
              {asked.displayName ? <PlainText text={asked.displayName} max={200} /> : "It waits for a person."} <LinkButton small to={to`/inbox/${asked.approvalRequestId}`}>Decide</LinkButton>
            </Note>
          )}
          <ol className="designer-ran">
            {watched.attempts.slice(-300).map((one) => (
              <li key={one.id}>
                <button type="button" className="text-button" onClick={() => props.onGoTo(one.step)}>
                  {one.step}
                </button>
                <Status kind="step" status={one.status} compact />
                {one.error !== null && <span className="small cut">{JSON.stringify(one.error)}</span>}
              </li>
            ))}
          </ol>
          {watched.text && (
            <pre className="code-wrap small">
              <PlainText text={watched.text} />
            </pre>
          )}
        </section>
      )}
    </div>
  );
}

/** The recorded outputs, as the pinned ones to begin with. */
export function pinnedFrom(watched: Watched, ids: readonly string[], example: (id: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(ids.map((id) => [id, watched.attempts.findLast((one) => one.step === id && one.output !== null)?.output ?? example(id)]));
}

export function yamlOf(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}
