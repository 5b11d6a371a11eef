/** The team's directory and endpoints, for admins: who may sign, who may act, who is told. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../announce.ts";
import type { Agent, Approver, Delivery, ListOf, Webhook } from "../answers.ts";
import { ask, useResource, type Problem } from "../api.ts";
import { createPasskey, hasPasskeys } from "../passkeys.ts";
import { Badge } from "../parts/badge.tsx";
import { Moment } from "../parts/moment.tsx";
import { Cell, Empty, Hash, Page, ProblemNote, Table } from "../parts/page.tsx";
import { addressOf } from "../router.ts";

const SECTIONS = ["approvers", "agents", "webhooks"] as const;

/** `section` is one of them; `id` names a webhook whose deliveries are shown. */
export function SettingsPage({
  section,
  id,
}: {
  section: string;
  id: string | undefined;
}): JSX.Element {
  return (
    <Page title={`Settings: ${section}`}>
      <nav class="sections" aria-label="Settings">
        {SECTIONS.map((each) => (
          <a
            key={each}
            href={addressOf(["settings", each])}
            aria-current={each === section ? "page" : undefined}
          >
            {each}
          </a>
        ))}
      </nav>
      {section === "approvers" ? <Approvers /> : null}
      {section === "agents" ? <Agents /> : null}
      {section === "webhooks" && id === undefined ? <Webhooks /> : null}
      {section === "webhooks" && id !== undefined ? <Deliveries id={id} /> : null}
    </Page>
  );
}

/** A list that is shown whole, or why it cannot be. */
function Listed<T>({
  path,
  nothing,
  children,
}: {
  path: string;
  nothing: string;
  children: (items: readonly T[], reload: () => void) => JSX.Element;
}): JSX.Element {
  const { data, problem, reload } = useResource<ListOf<T>>(path, 10_000);
  if (problem !== null && data === null) return <ProblemNote problem={problem} />;
  if (data === null || data.items.length === 0) {
    return <Empty loading={data === null}>{nothing}</Empty>;
  }
  return children(data.items, reload);
}

function Approvers(): JSX.Element {
  return (
    <Listed<Approver> path="/v1/approvers" nothing="Nobody may approve anything yet.">
      {(items, reload) => (
        <Table caption="Approvers" columns={["Person", "Groups", "Keys", "May sign", "Change"]}>
          {items.map((person) => (
            <tr key={person.id}>
              <Cell label="Person" class="lead">
                {person.name} <code class="hash">{person.id}</code>
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
                {person.validFrom === null ? "always" : <Moment at={person.validFrom} />}
                {person.validUntil === null ? null : (
                  <>
                    {" until "}
                    <Moment at={person.validUntil} />
                  </>
                )}
              </Cell>
              <Cell label="Change">
                <PasskeyButton person={person} onDone={reload} />
              </Cell>
            </tr>
          ))}
        </Table>
      )}
    </Listed>
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
  const register = async () => {
    const problemOf = await registerPasskey(person.id);
    setProblem(problemOf);
    if (problemOf === null) announce(`${person.name} has a new passkey`);
    onDone();
  };
  return (
    <>
      <button type="button" onClick={() => void register()}>
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

function Agents(): JSX.Element {
  return (
    <Listed<Agent> path="/v1/agents" nothing="No agent is registered yet.">
      {(items, reload) => (
        <Table caption="Agents" columns={["Agent", "Skills", "Zone", "Standing", "Change"]}>
          {items.map((agent) => (
            <tr key={agent.id}>
              <Cell label="Agent" class="lead">
                {agent.id}
              </Cell>
              <Cell label="Skills">{agent.skills.join(", ")}</Cell>
              <Cell label="Zone">{agent.zone}</Cell>
              <Cell label="Standing">
                {agent.banned ? <span class="badge tone-bad">✕ banned</span> : "in good standing"}
              </Cell>
              <Cell label="Change">
                <BanButton agent={agent} onDone={reload} />
              </Cell>
            </tr>
          ))}
        </Table>
      )}
    </Listed>
  );
}

function BanButton({ agent, onDone }: { agent: Agent; onDone: () => void }): JSX.Element {
  const [problem, setProblem] = useState<Problem | null>(null);
  const { id, skills, zone, family, banned } = agent;
  const change = async () => {
    const body = { id, skills, zone, banned: !banned, ...(family === undefined ? {} : { family }) };
    const answered = await ask("/v1/agents", { body });
    setProblem(answered.ok ? null : answered.error);
    if (answered.ok) announce(`${id} is ${banned ? "no longer banned" : "banned"}`);
    onDone();
  };
  return (
    <>
      <button type="button" onClick={() => void change()}>
        {banned ? `Lift the ban on ${id}` : `Ban ${id}`}
      </button>
      <ProblemNote problem={problem} />
    </>
  );
}

function Webhooks(): JSX.Element {
  return (
    <Listed<Webhook> path="/v1/webhooks" nothing="Nobody is told of anything yet.">
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
                {endpoint.disabledAt === null ? (
                  "in use"
                ) : (
                  <>
                    disabled <Moment at={endpoint.disabledAt} />
                  </>
                )}
              </Cell>
            </tr>
          ))}
        </Table>
      )}
    </Listed>
  );
}

function Deliveries({ id }: { id: string }): JSX.Element {
  const path = `/v1/webhooks/${encodeURIComponent(id)}/deliveries?limit=100`;
  return (
    <section aria-labelledby="deliveries">
      <h2 id="deliveries">Deliveries to {id}</h2>
      <Listed<Delivery> path={path} nothing="Nothing has been sent yet.">
        {(items) => (
          <Table
            caption="Deliveries, newest first"
            columns={["When", "What", "Outcome", "Status", "Detail"]}
          >
            {items.map((delivery) => (
              <tr key={delivery.id + String(delivery.attempt)}>
                <Cell label="When">
                  <Moment at={delivery.at} />
                </Cell>
                <Cell label="What">
                  {delivery.type}, attempt {delivery.attempt}
                </Cell>
                <Cell label="Outcome">
                  <Badge word={delivery.outcome} />
                </Cell>
                <Cell label="Status">{delivery.status}</Cell>
                <Cell label="Detail">{delivery.detail}</Cell>
              </tr>
            ))}
          </Table>
        )}
      </Listed>
    </section>
  );
}
