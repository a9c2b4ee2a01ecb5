// A new agent: its name and id. What it does is drawn in the designer, where this leads.
import { useState } from "react";
import { api } from "../../api/client";
import { invalidate, useAction } from "../../api/query";
import { useSession } from "../../api/session";
import { navigate, to } from "../../lib/router";
import { Button, Dialog, Field, ProblemNote } from "../../ui";

const ID_MAX = 63;

/** An id that a name suggests: "Refund review" becomes refund-review. */
export function idOf(name: string): string {
  const plain = name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "").slice(0, ID_MAX).replace(/-+$/, "");
}

export function NewAgent(props: { onClose: () => void }) {
  const { tenant } = useSession();
  const [name, setName] = useState("");
  const [typedId, setId] = useState<string | null>(null);
  const id = typedId ?? idOf(name);
  const make = useAction(async () => {
    await api.post("/v1/tenants/{tenant}/agents", { path: { tenant }, body: { id, displayName: name || id, description: null, tags: null, type: null, settings: null, networkId: null } });
    invalidate(`/v1/tenants/${tenant}/agents`);
    navigate(to`/agents/${id}/design`);
  });
  return (
    <Dialog
      title="New agent"
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Not now</Button>
          <Button look="primary" busy={make.isBusy} disabled={id === ""} onClick={() => void make.run()}>
            Make it
          </Button>
        </>
      }
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (id !== "") void make.run();
        }}
      >
        <Field label="Name" autoFocus maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
        <Field label="Id" hint="Stands in addresses, and stays as it is." className="code" value={id} onChange={(event) => setId(event.target.value.trim())} />
        <ProblemNote error={make.problem} />
        {/* Enter in a field sends the form. */}
        <input type="submit" hidden />
      </form>
    </Dialog>
  );
}
