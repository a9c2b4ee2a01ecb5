// What was said between Flowgate and a model: roles, texts, calls of tools and their answers.
import { useState } from "react";
import { Badge, Button, CodeBlock, JsonView, PlainText } from "../../ui";
import { isObject } from "./words";

const ROLE: Record<string, string> = { system: "System", user: "User", assistant: "Model", tool: "Tool" };
const FOLD_FROM = 1_200;
/** Of a long talk, the end is shown first. */
const MESSAGES_MAX = 30;

/** Messages as they were sent; a form that is not known is shown as it is. */
export function Messages(props: { messages: readonly unknown[] }) {
  const { messages } = props;
  const [isWhole, setWhole] = useState(false);
  const left = isWhole || messages.length <= MESSAGES_MAX ? 0 : messages.length - MESSAGES_MAX;
  return (
    <>
      {left > 0 && (
        <p>
          <Button small look="quiet" icon="up" onClick={() => setWhole(true)}>
            Show the {left} before
          </Button>
        </p>
      )}
      <ol className="execution-messages" start={left + 1}>
        {messages.slice(left).map((message, at) => (
          <li key={left + at}>
            <Message value={message} />
          </li>
        ))}
      </ol>
    </>
  );
}

function Message({ value }: { value: unknown }) {
  if (!isObject(value)) return <JsonView value={value} label="A message" />;
  const role = typeof value["role"] === "string" ? value["role"] : "?";
  const name = typeof value["name"] === "string" ? value["name"] : null;
  const text = value["text"] ?? value["content"];
  const calls = Array.isArray(value["calls"]) ? value["calls"] : [];
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !["role", "name", "text", "content", "calls", "id"].includes(key)));
  return (
    <>
      <div className="row small">
        <strong>{ROLE[role] ?? <PlainText text={role} max={60} />}</strong>
        {name !== null && (
          <span className="quiet">
            <PlainText text={name} max={100} />
          </span>
        )}
      </div>
      <Said value={text} isLong={role === "tool" || role === "system"} />
      {calls.map((call, at) => (
        <Call key={at} value={call} />
      ))}
      {Object.keys(rest).length > 0 && <JsonView value={rest} label="More of the message" openDepth={1} />}
    </>
  );
}

function Said(props: { value: unknown; isLong: boolean }) {
  const { value } = props;
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string") return <JsonView value={value} label="Content" openDepth={2} />;
  const parsed = props.isLong ? jsonIn(value) : undefined;
  if (parsed !== undefined) return <JsonView value={parsed} label="Content" openDepth={2} />;
  if (value.length > FOLD_FROM) {
    return (
      <details>
        <summary>
          <PlainText text={`${value.slice(0, 160)}…`} />
        </summary>
        <CodeBlock text={value} label="Content" />
      </details>
    );
  }
  return (
    <p className="execution-said">
      <PlainText text={value.trim()} />
    </p>
  );
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function Call({ value }: { value: unknown }) {
  if (!isObject(value)) return <JsonView value={value} label="A call" />;
  const name = typeof value["name"] === "string" ? value["name"] : "a tool";
  return (
    <div className="execution-call">
      <div className="row small">
        <Badge>calls</Badge>
        <strong>
          <PlainText text={name} max={100} />
        </strong>
      </div>
      <JsonView value={value["args"] ?? value["arguments"] ?? {}} label={`Arguments of ${name}`} openDepth={2} />
    </div>
  );
}
