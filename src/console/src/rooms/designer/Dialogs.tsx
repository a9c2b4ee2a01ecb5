// What opens over the designer: saving a revision, running one step alone, and the differences of two revisions in words and lines.
import { useMemo, useState } from "react";
import { ProblemError, type Schemas } from "../../api/client";
import { useAction, useApi } from "../../api/query";
import { Badge, Button, Checkbox, Dialog, Empty, Field, Loaded, Note, PlainText, ProblemNote, Select } from "../../ui";
import { hunks, lineDiff } from "./model/lines";
import { YamlField } from "./SchemaForm";

export function PublishDialog(props: { problems: number; mayDeploy: boolean; onPublish: (comment: string, deploy: boolean) => Promise<void>; onClose: () => void }) {
  const [comment, setComment] = useState("");
  const [deploy, setDeploy] = useState(false);
  const publish = useAction(props.onPublish);
  return (
    <Dialog
      title="Save a revision"
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Not yet</Button>
          <Button look="primary" busy={publish.isBusy} onClick={() => void publish.run(comment, deploy)}>
            Save the revision
          </Button>
        </>
      }
    >
      <div className="stack">
        {props.problems > 0 && <Note tone="waiting" icon="warning">The draft has problems; the server refuses it until they are mended.</Note>}
        <Field label="Why" placeholder="What is different, and what for" value={comment} onChange={(event) => setComment(event.target.value)} />
        {props.mayDeploy && <Checkbox label="Deploy it to production at once" checked={deploy} onChange={(event) => setDeploy(event.target.checked)} />}
        <ProblemNote error={publish.problem} />
      </div>
    </Dialog>
  );
}

export function AloneDialog(props: { step: string; pinned: Record<string, unknown>; input: unknown; onRun: (pinned: Record<string, unknown>, input: unknown) => Promise<void>; onClose: () => void }) {
  const [pinned, setPinned] = useState<Record<string, unknown>>(props.pinned);
  const [input, setInput] = useState<unknown>(props.input);
  const run = useAction(props.onRun);
  return (
    <Dialog
      title={`Run ${props.step} alone`}
      width="wide"
      onClose={props.onClose}
      actions={
        <Button look="primary" icon="play" busy={run.isBusy} onClick={() => void run.run(pinned, input)}>
          Run
        </Button>
      }
    >
      <div className="stack">
        <p className="quiet">The steps before it answer with what stands here: recorded where an execution is shown, otherwise what their rehearsal says. The step itself answers from its own rehearsal where it has one.</p>
        <YamlField label="Input of the flow" value={input} onChange={setInput} />
        <YamlField label="Outputs of the steps before" value={pinned} onChange={(next) => setPinned((next ?? {}) as Record<string, unknown>)} />
        <ProblemNote error={run.problem} />
      </div>
    </Dialog>
  );
}

export function ConflictNote(props: { theirs: Schemas["Draft"] | null; mine: string; textOf: (draft: Schemas["Draft"]) => string; onTake: () => void; onKeep: () => void }) {
  const [isShown, setShown] = useState(false);
  return (
    <div className="designer-conflict" role="alert">
      <Note tone="doubt" icon="warning">
        <strong>{props.theirs ? `${props.theirs.updatedBy} changed this draft meanwhile.` : "The draft is gone: somebody published or reset it."}</strong> Nothing of yours is saved until you choose.{" "}
        <span className="row">
          {props.theirs && (
            <Button small onClick={() => setShown(true)}>
              See the differences
            </Button>
          )}
          {props.theirs && (
            <Button small onClick={props.onTake}>
              Take theirs
            </Button>
          )}
          <Button small onClick={props.onKeep}>
            Keep mine
          </Button>
        </span>
      </Note>
      {isShown && props.theirs && (
        <Dialog title="Theirs and yours" width="wide" onClose={() => setShown(false)}>
          <TextDiff before={props.textOf(props.theirs)} after={props.mine} />
        </Dialog>
      )}
    </div>
  );
}

export function TextDiff(props: { before: string; after: string }) {
  const shown = useMemo(() => hunks(lineDiff(props.before, props.after)), [props.before, props.after]);
  if (shown.every((line) => line === null)) return <p className="quiet">The texts are the same.</p>;
  return (
    <pre className="designer-diff" tabIndex={0} aria-label="Differences, line by line">
      {shown.map((line, at) =>
        line === null ? (
          <div key={at} className="quiet">
            ⋯
          </div>
        ) : (
          <div key={at} className={`diff-${line.kind}`}>
            {line.kind === "added" ? "+ " : line.kind === "removed" ? "− " : "  "}
            <PlainText text={line.text} />
          </div>
        ),
      )}
    </pre>
  );
}

type Diff = Schemas["Diff"];

/** How the other revision differs from this one: in words, and in lines. */
export function ComparePanel(props: { tenant: string; agent: string; left: number; right: number; revisions: readonly number[]; leftText: string; rightText: string | null; onChoose: (left: number, right: number) => void; onClose: () => void }) {
  const { tenant, agent, left, right } = props;
  const diff = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/diff/{other}", { path: { tenant, agent, revision: String(left), other: String(right) } }, { enabled: left > 0 && right > 0 });
  const options = props.revisions.map((one) => ({ value: String(one), label: `Revision ${one}` }));
  return (
    <div className="designer-form">
      <div className="designer-two">
        <Select label="Before" value={String(left)} options={options} onChange={(event) => props.onChoose(Number(event.target.value), right)} />
        <Select label="After" value={String(right)} options={options} onChange={(event) => props.onChoose(left, Number(event.target.value))} />
      </div>
      <Button small icon="close" onClick={props.onClose}>
        Back to the draft
      </Button>
      <Loaded query={diff}>{(data) => <Words diff={data as Diff} />}</Loaded>
      <h3>In the text</h3>
      {props.rightText === null ? <p className="quiet">…</p> : <TextDiff before={props.leftText} after={props.rightText} />}
    </div>
  );
}

/** How two revisions differ, one line for each difference. */
export function Words(props: { diff: Diff }) {
  const { diff } = props;
  if (diff.same) return <Empty icon="check" title="They mean the same" />;
  const value = (one: unknown) => (one === undefined ? "nothing" : typeof one === "string" ? one : JSON.stringify(one));
  return (
    <ul className="designer-problems" aria-label="What is different">
      {diff.steps.added.map((one) => (
        <li key={`+${one.step}`}>
          <Badge tone="good">new</Badge> <code>{one.step}</code>
        </li>
      ))}
      {diff.steps.removed.map((one) => (
        <li key={`-${one.step}`}>
          <Badge tone="bad">gone</Badge> <code>{one.step}</code>
        </li>
      ))}
      {diff.steps.renamed.map((one) => (
        <li key={`r${one.before}`}>
          <Badge tone="waiting">renamed</Badge> <code>{one.before}</code> to <code>{one.after}</code>
        </li>
      ))}
      {[...diff.flow.map((field) => ({ step: "", field })), ...diff.steps.changed.flatMap((one) => one.fields.map((field) => ({ step: one.step, field })))].map(({ step, field }, at) => (
        <li key={at}>
          <span>
            <Badge tone="waiting">changed</Badge> <code>{[step, field.path].filter(Boolean).join(" · ")}</code>
          </span>
          <span className="small">
            <PlainText text={value(field.before)} max={300} /> → <PlainText text={value(field.after)} max={300} />
          </span>
        </li>
      ))}
      {diff.edges.added.map((one, at) => (
        <li key={`e+${at}`}>
          <Badge tone="good">new edge</Badge> {one.from} → {one.to} {one.on ? `on ${one.on}` : ""}
        </li>
      ))}
      {diff.edges.removed.map((one, at) => (
        <li key={`e-${at}`}>
          <Badge tone="bad">edge gone</Badge> {one.from} → {one.to} {one.on ? `on ${one.on}` : ""}
        </li>
      ))}
    </ul>
  );
}

export function isProblem(error: unknown): error is ProblemError {
  return error instanceof ProblemError;
}
