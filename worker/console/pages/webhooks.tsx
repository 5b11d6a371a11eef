/** Endpoints that are told: added, tried, rotated, disabled and removed here, and what was sent to each. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../announce.ts";
import type { Delivery, ListOf, NewWebhook, Webhook } from "../answers.ts";
import { ask, useResource, type Problem } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { textIn } from "../parts/fields.ts";
import { Listed } from "../parts/listed.tsx";
import { Moment } from "../parts/moment.tsx";
import { Cell, Empty, Facts, ProblemNote, Table } from "../parts/page.tsx";
import { SecretNote } from "../parts/secret.tsx";
import { addressOf, navigate } from "../router.ts";

const POLL_MS = 4_000;

export function Webhooks(): JSX.Element {
  const [made, setMade] = useState<NewWebhook | null>(null);
  return (
    <>
      {made?.secret === undefined ? null : (
        <SecretNote secret={made.secret} of={made.url} onDone={() => setMade(null)} />
      )}
      <Listed<Webhook> key={made?.id} path="/v1/webhooks" nothing="Nobody is told of anything yet.">
        {(items) => (
          <Table caption="Webhook endpoints" columns={["Endpoint", "Told of", "Since", "State"]}>
            {items.map((endpoint) => (
              <tr key={endpoint.id}>
                <Cell label="Endpoint" class="lead">
                  <a href={addressOf(["settings", "webhooks", endpoint.id])}>{endpoint.url}</a>
                  <code class="hash">{endpoint.id}</code>
                </Cell>
                <Cell label="Told of">{endpoint.events.join(", ")}</Cell>
                <Cell label="Since">
                  <Moment at={endpoint.createdAt} />
                </Cell>
                <Cell label="State">
                  <State endpoint={endpoint} />
                </Cell>
              </tr>
            ))}
          </Table>
        )}
      </Listed>
      <AddWebhook onMade={setMade} />
    </>
  );
}

const DISABLED = {
  gone: "it said it is gone",
  failing: "it failed for days",
  admin: "by an admin",
} as const;

function State({ endpoint }: { endpoint: Webhook }): JSX.Element {
  const { disabledAt, disabledReason, failingSince } = endpoint;
  if (disabledAt !== null) {
    return (
      <span class="tone-bad">
        ✕ disabled <Moment at={disabledAt} />
        {disabledReason === null ? null : `, ${DISABLED[disabledReason]}`}
      </span>
    );
  }
  if (failingSince === null) return <span>in use</span>;
  return (
    <span class="tone-wait">
      ‖ failing since <Moment at={failingSince} />
    </span>
  );
}

function AddWebhook({ onMade }: { onMade: (made: NewWebhook) => void }): JSX.Element {
  const [problem, setProblem] = useState<Problem | null>(null);
  const add = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    const text = (name: string) => textIn(fields, name);
    const body = {
      url: text("url"),
      events: text("events").split(/[\s,]+/),
      signature: text("signature"),
      format: text("format"),
    };
    const answered = await ask<NewWebhook>("/v1/webhooks", { body });
    setProblem(answered.ok ? null : answered.error);
    if (!answered.ok) return;
    announce("The endpoint is added");
    form.reset();
    onMade(answered.value);
  };
  return (
    <details class="card">
      <summary>Add an endpoint</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add(event.currentTarget);
        }}
      >
        <div class="fields">
          <label class="field">
            <span>Address, https</span>
            <input name="url" type="url" required />
          </label>
          <label class="field">
            <span>Event types, separated by commas; * for all</span>
            <input name="events" type="text" required defaultValue="*" />
          </label>
          <label class="field">
            <span>Signature</span>
            <select name="signature">
              <option value="v1a">v1a, a public key verifies it</option>
              <option value="v1">v1, a shared secret</option>
            </select>
          </label>
          <label class="field">
            <span>Format</span>
            <select name="format">
              <option value="cloudevents">CloudEvents</option>
              <option value="slack">Slack</option>
            </select>
          </label>
        </div>
        <ProblemNote problem={problem} />
        <button type="submit">Add the endpoint</button>
      </form>
    </details>
  );
}

/** One endpoint and its deliveries. */
export function EndpointPage({ id }: { id: string }): JSX.Element {
  const { data, problem, reload } = useResource<ListOf<Webhook>>("/v1/webhooks");
  const endpoint = data?.items.find((each) => each.id === id);
  if (endpoint === undefined) {
    return (
      <>
        <ProblemNote problem={problem} />
        {problem === null ? (
          <Empty loading={data === null}>There is no such endpoint.</Empty>
        ) : null}
      </>
    );
  }
  return (
    <>
      <h2>{endpoint.url}</h2>
      <Facts
        items={[
          ["Endpoint", <code class="hash">{endpoint.id}</code>],
          ["Told of", endpoint.events.join(", ")],
          ["State", <State endpoint={endpoint} />],
          ["Signature", `${endpoint.signature}, ${endpoint.format}`],
          ["Public key", endpoint.publicKey && <code class="hash">{endpoint.publicKey}</code>],
          ["Keys in use", <Keys keys={endpoint.keys} />],
        ]}
      />
      <EndpointActions endpoint={endpoint} onDone={reload} />
      <Deliveries id={id} />
    </>
  );
}

/** The keys in use, the newest first. */
export function Keys({ keys }: { keys: Webhook["keys"] }): JSX.Element {
  return (
    <>
      {keys.map(({ createdAt, expiresAt }) => (
        <div key={createdAt}>
          since <Moment at={createdAt} />
          {expiresAt === null ? null : (
            <>
              {", until "}
              <Moment at={expiresAt} />
            </>
          )}
        </div>
      ))}
    </>
  );
}

function EndpointActions({
  endpoint,
  onDone,
}: {
  endpoint: Webhook;
  onDone: () => void;
}): JSX.Element {
  const [secret, setSecret] = useState<string | null>(null);
  const address = `/v1/webhooks/${encodeURIComponent(endpoint.id)}`;
  const isDisabled = endpoint.disabledAt !== null;
  const post = async (verb: string, body: unknown, said: string) => {
    const answered = await ask<Partial<NewWebhook>>(`${address}/${verb}`, { body });
    if (!answered.ok) return answered.error;
    setSecret(answered.value.secret ?? null);
    announce(said);
    onDone();
    return null;
  };
  const remove = async () => {
    const answered = await ask(address, { method: "DELETE" });
    if (!answered.ok) return answered.error;
    announce("The endpoint is removed");
    navigate(addressOf(["settings", "webhooks"]));
    return null;
  };
  const status = isDisabled ? "enabled" : "disabled";
  return (
    <>
      {secret === null ? null : (
        <SecretNote secret={secret} of={endpoint.url} onDone={() => setSecret(null)} />
      )}
      <div class="choices">
        <Confirm
          label="Send a test"
          says="One test event goes to it, once, also while it is disabled."
          onConfirm={async () => post("test", {}, "A test is on its way")}
        />
        <Confirm
          label="Rotate the key"
          says="A new key signs from now on. For a day the one before signs beside it, so that the receiver has time to change."
          onConfirm={async () => post("rotation", {}, "The key is rotated")}
        />
        <Confirm
          label={isDisabled ? "Enable it again" : "Disable it"}
          says={
            isDisabled
              ? "It is told of what happens from now on; what it missed can be sent again below."
              : "Nothing more is sent to it until somebody enables it again."
          }
          onConfirm={async () => post("status", { status }, `The endpoint is ${status}`)}
        />
        <Confirm
          label="Remove it"
          says="The endpoint, its keys and its delivery log are gone for good."
          onConfirm={remove}
        />
      </div>
    </>
  );
}

function Deliveries({ id }: { id: string }): JSX.Element {
  const path = `/v1/webhooks/${encodeURIComponent(id)}/deliveries`;
  return (
    <section aria-labelledby="deliveries">
      <h2 id="deliveries">Deliveries</h2>
      <Listed<Delivery>
        path={`${path}?limit=100`}
        pollMs={POLL_MS}
        nothing="Nothing has been sent yet."
      >
        {(items, reload) => (
          <Table
            caption="Deliveries, newest first"
            columns={["When", "What", "Outcome", "Answer", "Again"]}
          >
            {items.map((delivery) => (
              <tr key={`${delivery.id} ${delivery.run} ${delivery.attempt}`}>
                <Cell label="When">
                  <Moment at={delivery.at} />
                </Cell>
                <Cell label="What">
                  {delivery.type}, {delivery.cause}, attempt {delivery.attempt}
                </Cell>
                <Cell label="Outcome">
                  <Badge word={delivery.outcome} />
                </Cell>
                <Cell label="Answer">
                  {delivery.status} {delivery.detail}
                  {delivery.durationMs === null ? null : (
                    <span class="dim"> {delivery.durationMs} ms</span>
                  )}
                  {delivery.excerpt === "" ? null : <code class="excerpt">{delivery.excerpt}</code>}
                </Cell>
                <Cell label="Again">
                  <Redeliver path={path} delivery={delivery} onDone={reload} />
                </Cell>
              </tr>
            ))}
          </Table>
        )}
      </Listed>
    </section>
  );
}

function Redeliver({
  path,
  delivery,
  onDone,
}: {
  path: string;
  delivery: Delivery;
  onDone: () => void;
}): JSX.Element | null {
  const [problem, setProblem] = useState<Problem | null>(null);
  if (delivery.cause === "test") return null;
  const again = async () => {
    const answered = await ask(`${path}/${encodeURIComponent(delivery.id)}/redelivery`, {
      body: {},
    });
    setProblem(answered.ok ? null : answered.error);
    if (answered.ok) announce("It is on its way again");
    onDone();
  };
  return (
    <>
      <button type="button" onClick={() => void again()}>
        Send again
      </button>
      <ProblemNote problem={problem} />
    </>
  );
}
