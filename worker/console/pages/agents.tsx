/** The team's agents: who they are, their ban, and the trust and grants that stand in for a person at low risk. */
import type { JSX } from "preact";
import type * as z from "zod";
import type { grantSchema, trustAnswerSchema } from "../../../shared/wire/trust-views.ts";
import { announce } from "../announce.ts";
import type { Agent } from "../answers.ts";
import { ask, useResource } from "../api.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Listed } from "../parts/listed.tsx";
import { Moment } from "../parts/moment.tsx";
import { Cell, Empty, Facts, ProblemNote, Table } from "../parts/page.tsx";
import { addressOf } from "../router.ts";

type Trust = z.output<typeof trustAnswerSchema>;
type Grant = z.output<typeof grantSchema>;

export function Agents(): JSX.Element {
  return (
    <Listed<Agent> path="/v1/agents" nothing="No agent is registered yet.">
      {(items, reload) => (
        <Table caption="Agents" columns={["Agent", "Skills", "Zone", "Standing", "Change"]}>
          {items.map((agent) => (
            <tr key={agent.id}>
              <Cell label="Agent" class="lead">
                <a href={addressOf(["settings", "agents", agent.id])}>{agent.id}</a>
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
  const { id, skills, zone, family, banned } = agent;
  const change = async () => {
    const body = { id, skills, zone, banned: !banned, ...(family === undefined ? {} : { family }) };
    const answered = await ask("/v1/agents", { body });
    if (!answered.ok) return answered.error;
    announce(`${id} is ${banned ? "no longer banned" : "banned"}`);
    onDone();
    return null;
  };
  return (
    <Confirm
      label={banned ? `Lift the ban on ${id}` : `Ban ${id}`}
      says={
        banned
          ? "It may propose again. What a mission banned it from stays closed to it."
          : "In every mission of the team, before the next gate and for every ticket that is not yet claimed. The ban can be lifted."
      }
      yes={banned ? "Lift the ban" : "Ban it"}
      onConfirm={change}
    />
  );
}

/** One agent: its trust with what moved it, and its grants. */
export function AgentPage({ id }: { id: string }): JSX.Element {
  return (
    <>
      <h2>{id}</h2>
      <TrustOf id={id} />
      <section aria-labelledby="grants">
        <h3 id="grants">Grants</h3>
        <Grants id={id} />
      </section>
    </>
  );
}

function TrustOf({ id }: { id: string }): JSX.Element {
  const address = `/v1/agents/${encodeURIComponent(id)}/trust`;
  const { data, problem, reload } = useResource<Trust>(address);
  const reset = async (reason: string) => {
    const answered = await ask(address, { body: { reason } });
    if (!answered.ok) return answered.error;
    announce(`The trust of ${id} starts over`);
    reload();
    return null;
  };
  if (data === null) {
    return problem === null ? <Empty loading>Nothing</Empty> : <ProblemNote problem={problem} />;
  }
  const { trust, updates } = data;
  return (
    <section aria-labelledby="trust">
      <h3 id="trust">Trust</h3>
      {trust === null ? (
        <p class="note tone-bad">
          <strong>What is stored cannot be believed.</strong> It authorizes nothing until somebody
          resets it.
        </p>
      ) : (
        <Facts
          items={[
            ["Score", trust.score.toFixed(2)],
            ["Streak", String(trust.streak)],
            ["Cooling down", trust.cooldownUntil && <Moment at={trust.cooldownUntil} />],
          ]}
        />
      )}
      <Confirm
        label={`Reset the trust of ${id}`}
        says="Score and streak start over, and what the agent has earned no longer authorizes anything."
        takesReason
        onConfirm={reset}
      />
      <TrustUpdates updates={updates} />
    </section>
  );
}

function TrustUpdates({ updates }: { updates: Trust["updates"] }): JSX.Element {
  if (updates.length === 0) return <p class="empty">Nothing has moved it yet.</p>;
  return (
    <Table
      caption="What moved it, newest first"
      columns={["When", "Outcome", "Moved by", "Score", "Where"]}
    >
      {updates.map((update) => (
        <tr key={update.number}>
          <Cell label="When">
            <Moment at={update.at} />
          </Cell>
          <Cell label="Outcome">{update.outcome.replaceAll("_", " ")}</Cell>
          <Cell label="Moved by">{update.deltaApplied.toFixed(2)}</Cell>
          <Cell label="Score">{update.trust.score.toFixed(2)}</Cell>
          <Cell label="Where">
            {update.missionId === null ? (
              `${update.by ?? ""}: ${update.reason ?? ""}`
            ) : (
              <a
                href={addressOf(["missions", update.missionId, "trace"], {
                  at: update.seq === null ? null : String(update.seq),
                })}
              >
                {update.nodeId ?? "mission"}
              </a>
            )}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

function Grants({ id }: { id: string }): JSX.Element {
  const address = `/v1/agents/${encodeURIComponent(id)}/grants`;
  const revoke = (grant: Grant, reload: () => void) => async (reason: string) => {
    const path = `${address}/${encodeURIComponent(grant.id)}/revocation`;
    const answered = await ask(path, { body: { reason } });
    if (!answered.ok) return answered.error;
    announce(`The grant for ${grant.actionType} is revoked`);
    reload();
    return null;
  };
  return (
    <Listed<Grant> path={address} nothing="It has no grant.">
      {(items, reload) => (
        <Table caption="Grants" columns={["For", "Up to risk", "Until", "Given", "State"]}>
          {items.map((grant) => (
            <tr key={grant.id}>
              <Cell label="For">
                <code>{grant.actionType}</code>
                {grant.zone === undefined ? null : ` in ${grant.zone}`}
              </Cell>
              <Cell label="Up to risk">{grant.riskMax}</Cell>
              <Cell label="Until">
                <Moment at={grant.expiresAt} />
              </Cell>
              <Cell label="Given">
                by {grant.issuedBy}: {grant.reason}
              </Cell>
              <Cell label="State">
                {grant.revoked === null ? (
                  <Confirm
                    label={`Revoke the grant for ${grant.actionType}`}
                    says="From the next gate on a person is asked again."
                    takesReason
                    onConfirm={revoke(grant, reload)}
                  />
                ) : (
                  `revoked by ${grant.revoked.by}: ${grant.revoked.reason}`
                )}
              </Cell>
            </tr>
          ))}
        </Table>
      )}
    </Listed>
  );
}
