/**
 * How a story shows people deciding: the webhook arrives at their own processes, they see what will
 * happen, they sign. Every claim comes from a person's process, not from the story.
 */
import { isRecord } from "../cli/api-client.ts";
import { cell } from "../cli/print.ts";
import type { ApprovalOutcome } from "./approver.ts";
import type { ChildEvent } from "./child.ts";
import { type Stage, describeAction } from "./hands.ts";
import { must, mustEqual } from "./must.ts";
import type { Teller } from "./terminal.ts";
import type { World } from "./world.ts";

export interface Asked {
  readonly node: string;
  /** Everybody whose group the request goes to. */
  readonly people: readonly string[];
  /** How many of them it takes; who comes later finds the request closed. */
  readonly quorum: number;
}

/** Waits until everybody asked has verified the request for `node`, and enough have signed it. */
export async function tellApproval(
  stage: Stage,
  teller: Teller,
  { node, people, quorum }: Asked,
): Promise<void> {
  const settled = await Promise.all(people.map((person) => outcomeOf(stage.world, person, node)));
  const signed = settled.filter(({ outcome }) => outcome === "signed");
  mustEqual(signed.length, quorum, `as many people signed for ${node} as it takes`);
  const names = (found: readonly Settled[]) => found.map(({ name }) => name).join(" and ");
  const asked = signed[0]?.asked ?? null;
  must(asked !== null, "a signer had verified the webhook", settled);
  teller.line(`A webhook reaches ${names(settled)}. Signature verified, digest as the API says.`);
  teller.fact("will happen", whatWillHappen(asked));
  teller.fact("risk", cell(asked["risk"]));
  teller.fact("gate digest", cell(asked["gateDigest"]));
  teller.good(
    `${names(signed)} ${signed.length === 1 ? "signs exactly that and posts" : "sign exactly that and post"} it.`,
  );
  for (const { end } of signed) teller.fact("signed by key", cell(end["kid"]));
}

interface Settled {
  readonly name: string;
  /** What they saw before signing; null when the request was closed before they looked. */
  readonly asked: ChildEvent | null;
  readonly end: ChildEvent;
  readonly outcome: ApprovalOutcome;
}

/** One person's part, from the webhook at their door to its end. */
async function outcomeOf(world: World, person: string, node: string): Promise<Settled> {
  const child = world.person(person);
  const next = async (claim: string) => {
    const event = await child.next(
      (found) => found["nodeId"] === node || found.event === "approver.failed",
      claim,
    );
    must(event.event !== "approver.failed", claim, event["detail"]);
    return event;
  };
  const name = world.example.approvers.find(({ id }) => id === person)?.name ?? person;
  const first = await next(`${name} receives the request for ${node}`);
  const hasEnded = first.event === "approval.settled";
  const end = hasEnded ? first : await next(`${name} decides on ${node}`);
  const outcome = end["outcome"] as ApprovalOutcome;
  must(outcome !== "refused", `${name}'s approval of ${node} is accepted`, end["answered"]);
  return { name, asked: hasEnded ? null : first, end, outcome };
}

function whatWillHappen(asked: ChildEvent): string {
  const action = asked["action"];
  if (!isRecord(action)) return cell(asked["title"]);
  const args = isRecord(action["args"]) ? action["args"] : {};
  return describeAction({ type: cell(action["type"]), args });
}

/** Somebody who is not Sekisho writes to the person's webhook address; their process must refuse it. */
export async function tellForgery(world: World, teller: Teller, person: string): Promise<void> {
  const child = world.person(person);
  const response = await fetch(child.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": `msg_${"0".repeat(32)}`,
      "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
      "webhook-signature": `v1a,${Buffer.alloc(64).toString("base64")}`,
    },
    body: JSON.stringify({ type: "sekisho.approval.requested", data: {} }),
  });
  mustEqual(response.status, 401, "a forged webhook is refused");
  await child.next((event) => event.event === "webhook.refused", "the person's process says so");
  teller.refused(
    "Somebody else writes to the approver's webhook address.",
    "refused there: the signature is not Sekisho's",
  );
}
