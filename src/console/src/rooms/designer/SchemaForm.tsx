// Forms made from the schema of the flow format: each key gets the field that suits it. Keys that are not set wait in a menu.
import { useId, useMemo, useState, type ReactNode } from "react";
import { stringify } from "yaml";
import schema from "../../../../../docs/flow.schema.json";
import { itemsOf, type Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { spelled } from "../../lib/text";
import { Button, Checkbox, Field, Select, TextArea, type Option } from "../../ui";
import { CodeField, HiddenNote, useTyped } from "./CodeField";
import { isObject, plainOf, sameValue, type Path } from "./model/edits";

export interface Schema {
  $ref?: string;
  type?: string;
  description?: string;
  properties?: Record<string, Schema | true>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  items?: Schema | true;
  enum?: string[];
  const?: string;
  oneOf?: Schema[];
  anyOf?: Schema[];
  pattern?: string;
  examples?: string[];
  minimum?: number;
}
const DEFINITIONS = schema.$defs as unknown as Record<string, Schema>;

export function resolved(one: Schema | true | undefined): Schema {
  if (one === undefined || one === true) return {};
  if (!one.$ref) return one;
  const { $ref, ...beside } = one;
  return { ...DEFINITIONS[$ref.replace("#/$defs/", "")], ...beside };
}
export function stepSchema(): Schema {
  return resolved({ $ref: "#/$defs/StepSpec" });
}
export function flowSchema(): Schema {
  return schema as unknown as Schema;
}

/** Undefined takes the key away. */
export type Change = (path: Path, value: unknown) => void;
export interface FormProps {
  schema: Schema;
  value: Record<string, unknown>;
  path: Path;
  onChange: Change;
  /** Keys that are shown elsewhere. */
  without?: readonly string[];
  /** Other steps, for fields that name one. */
  steps: readonly string[];
  isReadOnly: boolean;
}

const TEMPLATES = new Set(["system", "prompt", "title", "message", "body", "get", "post", "put", "patch", "delete", "head", "headers", "query"]);
const EXPRESSIONS = new Set(["when", "over", "until", "check", "done_when", "output", "show", "set", "input"]);
const LONG = new Set(["system", "prompt", "body", "message"]);
/** Shown also while they are not set. */
const USUAL = new Set(["model", "system", "approvers", "action", "show", "form", "json", "headers", "to", "expires", "args", "tools", "timeout", "as", "concurrency", "input", "message", "check"]);
const METHODS = ["get", "post", "put", "patch", "delete", "head"];

export function labelOf(key: string): string {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

type Widget = "template" | "expression" | "choice" | "number" | "check" | "text" | "texts" | "names" | "fields" | "items" | "yaml" | "step";

function optionsOf(one: Schema): string[] {
  if (one.enum) return one.enum;
  const choices = one.oneOf ?? one.anyOf ?? [];
  return choices.flatMap((choice) => choice.enum ?? (choice.const !== undefined ? [choice.const] : []));
}

/** Which field a key gets. */
export function widgetOf(key: string, given: Schema, value: unknown, parent = ""): Widget {
  const one = resolved(given);
  const options = optionsOf(one);
  const choices = one.oneOf ?? one.anyOf ?? [];
  if (options.length > 0 && (value === undefined || typeof value === "string") && (one.enum || choices.length > 0)) return "choice";
  if (key === "action" && parent === "approval") return "step";
  if (one.type === "boolean") return typeof value === "boolean" || value === undefined ? "check" : "yaml";
  if (one.type === "integer" || one.type === "number") return typeof value === "number" || value === undefined ? "number" : "yaml";
  if (one.type === "string") {
    if (value !== undefined && typeof value !== "string") return "yaml";
    if (TEMPLATES.has(key) && key !== "check") return "template";
    return EXPRESSIONS.has(key) ? "expression" : "text";
  }
  if (one.type === "array" && (value === undefined || Array.isArray(value))) {
    const items = resolved(one.items);
    const all = (value as unknown[] | undefined) ?? [];
    if (items.type === "string" && all.every((each) => typeof each === "string")) return "texts";
    return items.properties && all.every(isObject) ? "items" : "yaml";
  }
  if (one.properties && (value === undefined || isObject(value))) return "fields";
  if (one.type === "object" && one.additionalProperties && (value === undefined || isObject(value))) return "names";
  return "yaml";
}

export function SchemaForm(props: FormProps) {
  const { schema: given, value, path, without = [], onChange } = props;
  const properties = Object.entries(given.properties ?? {}).filter(([key]) => !without.includes(key));
  const isHttp = METHODS.every((method) => given.properties?.[method] !== undefined);
  const fits = properties.filter(([key]) => !(isHttp && METHODS.includes(key)));
  const required = new Set(given.required ?? []);
  const isShown = ([key]: [string, unknown]) => value[key] !== undefined || required.has(key) || (USUAL.has(key) && path.length > 2 && !path.includes("tools"));
  const shown = fits.filter(isShown);
  const others = fits.filter((one) => !isShown(one));
  return (
    <div className="designer-fields">
      {isHttp && <HttpLine value={value} path={path} onChange={onChange} isReadOnly={props.isReadOnly} />}
      {shown.map(([key, one]) => (
        <OneField key={key} {...props} name={key} schema={resolved(one)} value={value[key]} path={[...path, key]} isRequired={required.has(key)} />
      ))}
      {others.length > 0 && !props.isReadOnly && (
        <Select
          label="Add a setting"
          labelUnseen
          value=""
          onChange={(event) => event.target.value && onChange([...path, event.target.value], freshValue(resolved(given.properties?.[event.target.value])))}
          options={[{ value: "", label: "Add a setting…" }, ...others.map(([key]) => ({ value: key, label: labelOf(key) }))]}
        />
      )}
    </div>
  );
}

function freshValue(one: Schema): unknown {
  const [option] = optionsOf(one);
  if (option !== undefined) return option;
  if (one.type === "string") return one.examples?.[0] ?? "";
  if (one.type === "integer" || one.type === "number") return one.minimum !== undefined ? Math.max(1, one.minimum) : 0;
  if (one.type === "boolean") return true;
  if (one.type === "array") return [];
  if (one.properties) return Object.fromEntries((one.required ?? []).map((key) => [key, freshValue(resolved(one.properties?.[key]))]));
  return {};
}

function HttpLine(props: { value: Record<string, unknown>; path: Path; onChange: Change; isReadOnly: boolean }) {
  const { value, path, onChange } = props;
  const method = METHODS.find((one) => value[one] !== undefined) ?? "get";
  return (
    <div className="designer-http">
      <Select
        label="Method"
        value={method}
        disabled={props.isReadOnly}
        options={METHODS.map((one) => ({ value: one, label: one.toUpperCase() }))}
        onChange={(event) => {
          const next = Object.fromEntries(Object.entries(value).map(([key, one]) => [key === method ? event.target.value : key, one]));
          onChange(path, next);
        }}
      />
      <CodeField label="Address" isTemplate value={String(value[method] ?? "")} onChange={(next) => onChange([...path, method], next)} disabled={props.isReadOnly} />
    </div>
  );
}

interface OneProps extends Omit<FormProps, "value"> {
  name: string;
  value: unknown;
  isRequired: boolean;
}

function OneField(props: OneProps) {
  const { name, schema: one, value, path, onChange, isReadOnly } = props;
  const parent = String(path.at(-2) ?? "");
  const widget = widgetOf(name, one, value, parent);
  const label = labelOf(name) + (props.isRequired ? " (required)" : "");
  const hint = one.description;
  const text = (next: string) => onChange(path, next === "" && !props.isRequired ? undefined : next);
  if (widget === "template" || widget === "expression") {
    return <CodeField label={label} hint={hint} isTemplate={widget === "template"} rows={LONG.has(name) ? Math.min(14, Math.max(3, String(value ?? "").split("\n").length + 1)) : undefined} value={String(value ?? "")} onChange={text} disabled={isReadOnly} />;
  }
  if (widget === "choice" || widget === "step") {
    const options = widget === "step" ? [...props.steps] : optionsOf(one);
    if (typeof value === "string" && !options.includes(value)) options.push(value);
    return <Select label={label} hint={hint} value={String(value ?? "")} disabled={isReadOnly} onChange={(event) => onChange(path, event.target.value === "" ? undefined : event.target.value)} options={[{ value: "", label: "As usual" }, ...options.map((option) => ({ value: option, label: option }))]} />;
  }
  if (widget === "check") return <Checkbox label={label} hint={hint} checked={value === true} disabled={isReadOnly} onChange={(event) => onChange(path, event.target.checked || undefined)} />;
  if (widget === "number") return <TypedField label={label} hint={hint} type="number" value={value === undefined ? "" : String(value)} disabled={isReadOnly} onChange={(next) => onChange(path, next === "" || Number.isNaN(Number(next)) ? undefined : Number(next))} />;
  const known = widget === "text" ? knownOf(name, parent) : null;
  if (known) return <KnownField known={known} label={label} hint={hint} value={String(value ?? "")} disabled={isReadOnly} onChange={text} />;
  if (widget === "text") return <TypedField label={label} hint={hint} value={String(value ?? "")} placeholder={one.examples?.[0]} disabled={isReadOnly} onChange={text} />;
  if (widget === "texts") return <Texts {...props} label={label} />;
  if (widget === "names") return <NamedValues {...props} label={label} />;
  if (widget === "items") return <Items {...props} label={label} />;
  if (widget === "fields") {
    return (
      <Folded label={label} isOpen={value !== undefined} onRemove={value !== undefined && !isReadOnly ? () => onChange(path, undefined) : undefined}>
        {hint && <p className="field-hint">{hint}</p>}
        <SchemaForm {...props} schema={one} value={isObject(value) ? value : {}} path={path} without={[]} />
      </Folded>
    );
  }
  return <YamlField label={label} hint={hint} value={value} disabled={isReadOnly} onChange={(next) => onChange(path, next)} />;
}

/** What the server knows the possible values of. */
export function knownOf(name: string, parent: string): "models" | "agents" | null {
  if (name === "model") return "models";
  return name === "agent" && parent === "flow" ? "agents" : null;
}

function KnownField(props: { known: "models" | "agents"; label: string; hint?: string; value: string; disabled?: boolean; onChange: (value: string) => void }) {
  const { known, ...field } = props;
  const { tenant } = useSession();
  const providers = useApi("/v1/tenants/{tenant}/llmProviders", { path: { tenant }, query: { pageSize: 100 } }, { enabled: known === "models" });
  const agents = useApi("/v1/tenants/{tenant}/agents", { path: { tenant } }, { enabled: known === "agents" });
  const models = useMemo(() => (providers.data?.items ?? []).flatMap(({ provider, models: all }) => all.map((model) => ({ value: `${provider.id}/${model.id}`, label: model.description }))), [providers.data]);
  const others = useMemo(() => itemsOf(agents.data as Schemas["Agent"][] | undefined).map((agent) => ({ value: agent.id, label: spelled(agent.displayName) })), [agents.data]);
  return <TypedField {...field} suggestions={known === "models" ? models : others} />;
}

/** A part that opens; what takes it away stands beside its title, not in it. */
function Folded(props: { label: string; isOpen?: boolean; onRemove?: () => void; children: ReactNode }) {
  return (
    <div className="designer-fold">
      <details className="designer-part" open={props.isOpen}>
        <summary>{props.label}</summary>
        {props.children}
      </details>
      {props.onRemove && <RemoveKey name={props.label} onRemove={props.onRemove} />}
    </div>
  );
}

function RemoveKey(props: { name: string; onRemove: () => void }) {
  return (
    <Button small look="quiet" icon="trash" iconOnly onClick={props.onRemove}>
      {`Remove ${props.name}`}
    </Button>
  );
}

export function TypedField(props: { label: string; hint?: string; value: string; onChange: (value: string) => void; type?: string; placeholder?: string; disabled?: boolean; labelUnseen?: boolean; problem?: string | null; suggestions?: readonly Option[] }) {
  const { typed, type, tell } = useTyped(props.value, props.onChange);
  return (
    <div>
      <Field suggestions={props.suggestions} label={props.label} labelUnseen={props.labelUnseen} hint={props.hint} problem={props.problem} type={props.type ?? "text"} step="any" placeholder={props.placeholder} disabled={props.disabled} value={typed} onChange={(event) => type(event.target.value)} onBlur={tell} />
      <HiddenNote text={typed} />
    </div>
  );
}

/** Anything, as YAML; told once it can be read. What was typed stays as it was typed while it means what is there, so that nothing moves
 * under the pointer of whoever leaves the field for a button. */
export function YamlField(props: { label: string; hint?: string; value: unknown; onChange: (value: unknown) => void; disabled?: boolean }) {
  const known = props.value === undefined ? "" : stringify(props.value, { lineWidth: 0 }).trimEnd();
  const [typed, setTyped] = useState<string | null>(null);
  const [told, setTold] = useState<{ value: unknown } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const isOwn = typed !== null && (told === null || sameValue(told.value, props.value));
  const shown = isOwn ? typed : known;
  const tell = () => {
    if (!isOwn || told !== null) return;
    if (typed === known) return setTyped(null);
    try {
      const value = typed.trim() === "" ? undefined : plainOf(typed);
      setTold({ value });
      setProblem(null);
      props.onChange(value);
    } catch (error) {
      setProblem(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
    }
  };
  const type = (text: string) => {
    setTyped(text);
    setTold(null);
  };
  return (
    <div>
      <TextArea label={props.label} hint={props.hint} problem={problem} className="code" rows={Math.min(14, Math.max(2, shown.split("\n").length))} value={shown} disabled={props.disabled} onChange={(event) => type(event.target.value)} onBlur={tell} />
      <HiddenNote text={shown} />
    </div>
  );
}

function Texts(props: OneProps & { label: string }) {
  const { name, value, path, onChange, isReadOnly, label } = props;
  const id = useId();
  const all = (value as string[] | undefined) ?? [];
  const options = optionsOf(resolved(resolved(props.schema).items));
  if (options.length > 0) {
    return (
      <fieldset className="designer-set">
        <legend className="field-label">{label}</legend>
        {options.map((option) => (
          <Checkbox
            key={option}
            label={option}
            checked={all.includes(option)}
            disabled={isReadOnly}
            onChange={(event) => {
              const next = options.filter((one) => (one === option ? event.target.checked : all.includes(one)));
              onChange(path, next.length === 0 ? undefined : next);
            }}
          />
        ))}
      </fieldset>
    );
  }
  const put = (at: number, next: string) => onChange(path, all.map((one, index) => (index === at ? next : one)));
  return (
    <fieldset className="designer-set" aria-describedby={`${id}-hint`}>
      <legend className="field-label">{label}</legend>
      {all.map((one, at) => (
        <div key={at} className="designer-item">
          {EXPRESSIONS.has(name) ? (
            <CodeField label={`${label} ${at + 1}`} labelUnseen value={one} onChange={(next) => put(at, next)} disabled={isReadOnly} />
          ) : (
            <TypedField label={`${label} ${at + 1}`} labelUnseen value={one} onChange={(next) => put(at, next)} disabled={isReadOnly} />
          )}
          {!isReadOnly && <RemoveKey name={`${label} ${at + 1}`} onRemove={() => onChange(path, all.length === 1 ? undefined : all.filter((_, index) => index !== at))} />}
        </div>
      ))}
      {!isReadOnly && (
        <Button small look="quiet" icon="plus" onClick={() => onChange(path, [...all, ""])}>
          Add
        </Button>
      )}
      {props.schema.description && (
        <div id={`${id}-hint`} className="field-hint">
          {props.schema.description}
        </div>
      )}
    </fieldset>
  );
}

/** Names to values: headers, `set`, a child's input. */
export function NamedValues(props: { name: string; label: string; value: unknown; path: Path; onChange: Change; isReadOnly: boolean }) {
  const { name, label, path, onChange, isReadOnly } = props;
  const all = isObject(props.value) ? Object.entries(props.value) : [];
  const isTemplate = TEMPLATES.has(name);
  const free = (wanted: string) => {
    let next = wanted;
    for (let count = 2; all.some(([key]) => key === next); count += 1) next = `${wanted}_${count}`;
    return next;
  };
  return (
    <fieldset className="designer-set">
      <legend className="field-label">{label}</legend>
      {all.map(([key, value], at) => (
        <div key={at} className="designer-item designer-pair">
          <TypedField label={`Name ${at + 1}`} labelUnseen value={key} disabled={isReadOnly} onChange={(next) => next && onChange(path, Object.fromEntries(all.map(([one, inner]) => [one === key ? (one === next ? next : free(next)) : one, inner])))} />
          {typeof value === "string" ? (
            <CodeField label={`Value of ${key}`} labelUnseen isTemplate={isTemplate} value={value} disabled={isReadOnly} onChange={(next) => onChange([...path, key], next)} />
          ) : (
            <YamlField label={`Value of ${key}`} value={value} disabled={isReadOnly} onChange={(next) => onChange([...path, key], next ?? "")} />
          )}
          {!isReadOnly && <RemoveKey name={key} onRemove={() => onChange([...path, key], undefined)} />}
        </div>
      ))}
      {!isReadOnly && (
        <Button small look="quiet" icon="plus" onClick={() => onChange([...path, free("name")], isTemplate || !EXPRESSIONS.has(name) ? "" : "''")}>
          Add
        </Button>
      )}
    </fieldset>
  );
}

function Items(props: OneProps & { label: string }) {
  const { value, path, onChange, isReadOnly, label } = props;
  const items = resolved(props.schema.items);
  const all = (value as Record<string, unknown>[] | undefined) ?? [];
  const nameOf = (one: Record<string, unknown>, at: number) => String(one["name"] ?? one["builtin"] ?? one["mcp"] ?? `${label} ${at + 1}`);
  return (
    <fieldset className="designer-set">
      <legend className="field-label">{label}</legend>
      {all.map((one, at) => (
        <Folded key={at} label={nameOf(one, at)} onRemove={isReadOnly ? undefined : () => onChange(path, all.filter((_, index) => index !== at))}>
          <SchemaForm {...props} schema={items} value={one} path={[...path, at]} without={[]} />
        </Folded>
      ))}
      {!isReadOnly && (
        <Button small look="quiet" icon="plus" onClick={() => onChange(path, [...all, { builtin: "now" }])}>
          Add
        </Button>
      )}
    </fieldset>
  );
}
