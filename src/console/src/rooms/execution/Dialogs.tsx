// What an action asks before it counts: its consequences, its reason, its values.
import { useMemo, useState, type ReactNode } from "react";
import { api, type Schemas } from "../../api/client";
import { invalidate, newIdempotencyKey, useAction } from "../../api/query";
import { counted } from "../../lib/format";
import { navigate, to } from "../../lib/router";
import { isFinished } from "../../lib/status";
import { Button, Dialog, Field, JsonView, Note, PlainText, ProblemNote, Select, Skeleton, TextArea, toast } from "../../ui";
import { losesDigits } from "../inbox/values";
import type { Ask, AskProps } from "./Actions";
import { useFamily } from "./Family";
import { compensated, useFlow } from "./flow";
import { useAttempt } from "./useAttempt";
import { RECORD } from "./useExecution";
import { isObject } from "./words";

interface Words {
  title: string;
  action: string;
  done: string;
  isDanger?: boolean;
}
const WORDS: Record<Ask, Words> = {
  pause: { title: "Pause this execution?", action: "Pause it", done: "Paused. Nothing new begins." },
  resume: { title: "Let it go on?", action: "Let it go on", done: "It goes on." },
  signal: { title: "Send a signal", action: "Send it", done: "The signal was taken." },
  stopWaiting: { title: "Stop waiting for the signal?", action: "Stop waiting", done: "It does not wait any more.", isDanger: true },
  cancel: { title: "Cancel this execution?", action: "Cancel it", done: "Cancelled.", isDanger: true },
  retry: { title: "Retry from the step that failed?", action: "Retry", done: "A new execution has begun." },
  replay: { title: "Start again with this input?", action: "Start again", done: "A new execution has begun." },
  fork: { title: "Fork from this attempt", action: "Fork", done: "A new execution has begun." },
  release: { title: "Give it one more attempt?", action: "Release", done: "Released. It goes on." },
  purge: { title: "Remove this execution for good?", action: "Remove it", done: "It is gone.", isDanger: true },
};

interface Doing {
  props: AskProps;
  words: Words;
}

export default function Dialogs(props: AskProps) {
  const doing = { props, words: WORDS[props.ask] };
  if (props.ask === "cancel") return <Cancel {...doing} />;
  if (props.ask === "signal") return <Signal {...doing} />;
  if (props.ask === "retry") return <Retry {...doing} />;
  if (props.ask === "replay") return <Replay {...doing} />;
  if (props.ask === "fork") return props.line ? <Fork {...doing} /> : null;
  return <Plain {...doing} />;
}

/** Where it went, when a new execution came of it. */
type Came = { executionRecordId?: string } | null | undefined | unknown;

/** Does it once; what changed is read again, and a new execution is gone to. */
function useDoing({ props, words }: Doing, act: (key: string) => Promise<Came>) {
  // One intention, one key: pressed again after a cut, it is still one.
  const [key] = useState(newIdempotencyKey);
  return useAction(async () => {
    const came = await act(key);
    invalidate(`/v1/tenants/${encodeURIComponent(props.path.tenant)}/`);
    props.onDone();
    props.onClose();
    toast(words.done);
    const id = isObject(came) && typeof came["executionRecordId"] === "string" ? came["executionRecordId"] : null;
    if (id !== null) navigate(to`/agents/${props.path.agent}/executions/${id}`);
  });
}

function Frame(props: { doing: Doing; action: ReturnType<typeof useDoing>; disabled?: boolean; wide?: boolean; children: ReactNode }) {
  const { doing, action } = props;
  const { words } = doing;
  const close = () => !action.isBusy && doing.props.onClose();
  const actions = (
    <>
      <Button onClick={close}>Keep as it is</Button>
      <Button look={words.isDanger ? "danger" : "primary"} busy={action.isBusy} disabled={props.disabled} onClick={() => void action.run()}>
        {words.action}
      </Button>
    </>
  );
  return (
    <Dialog title={words.title} width={props.wide ? "wide" : "normal"} onClose={close} actions={actions}>
      <div className="stack">
        {props.children}
        <ProblemNote error={action.problem} />
      </div>
    </Dialog>
  );
}

function Reason(props: { value: string; onChange: (value: string) => void }) {
  return <Field label="Why" hint="May stay empty; it is kept in the journal." value={props.value} autoComplete="off" onChange={(event) => props.onChange(event.target.value)} />;
}

const SAYS: Partial<Record<Ask, string>> = {
  pause: "What is running goes on to its end; nothing new begins, and no timer acts. Decisions, signals and answers that come are kept until it goes on. Its own time limit goes on counting. Children are executions of their own and go on, too.",
  resume: "What was held is taken in the order in which it came, then it goes on.",
  stopWaiting: "Every step that waits for a signal now fails with `wait_cancelled`. If an edge leads on from that error, it goes on there; otherwise the execution fails.",
  release: "It goes on from its journal. If the cause is still there, it is set aside again; nothing else is touched.",
  purge: "Everything recorded of it and of what it started is dropped: input, result, trace, journal. It cannot be brought back.",
};

function Plain(doing: Doing) {
  const { ask, path } = doing.props;
  const [reason, setReason] = useState("");
  const action = useDoing(doing, async () => {
    const body = { reason: reason.trim() || null };
    if (ask === "pause") await api.post(`${RECORD}:pause`, { path, body });
    else if (ask === "resume") await api.post(`${RECORD}:resume`, { path });
    else if (ask === "stopWaiting") await api.post(`${RECORD}:cancelWait`, { path, body });
    else if (ask === "release") await api.post(`${RECORD}:release`, { path });
    else {
      await api.delete(RECORD, { path });
      navigate(to`/agents/${path.agent}/executions`);
    }
    return null;
  });
  return (
    <Frame doing={doing} action={action}>
      <p>{SAYS[ask]}</p>
      {(ask === "pause" || ask === "stopWaiting") && <Reason value={reason} onChange={setReason} />}
    </Frame>
  );
}

/** Everything that a cancel would touch, as far as it can be known now. */
function Cancel(doing: Doing) {
  const { path, record, tree } = doing.props;
  const [reason, setReason] = useState("");
  const flow = useFlow(path.tenant, path.agent, record.agentRevision);
  const family = useFamily(path, false);
  const action = useDoing(doing, async () => api.post(`${RECORD}:cancelRun`, { path, body: { reason: reason.trim() || null } }));
  const takenBack = useMemo(() => (flow.root ? compensated(flow.root) : new Set<string>()), [flow.root]);
  const attempts = tree?.attempts ?? [];
  const open = attempts.filter((line) => line.endMs === 0 && line.startMs > 0 && line.lines.length === 0);
  const calls = open.filter((line) => line.status === "RUNNING" && (line.work === "model" || line.work === "tool"));
  const questions = open.filter((line) => line.work === "person");
  const back = [...attempts].reverse().filter((line) => line.status === "SUCCESS" && takenBack.has(line.step)).sort((a, b) => b.endMs - a.endMs);
  const running = below(family.data?.nodes ?? [], path.execution).filter((node) => !isFinished(node.status));
  return (
    <Frame doing={doing} action={action}>
      <p>Nothing new starts, and it cannot be undone. What is done already stays done, but for steps that say how they are taken back.</p>
      <ul className="execution-consequences" aria-label="What it would touch">
        <Consequence count={calls.length} says={`${counted(calls.length, "call")} under way ${calls.length === 1 ? "is" : "are"} cut off; what the other side did with ${calls.length === 1 ? "it" : "them"} stays done`} names={calls.map((line) => line.name)} />
        <Consequence count={questions.length} says={`${counted(questions.length, "question")} to people ${questions.length === 1 ? "is" : "are"} withdrawn`} names={questions.map((line) => line.name)} />
        <Consequence count={running.length} says={`${counted(running.length, "child execution")} ${running.length === 1 ? "is" : "are"} cancelled, too`} names={running.map((node) => `${node.agentId} ${node.id.slice(-8)}`)} />
        <Consequence count={back.length} says={`${counted(back.length, "step")} ${back.length === 1 ? "is" : "are"} taken back, the last one first`} names={back.map((line) => line.id)} />
        {calls.length + questions.length + running.length + back.length === 0 && flow.root !== undefined && <li className="quiet">Nothing is under way, nobody is asked, and nothing has to be taken back.</li>}
      </ul>
      {flow.root === undefined && !flow.error && <Skeleton rows={1} label="Looking for steps that are taken back" />}
      {(flow.root === null || flow.error) && <Note tone="waiting" icon="warning">The flow that ran cannot be read here, so it is not known which steps are taken back.</Note>}
      <Reason value={reason} onChange={setReason} />
    </Frame>
  );
}

/** The executions below one in its family. */
export function below(nodes: readonly Schemas["Node"][], id: string): Schemas["Node"][] {
  const known = new Set([id]);
  return nodes.filter((node) => {
    const isBelow = node.parentExecutionRecordId !== null && node.parentExecutionRecordId !== undefined && known.has(node.parentExecutionRecordId);
    if (isBelow) known.add(node.id);
    return isBelow;
  });
}

const NAMES_MAX = 5;

function Consequence(props: { count: number; says: string; names: readonly string[] }) {
  if (props.count === 0) return null;
  return (
    <li>
      <strong>{props.says}</strong>
      <div className="small quiet">
        <PlainText text={props.names.slice(0, NAMES_MAX).join(", ")} max={600} />
        {props.names.length > NAMES_MAX && ` and ${props.names.length - NAMES_MAX} more`}
      </div>
    </li>
  );
}

type Read = { value: unknown; problem: null } | { value: undefined; problem: string };

/** JSON as typed; what a browser cannot hold exactly is refused. */
function jsonOf(text: string): Read {
  try {
    const value = text.trim() === "" ? null : (JSON.parse(text) as unknown);
    if (losesDigits(value)) return { value: undefined, problem: "A browser cannot keep so large a number exactly. Use the API." };
    return { value, problem: null };
  } catch (error) {
    return { value: undefined, problem: error instanceof Error ? error.message : String(error) };
  }
}

function JsonField(props: { label: string; hint?: ReactNode; text: string; problem: string | null; rows?: number; onChange: (text: string) => void }) {
  return <TextArea label={props.label} hint={props.hint} problem={props.problem} className="code" spellCheck={false} dir="auto" rows={props.rows ?? Math.min(16, Math.max(4, props.text.split("\n").length))} value={props.text} onChange={(event) => props.onChange(event.target.value)} />;
}

function Signal(doing: Doing) {
  const { path, record } = doing.props;
  const waited = record.waitingFor?.signals ?? [];
  const [name, setName] = useState(waited[0] ?? "");
  const [text, setText] = useState("{}");
  const [id, setId] = useState("");
  const read = jsonOf(text);
  const action = useDoing(doing, async (key) => api.post(`${RECORD}:signal`, { path, body: { name: name.trim(), payload: read.value ?? null, id: id.trim() || key } }));
  return (
    <Frame doing={doing} action={action} disabled={name.trim() === "" || read.problem !== null}>
      {waited.length > 1 ? <Select label="Name" value={name} onChange={(event) => setName(event.target.value)} options={waited.map((one) => ({ value: one, label: one }))} /> : <Field label="Name" hint={waited.length > 0 ? "What it waits for now." : "It is kept until its step is reached."} value={name} autoComplete="off" onChange={(event) => setName(event.target.value)} />}
      <JsonField label="Payload, as JSON" text={text} problem={read.problem} onChange={setText} />
      <Field label="Id" hint="A signal with the same id counts once. Empty: a fresh one." value={id} autoComplete="off" onChange={(event) => setId(event.target.value)} />
    </Frame>
  );
}

function revisionOf(text: string): { value: number | null; problem: string | null } {
  if (text.trim() === "") return { value: null, problem: null };
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? { value, problem: null } : { value: null, problem: "Write the number of a revision, or nothing." };
}

function Retry(doing: Doing) {
  const { path, record } = doing.props;
  const [typed, setTyped] = useState("");
  const revision = revisionOf(typed);
  const action = useDoing(doing, (key) => api.post(`${RECORD}:retry`, { path, body: { revision: revision.value }, idempotencyKey: key, respondAsync: true }));
  return (
    <Frame doing={doing} action={action} disabled={revision.problem !== null}>
      <p>A new execution takes over what was completed and begins at the step that failed. Nothing that was completed runs again, but for approvals whose action has not run, and steps that were taken back.</p>
      <Field label="Revision" inputMode="numeric" hint={`Empty: the one it ran on${record.agentRevision > 0 ? `, ${record.agentRevision}` : ""}.`} problem={revision.problem} value={typed} onChange={(event) => setTyped(event.target.value)} />
    </Frame>
  );
}

/** Names whose values are not what they were: only these are sent, so that nothing else can change on its way through a browser. */
export function changedParameters(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(after).filter(([key, value]) => !Object.hasOwn(before, key) || JSON.stringify(before[key]) !== JSON.stringify(value)));
}

function Replay(doing: Doing) {
  const { path, record } = doing.props;
  const [before, setBefore] = useState<Record<string, unknown> | null>(null);
  const [text, setText] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const load = useAction(async () => {
    const { parameters } = await api.get(`${RECORD}/result`, { path });
    setBefore(parameters);
    setText(JSON.stringify(parameters, null, 2));
  });
  const revision = revisionOf(typed);
  const read = jsonOf(text ?? "{}");
  const isWrong = read.problem === null && !isObject(read.value) ? "The input is an object." : read.problem;
  const missing = before && isObject(read.value) ? Object.keys(before).filter((key) => !Object.hasOwn(read.value as object, key)) : [];
  const action = useDoing(doing, (key) => {
    const parameters = before && text !== null && isObject(read.value) ? changedParameters(before, read.value) : {};
    return api.post(`${RECORD}:replay`, { path, body: { revision: revision.value, parameters: Object.keys(parameters).length > 0 ? parameters : null }, idempotencyKey: key, respondAsync: true });
  });
  return (
    <Frame doing={doing} action={action} wide={text !== null} disabled={revision.problem !== null || (text !== null && isWrong !== null)}>
      <p>A new execution does everything anew with the same input, also what this one did before{record.environmentSlug ? `, in ${record.environmentSlug}` : ""}.</p>
      <Field label="Revision" inputMode="numeric" hint="Empty: what is deployed now." problem={revision.problem} value={typed} onChange={(event) => setTyped(event.target.value)} />
      {text === null ? (
        <p>
          <Button small icon="edit" busy={load.isBusy} onClick={() => void load.run()}>
            Change the input
          </Button>
        </p>
      ) : (
        <>
          <JsonField label="Input, as JSON" hint="What you leave as it is goes along unchanged." text={text} problem={isWrong} onChange={setText} />
          {missing.length > 0 && <Note tone="waiting">Names cannot be taken away, only changed: {missing.join(", ")} will be as before.</Note>}
        </>
      )}
      <ProblemNote error={load.problem} />
    </Frame>
  );
}

function Fork(doing: Doing) {
  const { path, line } = doing.props;
  const query = useAttempt(path, line?.id ?? "", line?.raw ?? null);
  if (query.data) return <ForkFrom doing={doing} output={query.data.result?.jsonValue ?? query.data.result?.strValue ?? null} />;
  return (
    <Dialog title={doing.words.title} onClose={doing.props.onClose}>
      {query.error ? <ProblemNote error={query.error} /> : <Skeleton rows={3} label="Reading what came out" />}
    </Dialog>
  );
}

function ForkFrom({ doing, output }: { doing: Doing; output: unknown }) {
  const { path, line } = doing.props;
  const tooLarge = losesDigits(output);
  const [text, setText] = useState(tooLarge ? "" : (JSON.stringify(output, null, 2) ?? "null"));
  const read = jsonOf(text);
  const action = useDoing(doing, (key) => api.post(`${RECORD}:fork`, { path, body: { attempt: line?.id ?? "", output: (read.value ?? null) as Schemas["FreeForm"] }, idempotencyKey: key, respondAsync: true }));
  return (
    <Frame doing={doing} action={action} wide disabled={read.problem !== null}>
      <p>
        A new execution takes over what was completed before <code><PlainText text={line?.id ?? ""} max={200} /></code>, gives this instead of its output, and goes on from there.
      </p>
      {tooLarge && <Note tone="waiting" icon="warning">What came out holds a number that a browser cannot keep exactly, so it is not filled in here.</Note>}
      <JsonField label="Its output, as JSON" text={text} problem={read.problem} onChange={setText} />
      <details>
        <summary className="small quiet">What came out in truth</summary>
        <JsonView value={output} label="What came out" />
      </details>
    </Frame>
  );
}
