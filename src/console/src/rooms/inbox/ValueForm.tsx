// A form for a value: fields made from what it is or from its schema.
import { Field, Select, TextArea } from "../../ui";
import { hasHidden } from "../../lib/text";
import { PlainText } from "../../ui";
import { keyOf, type Draft, type FormField } from "./values";

function Hint(props: { one: FormField; typed: string }) {
  const { one, typed } = props;
  if (!one.hint && !hasHidden(typed)) return null;
  return (
    <>
      {one.hint && <PlainText text={one.hint} />}
      {hasHidden(typed) && (
        <div>
          With characters that cannot be seen: <PlainText text={typed} max={500} />
        </div>
      )}
    </>
  );
}

function OneField(props: { one: FormField; typed: string; problem: string | null; onChange: (typed: string) => void }) {
  const { one, typed, problem, onChange } = props;
  const label = (
    <>
      <PlainText text={one.label} />
      {!one.isRequired && <span className="quiet"> (may stay empty)</span>}
    </>
  );
  const common = { label, problem, hint: one.hint || hasHidden(typed) ? <Hint one={one} typed={typed} /> : undefined, value: typed };
  if (one.kind === "flag" || one.kind === "choice") {
    const values = one.kind === "flag" ? ["true", "false"] : one.options;
    const shown = (value: string) => (one.kind === "flag" ? (value === "true" ? "Yes" : "No") : value.replace(/^"|"$/g, ""));
    const none = { value: "", label: one.isRequired ? "Choose" : "Nothing", disabled: one.isRequired };
    return <Select {...common} onChange={(event) => onChange(event.target.value)} options={[none, ...values.map((value) => ({ value, label: shown(value) }))]} />;
  }
  if (one.kind === "long" || one.kind === "json") {
    const rows = Math.min(14, Math.max(3, typed.split("\n").length + Math.floor(typed.length / 90)));
    return <TextArea {...common} rows={rows} className={one.kind === "json" ? "code" : undefined} spellCheck={one.kind === "long"} dir="auto" onChange={(event) => onChange(event.target.value)} />;
  }
  return <Field {...common} inputMode={one.kind === "number" ? "decimal" : undefined} autoComplete="off" dir="auto" onChange={(event) => onChange(event.target.value)} />;
}

export function ValueForm(props: { fields: readonly FormField[]; draft: Draft; problems: Record<string, string>; onChange: (draft: Draft) => void }) {
  return (
    <div className="stack">
      {props.fields.map((one) => {
        const key = keyOf(one);
        return <OneField key={key} one={one} typed={props.draft[key] ?? ""} problem={props.problems[key] ?? null} onChange={(typed) => props.onChange({ ...props.draft, [key]: typed })} />;
      })}
    </div>
  );
}
