// Values and texts from outside, shown as text: nothing is rendered, and what could hide is visible.
import { memo, useState, type ReactNode } from "react";
import { pieces } from "../lib/text";
import { CopyButton } from "./CopyButton";

/** Text as it is, with control, bidi and zero-width characters as marks. Long texts open in parts. */
export function PlainText(props: { text: string; max?: number }) {
  const { text, max = 20_000 } = props;
  const [isWhole, setWhole] = useState(false);
  const isCut = text.length > max && !isWhole;
  const shown = isCut ? text.slice(0, max) : text;
  return (
    <>
      <bdi className="plain">
        {pieces(shown).map((piece, at) =>
          piece.hidden ? (
            <span key={at} className="hidden-mark" title="A character that cannot be seen">
              {piece.hidden}
            </span>
          ) : (
            piece.text
          ),
        )}
      </bdi>
      {isCut && (
        <button type="button" className="text-button plain-more" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString("en-US")} characters
        </button>
      )}
    </>
  );
}

/** A block of text or code, with a button that copies it. */
export function CodeBlock(props: { text: string; label?: string; wrap?: boolean }) {
  return (
    <figure className="code-block" aria-label={props.label}>
      <pre className={props.wrap === false ? "" : "code-wrap"} tabIndex={0}>
        <PlainText text={props.text} />
      </pre>
      <CopyButton text={props.text} className="code-copy" />
    </figure>
  );
}

/** Children beyond this many open in parts. */
const CHILDREN_MAX = 100;

/** A JSON value as a tree that opens and closes. */
export function JsonView(props: { value: unknown; label?: string; openDepth?: number }) {
  return (
    <figure className="code-block json" aria-label={props.label}>
      <div className="json-tree" tabIndex={0}>
        <JsonNode value={props.value} depth={0} openDepth={props.openDepth ?? 2} />
      </div>
      <CopyButton text={() => JSON.stringify(props.value, null, 2) ?? ""} className="code-copy" />
    </figure>
  );
}

interface NodeProps {
  name?: string;
  value: unknown;
  depth: number;
  openDepth: number;
}

const JsonNode = memo(function JsonNode(props: NodeProps) {
  const { name, value, depth, openDepth } = props;
  const key = name !== undefined && (
    <span className="json-key">
      <PlainText text={name} />
      <span className="quiet">: </span>
    </span>
  );
  if (value === null || typeof value !== "object") {
    return (
      <div className="json-leaf">
        {key}
        <Leaf value={value} />
      </div>
    );
  }
  const children: [string, unknown][] = Array.isArray(value) ? value.map((one, at) => [String(at), one]) : Object.entries(value);
  if (children.length === 0) {
    return (
      <div className="json-leaf">
        {key}
        <span className="quiet">{Array.isArray(value) ? "[]" : "{}"}</span>
      </div>
    );
  }
  return <Branch title={key} isList={Array.isArray(value)} entries={children} depth={depth} openDepth={openDepth} />;
});

function Branch(props: { title: ReactNode; isList: boolean; entries: [string, unknown][]; depth: number; openDepth: number }) {
  const { entries, depth, openDepth, isList } = props;
  const [isOpen, setOpen] = useState(depth < openDepth);
  const [shown, setShown] = useState(CHILDREN_MAX);
  const size = isList ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <details open={isOpen} onToggle={(event) => event.target === event.currentTarget && setOpen(event.currentTarget.open)}>
      <summary>
        {props.title}
        <span className="quiet">{size}</span>
      </summary>
      {isOpen && (
        <div className="json-inside">
          {entries.slice(0, shown).map(([key, value]) => (
            <JsonNode key={key} name={key} value={value} depth={depth + 1} openDepth={openDepth} />
          ))}
          {entries.length > shown && (
            <button type="button" className="text-button" onClick={() => setShown(shown + 10 * CHILDREN_MAX)}>
              Show more of {entries.length}
            </button>
          )}
        </div>
      )}
    </details>
  );
}

function Leaf(props: { value: unknown }) {
  const { value } = props;
  if (typeof value === "string") {
    return (
      <span className="json-text">
        <PlainText text={value} max={2_000} />
      </span>
    );
  }
  return <span className="json-other">{String(value)}</span>;
}
