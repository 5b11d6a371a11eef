/**
 * Ids, times and limits: each spelled one way, and read back only from that spelling.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createUuidV7,
  deliveryId,
  evidenceId,
  incidentId,
  MISSION_ID,
  missionId,
  NODE_ID,
  parseIncidentId,
  POLICY_ID,
  policyId,
  PROPOSAL_ID,
  proposalId,
  TICKET_ID,
  ticketId,
  WEBHOOK_ID,
  webhookId,
} from "../../shared/ids.ts";
import { Breach } from "../../shared/invariant.ts";
import { LIMITS } from "../../shared/limits.ts";
import { isoToUnixMs, unixMsToIso } from "../../shared/time.ts";

const MS_MAX = 2 ** 48 - 1;
const YEAR_9999_END_MS = 253_402_300_799_999;

describe("uuid version 7", () => {
  test("the example of RFC 9562 appendix A.6 comes out digit for digit", () => {
    const random = Uint8Array.of(0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f);
    expect(createUuidV7(0x017f22e279b0, random)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  });

  test("every time and randomness give a version 7 id of the right variant", () => {
    const inputs = [
      fc.nat({ max: MS_MAX }),
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
    ] as const;
    fc.assert(
      fc.property(...inputs, (ms, random) => {
        expect(missionId(createUuidV7(ms, random))).toMatch(MISSION_ID);
      }),
      { verbose: true },
    );
  });

  test("a later id sorts behind an earlier one whatever the randomness", () => {
    const random = fc.uint8Array({ minLength: 10, maxLength: 10 });
    const time = fc.nat({ max: MS_MAX - 1 });
    fc.assert(
      fc.property(time, random, random, (ms, first, second) => {
        expect(createUuidV7(ms, first) < createUuidV7(ms + 1, second)).toBe(true);
      }),
      { verbose: true },
    );
  });

  test("74 of the 80 random bits reach the id", () => {
    const zero = createUuidV7(0, new Uint8Array(10));
    const seen = new Set<string>();
    for (let bit = 0; bit < 80; bit += 1) {
      const random = new Uint8Array(10);
      random[bit >> 3] = 1 << (bit & 7);
      const uuid = createUuidV7(0, random);
      if (uuid !== zero) seen.add(uuid);
    }
    expect(seen.size).toBe(74);
  });

  test("a time beyond 48 bits or a wrong count of random bytes is a breach", () => {
    expect(() => createUuidV7(MS_MAX + 1, new Uint8Array(10))).toThrow(Breach);
    expect(() => createUuidV7(-1, new Uint8Array(10))).toThrow(Breach);
    expect(() => createUuidV7(0.5, new Uint8Array(10))).toThrow(Breach);
    expect(() => createUuidV7(0, new Uint8Array(9))).toThrow(Breach);
    expect(() => createUuidV7(0, new Uint8Array(16))).toThrow(Breach);
  });
});

describe("prefixed ids", () => {
  const uuid = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
  const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  test("each kind has its own prefix and matches its own regex only", () => {
    const ids = {
      mission: [missionId(uuid), MISSION_ID],
      proposal: [proposalId(uuid), PROPOSAL_ID],
      policy: [policyId(uuid), POLICY_ID],
      webhook: [webhookId(uuid), WEBHOOK_ID],
      ticket: [ticketId(hash.slice(0, 32)), TICKET_ID],
    } as const;
    for (const [kind, [id]] of Object.entries(ids)) {
      const matching = Object.entries(ids).filter(([, [, regex]]) => regex.test(id));
      expect(matching.map(([name]) => name)).toEqual([kind]);
    }
  });

  test("evidence and delivery ids are cut from the hash they name", () => {
    expect(evidenceId(hash)).toBe("evd_ba7816bf8f01cfea414140de5d");
    expect(deliveryId(hash)).toBe("msg_ba7816bf8f01cfea414140de5dae2223");
  });

  test("a maker given a wrong part breaches", () => {
    expect(() => missionId(uuid.toUpperCase())).toThrow(Breach);
    expect(() => missionId("017f22e2-79b0-4cc3-98c4-dc0c0c07398f")).toThrow(Breach);
    expect(() => ticketId(hash)).toThrow(Breach);
    expect(() => evidenceId(hash.slice(1))).toThrow(Breach);
    expect(() => deliveryId(hash.toUpperCase())).toThrow(Breach);
  });

  test("a regex takes the whole text, a trailing newline included", () => {
    expect(MISSION_ID.test(`${missionId(uuid)}\n`)).toBe(false);
    expect(MISSION_ID.test(` ${missionId(uuid)}`)).toBe(false);
    expect(MISSION_ID.test(missionId(uuid).toUpperCase())).toBe(false);
  });
});

describe("node ids", () => {
  test.each(["a", "0", "execute", "n-1.2_3", "constructors", "a".repeat(64)])(
    "%j is a node id",
    (id) => expect(NODE_ID.test(id)).toBe(true),
  );

  test.each([
    "",
    "__proto__",
    "constructor",
    "prototype",
    "-a",
    ".a",
    "_a",
    "A",
    "a b",
    "a\n",
    "é",
    "a".repeat(65),
  ])("%j is no node id", (id) => expect(NODE_ID.test(id)).toBe(false));
});

describe("incident ids", () => {
  test("numbers are padded to six digits and grow beyond", () => {
    expect(incidentId(1)).toBe("INC#000001");
    expect(incidentId(999_999)).toBe("INC#999999");
    expect(incidentId(1_000_000)).toBe("INC#1000000");
  });

  test("every number comes back from its id", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (n) => {
        expect(parseIncidentId(incidentId(n))).toBe(n);
      }),
      { verbose: true },
    );
  });

  test.each([
    "INC#0000001",
    "INC#000000",
    "INC#1",
    "inc#000001",
    "INC#00001a",
    "INC#000001 ",
    "INC#9007199254740992",
    "",
  ])("%j is no incident id", (text) => expect(parseIncidentId(text)).toBeNull());

  test("numbers below one are a breach", () => {
    expect(() => incidentId(0)).toThrow(Breach);
    expect(() => incidentId(1.5)).toThrow(Breach);
  });
});

describe("times", () => {
  test("every millisecond of the years 0000 to 9999 survives the round trip", () => {
    const time = fc.integer({ min: -62_167_219_200_000, max: YEAR_9999_END_MS });
    fc.assert(
      fc.property(time, (ms) => {
        expect(isoToUnixMs(unixMsToIso(ms))).toBe(ms);
      }),
      { verbose: true },
    );
  });

  test("the format is fixed", () => {
    expect(unixMsToIso(0)).toBe("1970-01-01T00:00:00.000Z");
    expect(unixMsToIso(YEAR_9999_END_MS)).toBe("9999-12-31T23:59:59.999Z");
    expect(isoToUnixMs("2024-02-29T23:59:59.999Z")).toBe(1_709_251_199_999);
  });

  test.each([
    "2026-02-29T00:00:00.000Z",
    "2026-02-30T00:00:00.000Z",
    "2026-04-31T00:00:00.000Z",
    "2026-00-10T00:00:00.000Z",
    "2026-13-01T00:00:00.000Z",
    "2026-01-00T00:00:00.000Z",
    "2026-01-01T24:00:00.000Z",
    "2026-01-01T23:60:00.000Z",
    "2016-12-31T23:59:60.000Z",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.0000Z",
    "2026-01-01T00:00:00.000+00:00",
    "2026-01-01 00:00:00.000Z",
    "2026-01-01t00:00:00.000z",
    " 2026-01-01T00:00:00.000Z",
    "2026-01-01T00:00:00.000Z\n",
    "",
  ])("%j is refused", (text) => expect(isoToUnixMs(text)).toBeNull());

  test("a time that is no whole millisecond or out of range is a breach", () => {
    for (const ms of [0.5, Number.NaN, Number.POSITIVE_INFINITY, YEAR_9999_END_MS + 1]) {
      expect(() => unixMsToIso(ms)).toThrow(Breach);
    }
  });
});

describe("limits", () => {
  test("ours lie below the platform's, and what is stored fits where it is stored", () => {
    const platformQueueBytes = 128_000;
    const platformRowBytes = 2_000_000;
    expect(LIMITS.queueMessageBytesMax).toBeLessThan(platformQueueBytes);
    expect(LIMITS.journalRowBytesMax).toBeLessThan(platformRowBytes);
    expect(LIMITS.planBytesMax).toBeLessThan(platformRowBytes);
    expect(LIMITS.argsBytesMax).toBeLessThan(LIMITS.queueMessageBytesMax);
    expect(LIMITS.evidenceBytesMax).toBeLessThan(LIMITS.journalRowBytesMax);
    expect(LIMITS.planBytesMax).toBeLessThan(LIMITS.bodyBytesMax);
    expect(LIMITS.jsonDepthMax).toBeLessThan(LIMITS.eventDepthMax);
    expect(LIMITS.eventDepthMax).toBeLessThan(LIMITS.canonicalDepthMax);
    expect(LIMITS.attemptsDefault).toBeLessThanOrEqual(LIMITS.attemptsMax);
  });
});
