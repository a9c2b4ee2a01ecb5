// What is chosen, to be edited: a step, an edge, or the flow itself.
import { useMemo, useState } from "react";
import { Badge, Button, Checkbox, Duration, Empty, JsonView, Money, PlainText, Select, Status } from "../../ui";
import { CodeField, ScopeNames } from "./CodeField";
import { KIND_LOOK } from "./Canvas";
import { isObject, type Path } from "./model/edits";
import { freshStep, KINDS, levelPath, portsOf, type EdgeView, type Kind, type LevelView, type StepView, type Values } from "./model/flow";
import { namesInScope, type ScopeName } from "./model/graph";
import { flowSchema, NamedValues, resolved, SchemaForm, stepSchema, TypedField, YamlField, type Change } from "./SchemaForm";
import type { AttemptView } from "./run";
import type { FlowProblem } from "./useDesign";

export interface InspectorProps {
  root: Values;
  view: LevelView;
  step: StepView | null;
  edge: EdgeView | null;
  problems: readonly FlowProblem[];
  attempts: readonly AttemptView[];
  /** What the execution that is shown was started with. */
  parameters: unknown;
  isReadOnly: boolean;
  onChange: Change;
  onRename: (id: string, next: string) => void;
  onEdge: (at: number, change: Values) => void;
  onRemove: () => void;
  onEnter: (map: string) => void;
  onRunAlone: (step: StepView) => void;
}

export function Inspector(props: InspectorProps) {
  const { root, view, step, edge } = props;
  const id = step?.id ?? edge?.from ?? null;
  const names = useMemo(() => {
    const all = namesInScope(root, view.level, id);
    // An edge's condition knows the step that it leaves.
    if (!edge) return all;
    return [{ name: `steps.${edge.from}.output`, type: "any", isSure: true, from: edge.from }, ...all];
  }, [root, view, id, edge]);
  return (
    <ScopeNames names={names}>
      {step ? <StepPart key={[...view.level, step.id].join("/")} {...props} step={step} names={names} /> : edge ? <EdgePart {...props} edge={edge} /> : <FlowPart {...props} />}
    </ScopeNames>
  );
}

function Problems(props: { problems: readonly FlowProblem[] }) {
  if (props.problems.length === 0) return null;
  return (
    <ul className="designer-problems" aria-label="Problems here">
      {props.problems.map((one, at) => (
        <li key={at}>
          <strong>{one.message}</strong>
          <span className="quiet small">{one.hint}</span>
        </li>
      ))}
    </ul>
  );
}

function StepPart(props: InspectorProps & { step: StepView; names: readonly ScopeName[] }) {
  const { step, view, onChange, isReadOnly } = props;
  const path: Path = [...levelPath(view.level), "steps", step.id];
  const schema = stepSchema();
  const kindSchema = step.kind ? resolved(schema.properties?.[step.kind]) : null;
  const inside = step.kind ? step.value[step.kind] : undefined;
  const others = view.steps.map((one) => one.id).filter((one) => one !== step.id);
  const taken = new Set(others);
  const own = props.attempts.filter((one) => one.step.replace(/\[\d+\]/g, "") === [...view.level, step.id].join("/"));
  const toKind = (kind: Kind) => {
    const { [step.kind]: _, ...rest } = step.value;
    onChange(path, { ...rest, ...freshStep(kind) });
  };
  return (
    <div className="designer-form">
      <Problems problems={props.problems} />
      <div className="designer-two">
        <TypedField label="Id" value={step.id} disabled={isReadOnly} problem={taken.has(step.id) ? "Another step has this name." : null} onChange={(next) => next !== step.id && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(next) && !taken.has(next) && props.onRename(step.id, next)} />
        <Select label="Kind" value={step.kind} disabled={isReadOnly} options={[...(step.kind ? [] : [{ value: "", label: "None" }]), ...KINDS.map((kind) => ({ value: kind, label: KIND_LOOK[kind].label }))]} onChange={(event) => toKind(event.target.value as Kind)} />
      </div>
      <TypedField label="Title of the step" value={step.title} disabled={isReadOnly} onChange={(next) => onChange([...path, "title"], next || undefined)} />
      {step.kind === "map" && (
        <Button icon="layout" onClick={() => props.onEnter(step.id)}>
          Open what is done for each
        </Button>
      )}
      {step.kind === "set" ? (
        <NamedValues name="set" label="Values (expressions)" value={inside} path={[...path, "set"]} onChange={onChange} isReadOnly={isReadOnly} />
      ) : kindSchema?.properties && (isObject(inside) || inside === undefined || inside === null) ? (
        <SchemaForm schema={kindSchema} value={isObject(inside) ? inside : {}} path={[...path, step.kind]} onChange={onChange} without={step.kind === "map" ? ["body"] : []} steps={others} isReadOnly={isReadOnly} />
      ) : (
        step.kind && <YamlField label={KIND_LOOK[step.kind].label} hint={kindSchema?.description} value={inside} disabled={isReadOnly} onChange={(next) => onChange([...path, step.kind], next ?? "")} />
      )}
      <details className="designer-part" open={["join", "retry", "timeout", "effect", "visits", "select", "in_doubt"].some((key) => step.value[key] !== undefined)}>
        <summary>How it runs</summary>
        <SchemaForm schema={schema} value={step.value} path={path} onChange={onChange} without={[...KINDS, "title", "sandbox"]} steps={others} isReadOnly={isReadOnly} />
      </details>
      <details className="designer-part" open={step.value["sandbox"] !== undefined}>
        <summary>In a rehearsal</summary>
        <YamlField label="What answers instead" hint="For instance `output: {paid: true}`." value={step.value["sandbox"]} disabled={isReadOnly} onChange={(next) => onChange([...path, "sandbox"], next)} />
      </details>
      <Attempts attempts={own} />
      <details className="designer-part">
        <summary>Names in scope ({props.names.length})</summary>
        <Scope names={props.names} attempts={props.attempts} parameters={props.parameters} />
      </details>
      {!isReadOnly && (
        <div className="row">
          {view.level.length === 0 && !["map", "end", "fail"].includes(step.kind) && (
            <Button icon="play" onClick={() => props.onRunAlone(step)}>
              Run this step alone
            </Button>
          )}
          <Button look="danger" icon="trash" onClick={props.onRemove}>
            Remove
          </Button>
        </div>
      )}
    </div>
  );
}

function Attempts(props: { attempts: readonly AttemptView[] }) {
  const [at, setAt] = useState<string | null>(null);
  const one = props.attempts.find((attempt) => attempt.id === at) ?? props.attempts.at(-1);
  if (!one) return null;
  return (
    <section className="designer-part designer-attempts" aria-label="What it did">
      <div className="row">
        <h3>What it did</h3>
        <Status kind="step" status={one.status} />
        <Duration ms={one.duration} />
        <Money usd={one.totalCost} />
      </div>
      {props.attempts.length > 1 && <Select label="Attempt" value={one.id} onChange={(event) => setAt(event.target.value)} options={props.attempts.slice(-200).map((attempt) => ({ value: attempt.id, label: attempt.id }))} />}
      {one.error !== null && <JsonView label="Error" value={one.error} />}
      {one.input !== null && <JsonView label="Input" value={one.input} openDepth={2} />}
      {one.output !== null && <JsonView label="Output" value={one.output} />}
    </section>
  );
}

/** The value that a name had in the execution that is shown. */
export function valueOf(name: string, attempts: readonly AttemptView[], parameters: unknown): unknown {
  const [scope, ...parts] = name.split(".");
  const inside = (value: unknown, keys: readonly string[]) => keys.reduce<unknown>((one, key) => (isObject(one) && Object.hasOwn(one, key) ? one[key] : undefined), value ?? undefined);
  if (scope === "input") return inside(parameters, parts);
  const [step, part, ...rest] = parts;
  if (scope !== "steps" || part !== "output") return undefined;
  return inside(attempts.findLast((one) => one.step === step && one.output !== null)?.output, rest);
}

const SCOPE_SHOWN_MAX = 300;

function Scope(props: { names: readonly ScopeName[]; attempts: readonly AttemptView[]; parameters: unknown }) {
  return (
    <ul className="designer-scope">
      {props.names.slice(0, SCOPE_SHOWN_MAX).map((one) => {
        const value = valueOf(one.name, props.attempts, props.parameters);
        return (
          <li key={one.name}>
            <code>{one.name}</code> <span className="quiet small">{one.type}</span> {!one.isSure && <Badge tone="waiting" title="Ask with has(…)">may not have run</Badge>}
            {value !== undefined && (
              <div className="small code">
                <PlainText text={JSON.stringify(value)} max={200} />
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function EdgePart(props: InspectorProps & { edge: EdgeView }) {
  const { edge, view, isReadOnly } = props;
  const source = view.steps.find((one) => one.id === edge.from);
  const ports = source ? portsOf(source) : [edge.on];
  const ids = view.steps.map((one) => ({ value: one.id, label: one.title ? `${one.title} (${one.id})` : one.id }));
  return (
    <div className="designer-form">
      <Problems problems={props.problems} />
      <Select label="From" value={edge.from} options={ids} disabled={isReadOnly} onChange={(event) => props.onEdge(edge.at, { from: event.target.value })} />
      <Select label="When it ends as" value={edge.on} disabled={isReadOnly} options={[...new Set([...ports, edge.on])].map((port) => ({ value: port, label: port }))} onChange={(event) => props.onEdge(edge.at, { on: event.target.value === "ok" ? undefined : event.target.value })} />
      <Select label="To" value={edge.to} options={ids} disabled={isReadOnly} onChange={(event) => props.onEdge(edge.at, { to: event.target.value })} />
      <CodeField label="Only when" hint="An expression. Empty: always." value={edge.when ?? ""} disabled={isReadOnly} onChange={(next) => props.onEdge(edge.at, { when: next, otherwise: undefined })} />
      <Checkbox label="Otherwise" hint="Taken when no condition of the same port held." checked={edge.otherwise === true} disabled={isReadOnly} onChange={(event) => props.onEdge(edge.at, { otherwise: event.target.checked, when: undefined })} />
      {!isReadOnly && (
        <Button look="danger" icon="trash" onClick={props.onRemove}>
          Remove
        </Button>
      )}
    </div>
  );
}

function FlowPart(props: InspectorProps) {
  const { root, view, isReadOnly } = props;
  if (view.level.length > 0) return <Empty icon="layout" title="Choose a step or an edge">This is what is done for each item of {view.level.at(-1)}.</Empty>;
  return (
    <div className="designer-form">
      <p className="quiet small">Nothing is chosen: this is the flow itself.</p>
      <Problems problems={props.problems} />
      <SchemaForm schema={flowSchema()} value={root} path={[]} onChange={props.onChange} without={["steps", "edges", "ui", "flow"]} steps={view.steps.map((one) => one.id)} isReadOnly={isReadOnly} />
    </div>
  );
}
