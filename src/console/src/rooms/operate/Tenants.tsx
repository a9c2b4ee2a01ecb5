// Tenants: the walls between those who share an installation. Only the root key sees and makes them.
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { Badge, Button, Dialog, Empty, Field, Loaded, PlainText, ProblemNote, RelativeTime, Table, toast, type Column } from "../../ui";
import { PartHead } from "./shared";

type Tenant = Schemas["Tenant"];
/** As the server takes it. */
const ID = /^[a-z][a-z0-9_-]*$/;

export function TenantsPart() {
  const { who, tenant, chooseTenant } = useSession();
  const tenants = useApi("/v1/tenants", {}, { enabled: who.isRoot });
  const [isNew, setNew] = useState(false);
  if (!who.isRoot) return <Empty icon="lock" title="Only the root key sees the tenants">You are in the tenant <code>{tenant}</code>.</Empty>;
  const columns: Column<Tenant>[] = [
    {
      key: "name",
      title: "Name",
      width: "minmax(10rem, 2fr)",
      cell: (one) => (
        <>
          <PlainText text={one.displayName} max={120} /> {one.id === tenant && <Badge tone="good">Shown now</Badge>}
        </>
      ),
    },
    { key: "id", title: "In the API", width: "minmax(8rem, 1fr)", cell: (one) => <code>{one.id}</code> },
    { key: "made", title: "Made", width: "7rem", align: "end", cell: (one) => <RelativeTime at={one.createdAt} /> },
    {
      key: "go",
      title: "",
      width: "6rem",
      align: "end",
      cell: (one) =>
        one.id !== tenant && (
          <Button small look="quiet" onClick={() => chooseTenant(one.id)}>
            Show it
          </Button>
        ),
    },
  ];
  return (
    <section>
      <PartHead title="Tenants" sub={tenants.data && `${counted(tenants.data.length, "tenant")}. Nothing crosses from one to another.`}>
        <Button look="primary" icon="plus" onClick={() => setNew(true)}>
          New tenant
        </Button>
      </PartHead>
      <Loaded query={tenants}>{(all) => <Table label="Tenants" rows={[...all].sort((a, b) => a.number - b.number)} columns={columns} keyOf={(one) => one.id} />}</Loaded>
      {isNew && (
        <NewTenant
          onClose={() => setNew(false)}
          onDone={() => {
            setNew(false);
            tenants.reload();
          }}
        />
      )}
    </section>
  );
}

function NewTenant(props: { onDone: () => void; onClose: () => void }) {
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const make = useAction(async () => {
    await api.post("/v1/tenants", { body: { id: id.trim(), displayName: name.trim() || null } });
    toast("Made. Its first key is made under Keys, once it is shown.");
    props.onDone();
  });
  const isWrong = id.trim() !== "" && !ID.test(id.trim());
  return (
    <Dialog
      title="New tenant"
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Back</Button>
          <Button look="primary" busy={make.isBusy} disabled={id.trim() === "" || isWrong} onClick={() => void make.run()}>
            Make it
          </Button>
        </>
      }
    >
      <div className="stack">
        <Field label="Id" hint="Its name in every address; it stays" value={id} autoFocus autoComplete="off" problem={isWrong ? "Lower-case letters, digits, - and _, a letter first." : null} onChange={(event) => setId(event.target.value)} />
        <Field label="Name" hint="For people" value={name} autoComplete="off" onChange={(event) => setName(event.target.value)} />
        <ProblemNote error={make.problem} />
      </div>
    </Dialog>
  );
}
