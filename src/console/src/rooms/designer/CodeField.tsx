// A field for expressions and templates: the names that may stand there are offered while one types.
import { createContext, useContext, useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { hasHidden, pieces } from "../../lib/text";
import { PlainText } from "../../ui";
import { completions, wordBefore, type ScopeName } from "./model/graph";

const Names = createContext<readonly ScopeName[]>([]);
export function ScopeNames(props: { names: readonly ScopeName[]; children: ReactNode }) {
  return <Names.Provider value={props.names}>{props.children}</Names.Provider>;
}

const HIDDEN_LINES_MAX = 5;
const HIDDEN_LINE_MAX = 200;

/** The part of a line that holds its first hidden character. */
function around(line: string): string {
  const [first] = pieces(line);
  const from = Math.max(0, (first && !first.hidden ? first.text.length : 0) - HIDDEN_LINE_MAX / 2);
  return `${from > 0 ? "…" : ""}${line.slice(from, from + HIDDEN_LINE_MAX)}`;
}

/** A field shows text as the browser does; characters that cannot be seen in it are said below it. */
export function HiddenNote(props: { text: string }) {
  if (!hasHidden(props.text)) return null;
  const lines = props.text.split("\n").filter(hasHidden);
  return (
    <div className="field-hint designer-hidden" role="note">
      Here are characters that cannot be seen:
      {lines.slice(0, HIDDEN_LINES_MAX).map((line, at) => (
        <div key={at}>
          <PlainText text={around(line)} />
        </div>
      ))}
    </div>
  );
}

const REST_MS = 350;

/** A value that is typed here and told outside once it rests, or is left. */
export function useTyped(value: string, onChange: (value: string) => void): { typed: string; type: (next: string) => void; tell: () => void } {
  const [typed, setTyped] = useState<string | null>(null);
  const timer = useRef<number | undefined>(undefined);
  const latest = useRef({ typed, onChange, value });
  latest.current = { typed, onChange, value };
  const tell = () => {
    window.clearTimeout(timer.current);
    const { typed: now, onChange: say, value: known } = latest.current;
    if (now !== null && now !== known) say(now);
    setTyped(null);
  };
  useEffect(
    () => () => {
      window.clearTimeout(timer.current);
      const { typed: now, onChange: say, value: known } = latest.current;
      if (now !== null && now !== known) say(now);
    },
    [],
  );
  const type = (next: string) => {
    setTyped(next);
    latest.current.typed = next;
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      const { typed: now, onChange: say, value: known } = latest.current;
      if (now !== null && now !== known) say(now);
    }, REST_MS);
  };
  return { typed: typed ?? value, type, tell };
}

export function CodeField(props: { label: string; hint?: ReactNode; value: string; onChange: (value: string) => void; isTemplate?: boolean; rows?: number; labelUnseen?: boolean; placeholder?: string; disabled?: boolean }) {
  const names = useContext(Names);
  const id = useId();
  const { typed, type, tell } = useTyped(props.value, props.onChange);
  const area = useRef<HTMLTextAreaElement>(null);
  const [offered, setOffered] = useState<ScopeName[]>([]);
  const [at, setAt] = useState(0);
  const isOpen = offered.length > 0;

  const offer = () => {
    const field = area.current;
    if (!field) return;
    const caret = field.selectionStart;
    const before = field.value.slice(0, caret);
    const isInside = !props.isTemplate || before.lastIndexOf("{{") > before.lastIndexOf("}}") || before.lastIndexOf("{%") > before.lastIndexOf("%}");
    setOffered(isInside ? completions(names, wordBefore(field.value, caret)) : []);
    setAt(0);
  };
  const take = (name: string) => {
    const field = area.current;
    if (!field) return;
    const caret = field.selectionStart;
    const from = caret - wordBefore(field.value, caret).length;
    type(field.value.slice(0, from) + name + field.value.slice(caret));
    setOffered([]);
    window.requestAnimationFrame(() => field.setSelectionRange(from + name.length, from + name.length));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") setAt((at + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length);
    else if (event.key === "Enter" || event.key === "Tab") take(offered[at]?.name ?? "");
    else if (event.key === "Escape") setOffered([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="field designer-code">
      <label htmlFor={id} className={props.labelUnseen ? "unseen" : "field-label"}>
        {props.label}
      </label>
      <textarea
        id={id}
        ref={area}
        className="input textarea code"
        rows={props.rows ?? Math.min(12, Math.max(1, typed.split("\n").length))}
        value={typed}
        disabled={props.disabled}
        placeholder={props.placeholder}
        spellCheck={props.isTemplate === true}
        role="combobox"
        aria-expanded={isOpen}
        aria-autocomplete="list"
        aria-controls={`${id}-names`}
        aria-activedescendant={isOpen ? `${id}-${at}` : undefined}
        onChange={(event) => {
          type(event.target.value);
          offer();
        }}
        onKeyDown={onKeyDown}
        onBlur={() => {
          setOffered([]);
          tell();
        }}
      />
      <ul id={`${id}-names`} className="designer-names" role="listbox" aria-label="Names" hidden={!isOpen}>
        {offered.map((one, index) => (
          <li
            key={one.name}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseDown={(event) => {
              event.preventDefault();
              take(one.name);
            }}
          >
            <code>{one.name}</code>
            <span className="quiet small">
              {one.type}
              {one.isSure ? "" : " · may not have run"}
            </span>
          </li>
        ))}
      </ul>
      {props.hint && <div className="field-hint">{props.hint}</div>}
      <HiddenNote text={typed} />
    </div>
  );
}
