/**
 * Plays a story from an empty machine to a proven trace, and stops everything it started, however it ends.
 * A difference is thrown with the step's name in front. Refuses to call a run good that it did not check.
 */
import { isRecord } from "../cli/api-client.ts";
import { openMission, type Stage } from "./hands.ts";
import { mustEqual } from "./must.ts";
import { tellProof } from "./proof.ts";
import type { Story, Summary } from "./story.ts";
import type { Teller } from "./terminal.ts";
import { type World, activatePolicy, createWorld, get, registerTeam } from "./world.ts";

/** Plays it all and answers what was found. `interrupted` stops the world in the middle of anything. */
export async function playStory(
  story: Story,
  teller: Teller,
  interrupted: AbortSignal,
): Promise<Summary> {
  const started = performance.now();
  teller.title(story.title, story.subtitle);
  const world = await createWorld(story, teller);
  // Stopping the world makes whatever is awaited fail, which is how an interrupted story ends.
  const stop = () => void world.stop();
  interrupted.addEventListener("abort", stop, { once: true });
  try {
    interrupted.throwIfAborted();
    return await playIn(world, story, teller, started);
  } finally {
    interrupted.removeEventListener("abort", stop);
    await world.stop();
  }
}

async function playIn(
  world: World,
  story: Story,
  teller: Teller,
  started: number,
): Promise<Summary> {
  let number = 0;
  const tell = async <T>(title: string, play: () => Promise<T>): Promise<T> => {
    number += 1;
    teller.step(number, title);
    try {
      return await play();
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`step ${number}, "${title}": ${said}`, { cause });
    }
  };
  await tell("The parties", () => tellParties(world, teller));
  const stage = await tell("The mission", () => tellOpening(world, teller));
  for (const step of story.steps) await tell(step.title, () => step.play(stage, teller));
  const proof = await tell("The proof", () => tellProof(stage, teller));
  const { received, distinct } = await world.vendorLedger();
  mustEqual({ received, distinct }, story.vendorExpects, "what the vendor saw in all");
  const incidents = (await get(world.auditor, `/v1/incidents?mission=${stage.missionId}`)) as {
    items: readonly { reasonCodes: readonly string[] }[];
  };
  return {
    example: story.example,
    missionId: stage.missionId,
    vendor: { received, distinct },
    incidents: incidents.items.flatMap(({ reasonCodes }) => reasonCodes).sort(),
    proof,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

async function tellParties(world: World, teller: Teller): Promise<void> {
  const { example, runtime } = world;
  teller.line("Each is a process of its own on loopback; they know each other by HTTP only.");
  teller.fact("Sekisho", runtime.url);
  teller.fact("vendor", `${world.vendorUrl}, counts every request that reaches it`);
  for (const { id, name, groups } of example.approvers) {
    teller.fact("approver", `${name} (${groups.join(", ")}), ${world.person(id).url}`);
  }
  teller.fact("agents", example.agents.map(({ id }) => id).join(", "));
  await registerTeam(world);
  teller.good("The admin registered agents, approvers' public keys and their webhooks.");
  const policy = await activatePolicy(world);
  teller.good(`${policy.by} signed the policy into force; what no rule names stays forbidden.`);
}

async function tellOpening(world: World, teller: Teller): Promise<Stage> {
  const { stage, opened } = await openMission(world);
  const { plan } = world.example.mission;
  teller.line(`"${plan.title}"`);
  teller.fact("mission", stage.missionId);
  teller.fact("plan hash", String(opened["planHash"]));
  for (const node of plan.nodes) {
    const what = `risk ${node.risk}, ${node.kind} by ${node.ownerX}`;
    teller.fact(node.id, `${what.padEnd(30)} ${node.title}`);
  }
  const ready = await get(world.operator, `/v1/missions/${stage.missionId}/ready`);
  const items = isRecord(ready) && Array.isArray(ready["items"]) ? ready["items"] : [];
  const names = items.filter(isRecord).map((item) => String(item["id"]));
  mustEqual(names, opened["ready"], "the ready set is the one the opening answered");
  teller.good(`Open. Ready now: ${names.join(", ")}.`);
  return stage;
}
