// What people say about an approval, and who is looking at it.
import { useState } from "react";
import { api } from "../../api/client";
import { invalidate, remember, useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { useShortcuts } from "../../lib/hooks";
import { Button, Loaded, PlainText, ProblemNote, RelativeTime, TextArea } from "../../ui";
import { isOpen, type Approval } from "./words";

const REFRESH_MS = 10_000;

export function ClaimBar(props: { approval: Approval }) {
  const { approval } = props;
  const { tenant, who, may } = useSession();
  const path = { tenant, approval: approval.id };
  const action = useAction(async (kind: "claim" | "release") => {
    const after = await api.post(`/v1/tenants/{tenant}/pendingApprovals/{approval}:${kind}`, { path });
    remember("/v1/tenants/{tenant}/pendingApprovals/{approval}", { path }, after);
    invalidate(`/v1/tenants/${encodeURIComponent(tenant)}/pendingApprovals?`);
  });
  const claim = approval.claim;
  const isMine = claim?.by === who.user;
  useShortcuts([{ keys: "c", label: "Claim, or give the claim back", once: true, run: () => void action.run(isMine ? "release" : "claim") }], isOpen(approval) && may("approvals:decide"));
  if (!isOpen(approval)) return null;
  return (
    <div className="row small">
      {claim && (
        <span className="grow">
          <PlainText text={isMine ? "You are" : `${claim.by} is`} /> looking at it, since <RelativeTime at={claim.at} />. The claim ends by itself <RelativeTime at={claim.until} />.
        </span>
      )}
      {may("approvals:decide") && (!claim || isMine || may("admin")) && (
        <Button small icon="person" busy={action.isBusy} onClick={() => void action.run(claim ? "release" : "claim")}>
          {claim ? (isMine ? "Give the claim back" : "Take the claim away") : "Claim"}
        </Button>
      )}
      <ProblemNote error={action.problem} />
    </div>
  );
}

export function CommentsOf(props: { approval: Approval }) {
  const { tenant, may } = useSession();
  const path = { tenant, approval: props.approval.id };
  const comments = useApi("/v1/tenants/{tenant}/pendingApprovals/{approval}/comments", { path, query: { pageSize: 200 } }, { refreshMs: REFRESH_MS });
  const [text, setText] = useState("");
  const add = useAction(async () => {
    if (text.trim() === "") return;
    await api.post("/v1/tenants/{tenant}/pendingApprovals/{approval}/comments", { path, body: { text } });
    setText("");
    comments.reload();
  });
  return (
    <section aria-labelledby="inbox-comments">
      <h3 id="inbox-comments">Comments</h3>
      <Loaded query={comments} rows={1}>
        {(page) => (
          <ul className="inbox-comments">
            {page.items.length === 0 && <li className="quiet small">Nobody said anything yet.</li>}
            {page.items.map((one) => (
              <li key={one.id}>
                <div className="small quiet">
                  <strong>
                    <PlainText text={one.createdBy} />
                  </strong>{" "}
                  <RelativeTime at={one.createdAt} />
                </div>
                <PlainText text={one.text} max={2_000} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {may("approvals:decide") && (
        <form
          className="inbox-say"
          onSubmit={(event) => {
            event.preventDefault();
            void add.run();
          }}
        >
          <TextArea
            label="Say something to the others"
            labelUnseen
            placeholder="Say something to the others"
            rows={2}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
              event.preventDefault();
              void add.run();
            }}
          />
          <Button type="submit" small busy={add.isBusy} disabled={text.trim() === ""}>
            Comment
          </Button>
        </form>
      )}
      <ProblemNote error={add.problem} />
    </section>
  );
}
