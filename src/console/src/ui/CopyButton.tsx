// Copies a text.
import { useState } from "react";
import { Button } from "./Button";
import { toast } from "./Toast";

const SHOWN_MS = 1_500;

export function CopyButton(props: { text: string | (() => string); label?: string; showLabel?: boolean; className?: string }) {
  const [isDone, setDone] = useState(false);
  const label = props.label ?? "Copy";
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof props.text === "string" ? props.text : props.text());
      setDone(true);
      window.setTimeout(() => setDone(false), SHOWN_MS);
    } catch {
      toast("The browser does not let this page copy. Select the text instead.", { tone: "bad" });
    }
  };
  return (
    <Button small look="quiet" icon={isDone ? "check" : "copy"} iconOnly={!props.showLabel} className={props.className} onClick={() => void copy()}>
      {isDone ? "Copied" : label}
    </Button>
  );
}
