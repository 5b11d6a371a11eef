/** The people who may sign: registered, changed and removed here, with their keys, groups and hours. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../announce.ts";
import type { Approver } from "../answers.ts";
import { ask, useResource, type Problem } from "../api.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Listed } from "../parts/listed.tsx";
import { Moment } from "../parts/moment.tsx";
import { Cell, Empty, Hash, ProblemNote, Table } from "../parts/page.tsx";
import { createPasskey, hasPasskeys } from "../passkeys.ts";
import { addressOf, navigate } from "../router.ts";
import { ApproverForm, type WrittenApprover } from "./approver-form.tsx";

const COLUMNS = ["Person", "Groups", "Keys", "May sign", "Passkey"];

export function Approvers(): JSX.Element {
  return (
    <>
      <Listed<Approver> path="/v1/approvers" nothing="Nobody may approve anything yet.">
        {(items, reload) => (
          <Table caption="Approvers" columns={COLUMNS}>
            {items.map((person) => (
              <Row key={person.id} person={person} onDone={reload} />
            ))}
          </Table>
        )}
      </Listed>
      <details class="card">
        <summary>Register an approver</summary>
        <ApproverForm person={null} onSave={register} />
      </details>
    </>
  );
}

function Row({ person, onDone }: { person: Approver; onDone: () => void }): JSX.Element {
  return (
    <tr>
      <Cell label="Person" class="lead">
        <a href={addressOf(["settings", "approvers", person.id])}>{person.name}</a>
        <code class="hash">{person.id}</code>
        {person.breakGlass === true ? (
          <span class="badge tone-wait">
            <span aria-hidden="true">!</span> may break glass
          </span>
        ) : null}
      </Cell>
      <Cell label="Groups">{person.groups.join(", ")}</Cell>
      <Cell label="Keys">
        {person.keys.map(({ kid, passkey }) => (
          <div key={kid}>
            {passkey === undefined ? "key" : "passkey"} <Hash value={kid} chars={16} />
          </div>
        ))}
      </Cell>
      <Cell label="May sign">
        <MaySign person={person} />
      </Cell>
      <Cell label="Passkey">
        <PasskeyButton person={person} onDone={onDone} />
      </Cell>
    </tr>
  );
}

const DAYS = ["", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

function MaySign({ person: { validFrom, validUntil, hours } }: { person: Approver }): JSX.Element {
  return (
    <>
      {validFrom === null ? validUntil === null ? "always" : "" : <Moment at={validFrom} />}
      {validUntil === null ? null : (
        <>
          {" until "}
          <Moment at={validUntil} />
        </>
      )}
      {hours === undefined ? null : (
        <div>
          {hours.days.map((day) => DAYS[day]).join(" ")}, {hours.from} to {hours.to},{" "}
          {hours.timeZone}
        </div>
      )}
    </>
  );
}

async function register({ id, facts, newKeys }: WrittenApprover): Promise<Problem | null> {
  const { hours, breakGlass, ...rest } = facts;
  const body = {
    id,
    ...rest,
    keys: newKeys,
    ...(hours === null ? {} : { hours }),
    ...(breakGlass ? { breakGlass } : {}),
  };
  const answered = await ask<Approver>("/v1/approvers", { body });
  if (!answered.ok) return answered.error;
  announce(`${answered.value.name} is registered`);
  navigate(addressOf(["settings", "approvers", id]));
  return null;
}

/** One person, to be changed. */
export function ApproverPage({ id }: { id: string }): JSX.Element {
  const address = `/v1/approvers/${encodeURIComponent(id)}`;
  const { data: person, problem, reload } = useResource<Approver>(address);
  const change = async (written: WrittenApprover) => {
    const { facts, newKeys, removedKeys } = written;
    const body = {
      ...facts,
      ...(newKeys.length === 0 ? {} : { addKeys: newKeys }),
      ...(removedKeys.length === 0 ? {} : { removeKeys: removedKeys }),
    };
    const answered = await ask<Approver>(address, { body, method: "PATCH" });
    if (!answered.ok) return answered.error;
    announce(`${answered.value.name} is saved`);
    reload();
    return null;
  };
  const remove = async () => {
    const answered = await ask(address, { method: "DELETE" });
    if (!answered.ok) return answered.error;
    announce(`${id} is removed`);
    navigate(addressOf(["settings", "approvers"]));
    return null;
  };
  if (person === null) {
    return problem === null ? <Empty loading>Nothing</Empty> : <ProblemNote problem={problem} />;
  }
  return (
    <section class="card" aria-labelledby="person">
      <h2 id="person">
        {person.name} <code class="hash">{person.id}</code>
      </h2>
      <ApproverForm key={JSON.stringify(person)} person={person} onSave={change} />
      <div class="choices">
        <Confirm
          label={`Remove ${person.name}`}
          says="They may sign nothing any more, and what they approved stops counting at gates that are still open. Their keys are never given to anybody else."
          onConfirm={remove}
        />
      </div>
    </section>
  );
}

/** The person makes the passkey on this device, while the admin is signed in on it. */
function PasskeyButton({
  person,
  onDone,
}: {
  person: Approver;
  onDone: () => void;
}): JSX.Element | null {
  const [problem, setProblem] = useState<Problem | null>(null);
  if (!hasPasskeys()) return null;
  const make = async () => {
    const said = await registerPasskey(person.id);
    setProblem(said);
    if (said === null) announce(`${person.name} has a new passkey`);
    onDone();
  };
  return (
    <>
      <button type="button" onClick={() => void make()}>
        Register a passkey of {person.name}
      </button>
      <ProblemNote problem={problem} />
    </>
  );
}

async function registerPasskey(approver: string): Promise<Problem | null> {
  const address = `/v1/approvers/${encodeURIComponent(approver)}/passkeys`;
  const opened = await ask<PublicKeyCredentialCreationOptionsJSON>(`${address}/options`, {
    body: {},
  });
  if (!opened.ok) return opened.error;
  const made = await createPasskey(opened.value);
  if (!made.ok) {
    return {
      status: 0,
      code: "passkey",
      title: "No passkey was made",
      detail: made.error,
      errors: [],
    };
  }
  const registered = await ask(address, { body: made.value });
  return registered.ok ? null : registered.error;
}
