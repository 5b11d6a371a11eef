/**
 * How a story shows a person deciding: the webhook arrives at their own process, they see what will
 * happen, they sign. Every claim comes from the person's process, not from the story.
 */
import { isRecord } from "../cli/api-client.ts";
import type { Stage } from "./hands.ts";
import { must, mustEqual } from "./must.ts";
import type { Teller } from "./terminal.ts";
import type { World } from "./world.ts";

/** Waits until the person's process has verified the request for `node` and posted a signed approval. */
export async function tellApproval(
  stage: Stage,
  teller: Teller,
  { person, node }: { readonly person: string; readonly node: string },
): Promise<void> {
  const child = stage.world.person(person);
  const name = stage.world.example.approvers.find(({ id }) => id === person)?.name ?? person;
  const asked = await child.next(
    (event) => event["nodeId"] === node || event.event === "approver.failed",
    `${person} receives the request for ${node}`,
  );
  mustEqual(
    asked.event,
    "webhook.verified",
    `${person} verifies the webhook (${String(asked["detail"])})`,
  );
  teller.line(`A webhook reaches ${name}. Signature verified, digest as the API says.`);
  const action = asked["action"];
  const what = isRecord(action)
    ? `${String(action["type"])} ${JSON.stringify(action["args"])}`
    : String(asked["title"]);
  teller.fact("will happen", what);
  teller.fact("risk", String(asked["risk"]));
  teller.fact("gate digest", `${String(asked["gateDigest"]).slice(0, 32)}…`);
  const posted = await child.next(
    (event) => event.event === "approval.posted" && event["nodeId"] === node,
    `${person} posts the signed approval of ${node}`,
  );
  const { status } = posted;
  must(status === 200, `${person}'s approval of ${node} is accepted`, posted);
  teller.good(`${name} signs exactly that with a key only they hold, and posts it.`);
  teller.fact("signed by key", String(posted["kid"]));
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
