// What is filled in. A field has its label, a hint, and what is wrong with it, joined for screen readers.
import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from "react";
import { Icon } from "./Icon";

interface Common {
  label: ReactNode;
  hint?: ReactNode;
  /** What is wrong; shown, and read out. */
  problem?: string | null;
  /** The label is only for screen readers. */
  labelUnseen?: boolean;
}

function Around(props: Common & { id: string; children: ReactNode }) {
  const { id, label, hint, problem, labelUnseen, children } = props;
  return (
    <div className="field">
      <label htmlFor={id} className={labelUnseen ? "unseen" : "field-label"}>
        {label}
      </label>
      {children}
      {hint && (
        <div id={`${id}-hint`} className="field-hint">
          {hint}
        </div>
      )}
      {problem && (
        <div id={`${id}-problem`} className="field-problem" role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}

function described(id: string, hint: ReactNode, problem: string | null | undefined) {
  const ids = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return { id, "aria-describedby": ids || undefined, "aria-invalid": problem ? true : undefined };
}

/** `suggestions`: what is likely meant; anything else can be typed all the same. */
export function Field({ label, hint, problem, labelUnseen, className, suggestions, ...rest }: Common & InputHTMLAttributes<HTMLInputElement> & { suggestions?: readonly Option[] }) {
  const id = useId();
  const list = suggestions && suggestions.length > 0 ? `${id}-list` : undefined;
  return (
    <Around id={id} label={label} hint={hint} problem={problem} labelUnseen={labelUnseen}>
      <input className={`input ${className ?? ""}`} list={list} {...described(id, hint, problem)} {...rest} />
      {list && (
        <datalist id={list}>
          {suggestions?.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </datalist>
      )}
    </Around>
  );
}

export function TextArea({ label, hint, problem, labelUnseen, className, ...rest }: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Around id={id} label={label} hint={hint} problem={problem} labelUnseen={labelUnseen}>
      <textarea className={`input textarea ${className ?? ""}`} rows={4} {...described(id, hint, problem)} {...rest} />
    </Around>
  );
}

export interface Option {
  value: string;
  label: string;
  disabled?: boolean;
}

export function Select({ label, hint, problem, labelUnseen, options, className, ...rest }: Common & SelectHTMLAttributes<HTMLSelectElement> & { options: readonly Option[] }) {
  const id = useId();
  return (
    <Around id={id} label={label} hint={hint} problem={problem} labelUnseen={labelUnseen}>
      <select className={`input select ${className ?? ""}`} {...described(id, hint, problem)} {...rest}>
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
    </Around>
  );
}

export function Checkbox({ label, hint, ...rest }: { label: ReactNode; hint?: ReactNode } & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className="checkbox">
      <input type="checkbox" {...described(id, hint, null)} {...rest} />
      <label htmlFor={id}>{label}</label>
      {hint && (
        <div id={`${id}-hint`} className="field-hint">
          {hint}
        </div>
      )}
    </div>
  );
}

export function SearchField(props: { label: string; value: string; onChange: (value: string) => void; inputRef?: React.Ref<HTMLInputElement> }) {
  const id = useId();
  return (
    <div className="search">
      <Icon name="search" />
      <label htmlFor={id} className="unseen">
        {props.label}
      </label>
      <input
        id={id}
        ref={props.inputRef}
        className="input"
        type="search"
        placeholder={props.label}
        value={props.value}
        onChange={(event) => props.onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          props.onChange("");
          event.currentTarget.blur();
        }}
      />
    </div>
  );
}
