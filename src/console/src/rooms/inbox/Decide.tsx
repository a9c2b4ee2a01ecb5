// The decisions: their buttons, and what each asks before it counts.
import { useState, type ReactNode } from "react";
import { api, type ProblemError, type Schemas } from "../../api/client";
import { invalidate, remember, useAction } from "../../api/query";
import { useSession } from "../../api/session";
import { useShortcuts } from "../../lib/hooks";
import { Button, Dialog, Note, PlainText, ProblemNote, TextArea, toast } from "../../ui";
import { Differences } from "./ActionShown";
import { ValueForm } from "./ValueForm";
import { differences, draftOf, fieldsOfSchema, fieldsOfValue, losesDigits, readDraft, type FormField } from "./values";
import { asksOnce, effectSays, ORDER, WORDS, type Approval, type Given, type Word } from "./words";

interface Deciding {
  decide: (given: Omit<Given, "digest">) => void;
  isBusy: boolean;
  problem: ProblemError | null;
}

/** Decides on exactly the digest that was shown; what became of it is read again whatever the answer is. */
function useDecide(approval: Approval, onDone: (after: Approval) => void) {
  const { tenant } = useSession();
  const path = { tenant, approval: approval.id };
  return useAction(async (given: Omit<Given, "digest">) => {
    try {
      const body = { ...given, digest: approval.digest } as Schemas["Decide"];
      const after = await api.post("/v1/tenants/{tenant}/pendingApprovals/{approval}:decide", { path, body });
      remember("/v1/tenants/{tenant}/pendingApprovals/{approval}", { path }, after);
      const isDone = after.status !== "PENDING";
      toast(isDone ? `${WORDS[given.decision].past}.` : given.decision === "edit" ? "Changed. It waits for the others." : "You agreed. It waits for the others.");
      onDone(after);
      return after;
    } finally {
      invalidate(`/v1/tenants/${encodeURIComponent(tenant)}/pendingApprovals`);
    }
  });
}

const KEYS: Partial<Record<Word, string>> = { approve: "a", respond: "a", reject: "r", edit: "e" };

function why(approval: Approval, word: Word): string | null {
  if (word === "edit" && losesDigits(approval.proposedParameters)) return "It holds a number that a browser cannot keep exactly. Edit it with the command line.";
  return null;
}

export function Decisions(props: { approval: Approval; canDecide: boolean; onDone: (after: Approval) => void }) {
  const { approval, canDecide, onDone } = props;
  const [open, setOpen] = useState<Word | null>(null);
  const action = useDecide(approval, (after) => {
    setOpen(null);
    onDone(after);
  });
  const words = ORDER.filter((word) => approval.decisions.includes(word));
  const begin = (word: Word) => {
    if (!canDecide || action.isBusy || open !== null || why(approval, word)) return;
    action.clear();
    if (word === "approve" && !asksOnce(approval, word)) void action.run({ decision: word });
    else setOpen(word);
  };
  useShortcuts(
    words.flatMap((word) => {
      const keys = KEYS[word];
      return keys ? [{ keys, label: WORDS[word].label, once: true, run: () => begin(word) }] : [];
    }),
    canDecide && open === null,
  );
  const deciding: Deciding = { decide: (given) => void action.run(given), isBusy: action.isBusy, problem: action.problem };
  const close = () => !action.isBusy && setOpen(null);
  return (
    <>
      {open === null && <ProblemNote error={action.problem} />}
      <div className="inbox-buttons">
        {words.map((word, at) => (
          <Button
            key={word}
            look={at === 0 && approval.gateType !== "IN_DOUBT" ? "primary" : word === "reject" || word === "fail" ? "danger" : "plain"}
            disabled={!canDecide || why(approval, word) !== null}
            title={why(approval, word) ?? undefined}
            busy={action.isBusy && (open === word || (open === null && word === "approve"))}
            onClick={() => begin(word)}
          >
            {WORDS[word].label}
            {KEYS[word] && (
              <kbd className="inbox-key" aria-hidden="true">
                {KEYS[word]}
              </kbd>
            )}
          </Button>
        ))}
      </div>
      {open && <Asked word={open} approval={approval} deciding={deciding} onClose={close} />}
    </>
  );
}

interface AskedProps {
  word: Word;
  approval: Approval;
  deciding: Deciding;
  onClose: () => void;
}

function Asked(props: AskedProps) {
  if (props.word === "edit") return <Edit {...props} />;
  if (props.word === "respond") return <Answer {...props} />;
  if (props.word === "reject") return <Reject {...props} />;
  if (props.word === "happened") return <Happened {...props} />;
  return <Sure {...props} />;
}

function Around(props: { title: string; approval: Approval; deciding: Deciding; label: string; danger?: boolean; wide?: boolean; onDo: () => void; onClose: () => void; children: ReactNode }) {
  const { approval, deciding } = props;
  useShortcuts([{ keys: "mod+Enter", label: props.label, inFields: true, once: true, run: props.onDo }]);
  return (
    <Dialog
      title={props.title}
      width={props.wide ? "wide" : "normal"}
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Back</Button>
          <Button look={props.danger ? "danger" : "primary"} busy={deciding.isBusy} onClick={props.onDo}>
            {props.label}
          </Button>
        </>
      }
    >
      <div className="stack">
        <p className="inbox-asked">
          <PlainText text={approval.outboundMessage} max={600} />
        </p>
        {props.children}
        <ProblemNote error={deciding.problem} />
      </div>
    </Dialog>
  );
}

/** Before what cannot be taken back. */
function Sure(props: AskedProps) {
  const { word, approval, deciding, onClose } = props;
  const [reason, setReason] = useState("");
  const texts: Partial<Record<Word, { title: string; says: string; label: string }>> = {
    approve: { title: "Approve?", says: approval.gateType === "BUDGET" ? "The execution gets the same amount again and goes on spending." : (effectSays(approval) ?? ""), label: "Approve" },
    retry: { title: "Do it again?", says: "The call is made again. If it did happen after all, it happens twice. Look at the other side first.", label: "It did not happen: do it again" },
    fail: { title: "Give the step up?", says: "The step fails as in doubt, and the flow's error edge decides how it goes on. Nothing is called.", label: "Give it up" },
  };
  const text = texts[word] ?? { title: `${WORDS[word].label}?`, says: "", label: WORDS[word].label };
  return (
    <Around title={text.title} approval={approval} deciding={deciding} label={text.label} danger={word !== "approve"} onDo={() => deciding.decide({ decision: word, reason: reason || undefined })} onClose={onClose}>
      <Note tone={word === "fail" ? "neutral" : "waiting"} icon="warning">
        {text.says}
        {approval.action?.rehearsed && " It is a rehearsal, so nothing leaves the server."}
      </Note>
      {word !== "approve" && <TextArea label="Why (for the record)" rows={2} value={reason} onChange={(event) => setReason(event.target.value)} />}
    </Around>
  );
}

function Reject({ approval, deciding, onClose }: AskedProps) {
  const [reason, setReason] = useState("");
  const readBy = approval.gateType === "TOOL_APPROVAL" ? "The agent's model reads it as the answer of its tool." : "It is kept with the decision, and the flow can read it.";
  return (
    <Around
      title="Reject?"
      approval={approval}
      deciding={deciding}
      danger
      label={reason.trim() === "" ? "Reject without a reason" : "Reject"}
      onDo={() => deciding.decide({ decision: "reject", reason: reason.trim() || undefined })}
      onClose={onClose}
    >
      <TextArea label="Why not" hint={readBy} value={reason} autoFocus onChange={(event) => setReason(event.target.value)} />
    </Around>
  );
}

function useForm(fields: readonly FormField[], initial: unknown) {
  const [draft, setDraft] = useState(() => draftOf(fields, initial));
  const [isTried, setTried] = useState(false);
  const { value, problems } = readDraft(fields, draft);
  const isSound = Object.keys(problems).length === 0;
  return { draft, setDraft, value, isSound, problems: isTried ? problems : {}, trial: () => (setTried(true), isSound) };
}

function Edit({ approval, deciding, onClose }: AskedProps) {
  const before = approval.action?.arguments ?? approval.proposedParameters;
  const [fields] = useState(() => fieldsOfValue(before));
  const form = useForm(fields, before);
  const [reason, setReason] = useState("");
  const found = form.isSound ? differences(before, form.value) : [];
  const onDo = () => {
    if (form.trial() && found.length > 0) deciding.decide({ decision: "edit", arguments: form.value, reason: reason.trim() || undefined });
  };
  return (
    <Around title="Approve with other arguments" approval={approval} deciding={deciding} wide label={asksOnce(approval, "approve") ? "Approve so; it cannot be taken back" : "Approve so"} onDo={onDo} onClose={onClose}>
      <ValueForm fields={fields} draft={form.draft} problems={form.problems} onChange={form.setDraft} />
      <TextArea label="Why (may stay empty)" rows={2} value={reason} onChange={(event) => setReason(event.target.value)} />
      {form.isSound && (found.length === 0 ? <p className="quiet small">Nothing is changed yet.</p> : <Differences found={found} before="Asked for" after="Will be done" />)}
      {approval.quorum > 1 && <Note tone="waiting">A change makes it another action: whoever agreed so far has to agree again.</Note>}
    </Around>
  );
}

function Answer({ approval, deciding, onClose }: AskedProps) {
  const [fields] = useState(() => fieldsOfSchema(approval.form));
  const form = useForm(fields, undefined);
  return (
    <Around title="Answer" approval={approval} deciding={deciding} label="Send the answer" onDo={() => form.trial() && deciding.decide({ decision: "respond", response: form.value })} onClose={onClose}>
      <ValueForm fields={fields} draft={form.draft} problems={form.problems} onChange={form.setDraft} />
    </Around>
  );
}

function Happened({ approval, deciding, onClose }: AskedProps) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const onDo = () => {
    try {
      const result = text.trim() === "" ? undefined : (JSON.parse(text) as unknown);
      setProblem(null);
      deciding.decide({ decision: "happened", result });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Around title="It happened" approval={approval} deciding={deciding} label="Go on as if it had answered so" onDo={onDo} onClose={onClose}>
      <TextArea label="What it answered, as JSON" hint={'The flow goes on with it, such as {"id": "R-7"}. Empty: with nothing.'} className="code" value={text} problem={problem} autoFocus onChange={(event) => setText(event.target.value)} />
    </Around>
  );
}
