/** Hooks, at which other systems hand in approvals that people have signed. A hook's secret alone approves nothing. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../announce.ts";
import type { Hook, NewHook } from "../answers.ts";
import { ask, type Problem } from "../api.ts";
import { Confirm } from "../parts/confirm.tsx";
import { textIn } from "../parts/fields.ts";
import { Listed } from "../parts/listed.tsx";
import { Moment } from "../parts/moment.tsx";
import { Cell, ProblemNote, Table } from "../parts/page.tsx";
import { SecretNote } from "../parts/secret.tsx";
import { Keys } from "./webhooks.tsx";

type Shown = Pick<NewHook, "id" | "title" | "secret">;

export function Hooks(): JSX.Element {
  const [made, setMade] = useState<Shown | null>(null);
  return (
    <>
      {made?.secret === undefined ? null : (
        <SecretNote secret={made.secret} of={made.title} onDone={() => setMade(null)} />
      )}
      <Listed<Hook>
        key={made?.id}
        path="/v1/hooks"
        nothing="No other system hands in approvals yet."
      >
        {(items, reload) => (
          <Table caption="Hooks" columns={["Hook", "Keys in use", "State", "Change"]}>
            {items.map((hook) => (
              <tr key={hook.id}>
                <Cell label="Hook" class="lead">
                  <strong>{hook.title}</strong>
                  <code class="hash">{hook.url}</code>
                </Cell>
                <Cell label="Keys in use">
                  {hook.signature} <Keys keys={hook.keys} />
                </Cell>
                <Cell label="State">
                  {hook.disabledAt === null ? (
                    <span class="whole">in use</span>
                  ) : (
                    <span class="tone-bad">
                      ✕ disabled <Moment at={hook.disabledAt} />
                    </span>
                  )}
                </Cell>
                <Cell label="Change">
                  <HookActions hook={hook} onDone={reload} onSecret={setMade} />
                </Cell>
              </tr>
            ))}
          </Table>
        )}
      </Listed>
      <AddHook onMade={setMade} />
    </>
  );
}

function HookActions({
  hook,
  onDone,
  onSecret,
}: {
  hook: Hook;
  onDone: () => void;
  onSecret: (made: Shown) => void;
}): JSX.Element {
  const address = `/v1/hooks/${encodeURIComponent(hook.id)}`;
  const status = hook.disabledAt === null ? "disabled" : "enabled";
  const send = async (verb: string, body: unknown, said: string) => {
    const answered = await ask<NewHook>(`${address}/${verb}`, { body });
    if (!answered.ok) return answered.error;
    announce(said);
    onDone();
    if (answered.value.secret !== undefined) onSecret(answered.value);
    return null;
  };
  const remove = async () => {
    const answered = await ask(address, { method: "DELETE" });
    if (!answered.ok) return answered.error;
    announce(`${hook.title} is removed`);
    onDone();
    return null;
  };
  return (
    <div class="choices">
      {hook.signature === "v1a" ? null : (
        <Confirm
          label={`Rotate the secret of ${hook.title}`}
          says="The new secret is shown once. For a day the one before is accepted beside it."
          yes="Rotate it"
          onConfirm={async () => send("rotation", {}, "The secret is rotated")}
        />
      )}
      <Confirm
        label={status === "disabled" ? `Disable ${hook.title}` : `Enable ${hook.title}`}
        says={
          status === "disabled"
            ? "Nothing is accepted there until somebody enables it again."
            : "What is handed in there is looked at again."
        }
        yes={status === "disabled" ? "Disable it" : "Enable it"}
        onConfirm={async () => send("status", { status }, `${hook.title} is ${status}`)}
      />
      <Confirm
        label={`Remove ${hook.title}`}
        says="The address and its keys are gone for good."
        yes="Remove it"
        onConfirm={remove}
      />
    </div>
  );
}

function AddHook({ onMade }: { onMade: (made: NewHook) => void }): JSX.Element {
  const [problem, setProblem] = useState<Problem | null>(null);
  const add = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    const title = textIn(fields, "title");
    const publicKey = textIn(fields, "publicKey");
    const signature = publicKey === "" ? { signature: "v1" } : { signature: "v1a", publicKey };
    const answered = await ask<NewHook>("/v1/hooks", { body: { title, ...signature } });
    setProblem(answered.ok ? null : answered.error);
    if (!answered.ok) return;
    announce("The hook is added");
    form.reset();
    onMade(answered.value);
  };
  return (
    <details class="card">
      <summary>Add a hook</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add(event.currentTarget);
        }}
      >
        <div class="fields">
          <label class="field">
            <span>Title</span>
            <input name="title" type="text" required maxLength={200} />
          </label>
          <label class="field">
            <span>Public key of the sender (whpk_…); without one a secret is made</span>
            <input name="publicKey" type="text" autoComplete="off" spellcheck={false} />
          </label>
        </div>
        <ProblemNote problem={problem} />
        <button type="submit">Add the hook</button>
      </form>
    </details>
  );
}
