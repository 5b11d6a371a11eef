/**
 * What a dry run says of slices that other missions have: what the arbiters would answer, and nothing is asked
 * for. Source: docs/leases.md, "Asking without taking".
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  arbiterOf,
  becomes,
  checked,
  endGrant,
  finish,
  freshArtifact,
  opened,
  propose,
  sliceRow,
  SLICES,
  type Writer,
} from "../support/lease-writers.ts";
import { AGENT, freshMissionId, inside, TEAM } from "../support/mission-world.ts";
import { runInDurableObject } from "cloudflare:test";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

const WONDERING = { rationale: "just asking", action: null, agent: AGENT };

async function wonder({ stub }: Writer) {
  const explained = await stub.explain(TEAM, "write-0", WONDERING);
  if (!explained.ok) throw new Error(explained.error.reason);
  return explained.value.gateResult;
}

/** Every row of the arbiter, as text. */
async function rowsOf(artifact: string): Promise<string> {
  return runInDurableObject(SLICES.getByName(`${TEAM}/${artifact}`), (_instance, { storage }) =>
    JSON.stringify(
      ["slice", "waiter"].map((table) => storage.sql.exec(`SELECT * FROM ${table}`).toArray()),
    ),
  );
}

describe("a dry run for a slice", () => {
  it("that is free allows, and leaves it free", async () => {
    const artifact = freshArtifact();
    const writer = await opened(`${artifact}#jan`);
    expect(await wonder(writer)).toMatchObject({ verdict: "allow" });
    expect(await rowsOf(artifact)).toBe("[[],[]]");
    expect(await checked(writer)).toHaveLength(2);
  });

  it("that another mission holds pauses, names it, and joins no queue", async () => {
    const artifact = freshArtifact();
    const slice = `${artifact}#jan`;
    const [holder, writer] = [await opened(slice), await opened(slice)];
    await propose(holder);
    const before = await rowsOf(artifact);
    const said = await wonder(writer);
    expect(said).toMatchObject({
      verdict: "pause",
      reasons: [
        { code: "LEASE_HELD", detail: expect.stringContaining(holder.missionId) as string },
      ],
    });
    expect(await rowsOf(artifact)).toBe(before);
    await finish(holder);
    await vi.waitFor(async () => expect(await sliceRow(slice)).toMatchObject({ fence: null }));
    expect(await wonder(writer)).toMatchObject({ verdict: "allow" });
  });

  it("that is free and waited for pauses: who waits goes first", async () => {
    const slice = `${freshArtifact()}#jan`;
    const [holder, waiter, writer] = [
      await opened(slice),
      await opened(slice),
      await opened(slice),
    ];
    await propose(holder);
    await propose(waiter);
    await sliceRow(slice, (sql) => void sql.exec("UPDATE slice SET mission_id = NULL"));
    expect(await wonder(writer)).toMatchObject({
      reasons: [{ detail: expect.stringContaining(waiter.missionId) as string }],
    });
    expect(await wonder(waiter)).toMatchObject({ verdict: "allow" });
  });

  it("under a grant that is over says what its mission says, and takes nothing back", async () => {
    const artifact = freshArtifact();
    const slice = `${artifact}#jan`;
    const [holder, writer] = [await opened(slice), await opened(slice)];
    const lost = {
      missionId: freshMissionId(),
      nodeId: "n",
      sinceMs: null,
      slices: [{ slice, floor: 0 }],
    };
    await arbiterOf(artifact).acquire(lost);
    expect(await wonder(writer)).toMatchObject({ verdict: "pause" });
    await endGrant(slice);
    const before = await rowsOf(artifact);
    expect(await wonder(writer)).toMatchObject({ verdict: "allow" });
    expect(await rowsOf(artifact)).toBe(before);
    await propose(holder);
    await becomes(holder, "RUNNING");
    await endGrant(slice);
    expect(await wonder(writer)).toMatchObject({ verdict: "pause" });
  });

  it("whose arbiter cannot be reached blocks, as the gate would", async () => {
    const writer = await opened(`${freshArtifact()}#jan`);
    await inside(writer.stub, (_storage, instance) => {
      const holder = instance as unknown as { env: object };
      const gone = { peek: () => Promise.reject(new Error("gone")) };
      holder.env = { ...holder.env, SLICES: { getByName: () => gone } };
    });
    expect(await wonder(writer)).toMatchObject({
      verdict: "block",
      reasons: [{ code: "GATE_FAILURE", gate: "lease" }],
    });
  });
});
