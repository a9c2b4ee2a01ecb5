// What a trigger starts its agent with: fields made from what the agent's revision takes, or JSON where that is not known or not wanted.
import { useMemo, useState, type ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { Button, Note, PlainText, TextArea } from "../../ui";
import { ValueForm } from "../inbox/ValueForm";
import { draftOf, readDraft, type FieldKind, type FormField } from "../inbox/values";
import { objectOf } from "./draft";

type Info = Schemas["ParameterInfo"];
const KINDS: Record<string, FieldKind> = { string: "text", integer: "number", float: "number", bool: "flag", "single-select": "choice" };

/** A field for each parameter. None must be filled: an event, or a default, may give it. */
export function fieldsOf(parameters: readonly Info[]): FormField[] {
  return parameters.map((one) => {
    const preset: unknown = one.defaultValue ?? null;
    const says = [one.description, preset === null ? (one.required ? "Must come from here or from the event." : null) : `Otherwise ${JSON.stringify(preset)}.`];
    const kind = one.options.length > 0 ? "choice" : (KINDS[one.type] ?? "json");
    return { path: [one.name], label: one.displayName || one.name, hint: says.filter(Boolean).join(" ") || null, kind, isRequired: false, options: one.options.map((option) => JSON.stringify(option.value)), isWhole: one.type === "integer" };
  });
}

/** The object that the fields say, with what stood there beside them. Null: something in them is wrong. */
export function withFields(text: string, fields: readonly FormField[], typed: Record<string, string>): { text: string; problems: Record<string, string> } {
  const { value, problems } = readDraft(fields, typed);
  const names = new Set(fields.map((one) => one.path[0]));
  const others = Object.entries(objectOf(text) ?? {}).filter(([name]) => !names.has(name));
  return { text: JSON.stringify({ ...Object.fromEntries(others), ...(value as object) }, null, 2), problems };
}

interface Props {
  /** Empty: none yet. */
  agent: string;
  /** JSON. */
  value: string;
  problem: string | null;
  /** `isWrong`: something that was typed cannot be sent. */
  onChange: (text: string, isWrong: boolean) => void;
}

export function ParameterFields(props: Props) {
  const { agent } = props;
  const { tenant } = useSession();
  const known = useApi("/v1/tenants/{tenant}/agents/{agent}", { path: { tenant, agent } }, { enabled: agent !== "" });
  const revision = known.data?.currentRevision ?? 0;
  const parameters = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/parameters", { path: { tenant, agent, revision: String(revision) } }, { enabled: revision > 0 });
  const fields = useMemo(() => fieldsOf(parameters.data?.metadata ?? []), [parameters.data]);
  const [isJson, setJson] = useState(false);
  const canBeForm = fields.length > 0 && objectOf(props.value) !== null;
  const turn = fields.length > 0 && (
    <Button small look="quiet" icon={isJson ? "edit" : "code"} disabled={isJson && !canBeForm} onClick={() => setJson(!isJson)}>
      {isJson ? "As a form" : "As JSON"}
    </Button>
  );
  if (!isJson && canBeForm) return <Fields key={`${agent} ${revision}`} {...props} fields={fields} revision={revision} turn={turn} />;
  return (
    <div className="stack">
      <TextArea label="Parameters" className="code" hint="A JSON object, the same every time" rows={4} spellCheck={false} autoComplete="off" value={props.value} problem={props.problem} onChange={(event) => props.onChange(event.target.value, false)} />
      {turn && <div className="row">{turn}</div>}
    </div>
  );
}

function Fields(props: Props & { fields: readonly FormField[]; revision: number; turn: ReactNode }) {
  const { fields, value } = props;
  const [typed, setTyped] = useState(() => draftOf(fields, objectOf(value) ?? {}));
  const { problems } = withFields(value, fields, typed);
  const beside = Object.keys(objectOf(value) ?? {}).filter((name) => !fields.some((one) => one.path[0] === name));
  return (
    <div className="stack">
      <div className="row small">
        <span className="grow quiet">What revision {props.revision} takes, the same every time</span>
        {props.turn}
      </div>
      <div className="trigger-parameters">
        <ValueForm
          fields={fields}
          draft={typed}
          problems={problems}
          onChange={(next) => {
            setTyped(next);
            const read = withFields(value, fields, next);
            props.onChange(read.text, Object.keys(read.problems).length > 0);
          }}
        />
      </div>
      {beside.length > 0 && (
        <Note tone="waiting">
          Also given, and not taken by revision {props.revision}: <PlainText text={beside.join(", ")} max={300} />
        </Note>
      )}
      {props.problem && Object.keys(problems).length === 0 && <Note tone="bad">{props.problem}</Note>}
    </div>
  );
}

