// What the parts of Operate share.
import type { ReactNode } from "react";
import { Button, CopyButton, Dialog, Note } from "../../ui";

/** A value that is shown this once: a key, or a webhook's secret. It is in no list and in no memory of this page. */
export function ShownOnce(props: { title: string; value: string; children?: ReactNode; onClose: () => void }) {
  return (
    <Dialog
      title={props.title}
      onClose={props.onClose}
      actions={
        <Button look="primary" onClick={props.onClose}>
          I have kept it
        </Button>
      }
    >
      <div className="stack">
        <Note tone="waiting" icon="warning">
          Copy it now: it is shown this once, and nobody can show it again.
        </Note>
        <div className="operate-once">
          <code className="grow" data-once>
            {props.value}
          </code>
          <CopyButton text={props.value} showLabel />
        </div>
        {props.children}
      </div>
    </Dialog>
  );
}

export const OVERLAPS = [
  { value: "0", label: "The old one ends at once" },
  { value: "3600", label: "The old one counts for another hour" },
  { value: "86400", label: "The old one counts for another day" },
  { value: "604800", label: "The old one counts for another week" },
];

/** Words that are written with commas or spaces between them. */
export function words(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

export function PartHead(props: { title: string; sub?: ReactNode; children?: ReactNode }) {
  return (
    <div className="operate-head">
      <div className="grow">
        <h2>{props.title}</h2>
        {props.sub && <p className="quiet small">{props.sub}</p>}
      </div>
      {props.children}
    </div>
  );
}
