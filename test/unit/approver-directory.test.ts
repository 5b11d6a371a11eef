/** The rules of the approver directory that need no database: hours by the wall clock, and changes. */
import { describe, expect, test } from "vitest";
import {
  type ApprovalHours,
  approvalHoursSchema,
  isWithinHours,
} from "../../shared/approval/index.ts";
import { changeApprover, isCounterSound } from "../../shared/team/index.ts";
import { isoToUnixMs } from "../../shared/time.ts";
import { approvalNode, keyPair, person, plan } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import { approves, denies, given } from "../support/scenario.ts";

const OFFICE: ApprovalHours = {
  timeZone: "Europe/Berlin",
  days: [1, 2, 3, 4, 5],
  from: "09:00",
  to: "17:00",
};
const NIGHT: ApprovalHours = { ...OFFICE, days: [5, 6], from: "22:00", to: "06:00" };

const within = (hours: ApprovalHours, at: string) => isWithinHours(hours, isoToUnixMs(at) ?? 0);

describe("approval hours", () => {
  test.each([
    ["on a winter morning, one hour from UTC", "2026-01-05T08:00:00.000Z", true],
    ["a millisecond before", "2026-01-05T07:59:59.999Z", false],
    ["on a summer morning, two hours from UTC", "2026-07-06T07:00:00.000Z", true],
    ["in summer at the winter's hour of closing", "2026-07-06T15:30:00.000Z", false],
    ["the last minute", "2026-01-05T15:59:59.999Z", true],
    ["the hour of closing itself", "2026-01-05T16:00:00.000Z", false],
    ["a Saturday", "2026-01-10T10:00:00.000Z", false],
    ["the Friday before summer time", "2026-03-27T08:00:00.000Z", true],
    ["the Monday after, an hour earlier by UTC", "2026-03-30T07:00:00.000Z", true],
    ["the Monday after, too early by UTC", "2026-03-30T06:59:59.999Z", false],
    ["the Monday after winter time came", "2026-10-26T08:00:00.000Z", true],
    ["the Monday after winter time came, at the summer's hour", "2026-10-26T07:00:00.000Z", false],
  ])("by the wall clock: %s", (_what, at, expected) => {
    expect(within(OFFICE, at)).toBe(expected);
  });

  test("an hour that summer time leaves out does not exist", () => {
    const early = { ...OFFICE, days: [7], from: "02:00", to: "03:00" };
    // 2026-03-29: the clock goes from 01:59 to 03:00 at 01:00 UTC.
    for (let minute = 0; minute < 24 * 60; minute += 10) {
      const at = (isoToUnixMs("2026-03-28T23:00:00.000Z") ?? 0) + minute * 60_000;
      expect(isWithinHours(early, at)).toBe(false);
    }
  });

  test("an hour that winter time repeats counts twice", () => {
    const early = { ...OFFICE, days: [7], from: "02:00", to: "03:00" };
    // 2026-10-25: the clock goes back from 03:00 to 02:00 at 01:00 UTC.
    expect(within(early, "2026-10-25T00:30:00.000Z")).toBe(true);
    expect(within(early, "2026-10-25T01:30:00.000Z")).toBe(true);
    expect(within(early, "2026-10-25T02:00:00.000Z")).toBe(false);
  });

  test.each([
    ["Friday night", "2026-01-09T21:00:00.000Z", true],
    ["the early hours after it", "2026-01-10T04:59:00.000Z", true],
    ["the hour of closing", "2026-01-10T05:00:00.000Z", false],
    ["Sunday's early hours, of Saturday", "2026-01-11T04:00:00.000Z", true],
    ["Sunday night", "2026-01-11T22:00:00.000Z", false],
    ["Monday's early hours, of Sunday", "2026-01-12T04:00:00.000Z", false],
  ])("over midnight belong to the day they begin on: %s", (_what, at, expected) => {
    expect(within(NIGHT, at)).toBe(expected);
  });

  test("where the day is another one than in UTC are of the day there", () => {
    const auckland = { ...OFFICE, timeZone: "Pacific/Auckland", days: [1] };
    expect(within(auckland, "2026-01-04T21:00:00.000Z")).toBe(true);
    expect(within(auckland, "2026-01-05T21:00:00.000Z")).toBe(false);
  });

  test.each([
    ["a zone nobody knows", { timeZone: "Mars/Olympus" }],
    ["an offset, which knows no summer time", { timeZone: "+01:00" }],
    ["a day twice", { days: [1, 1] }],
    ["an eighth day", { days: [8] }],
    ["a time that is none", { from: "24:00" }],
  ])("refuse %s", (_what, changes) => {
    expect(approvalHoursSchema.safeParse({ ...OFFICE, ...changes }).success).toBe(false);
  });

  test("bind approving and leave denying free", () => {
    const ann = person("ann", { hours: { ...OFFICE, days: [1] } });
    // The tests' first day is a Thursday.
    const compiled = plan([approvalNode("sign")]);
    given(openMission(compiled))
      .when(approves(1, "sign", ann))
      .rejects("approver_not_permitted", {
        detail: "ann approves on days 1 from 09:00 to 17:00 Europe/Berlin",
      });
    given(openMission(compiled))
      .when(denies(1, "sign", ann))
      .yields({ type: "approval.denied" });
  });
});

describe("changing a person", () => {
  const { facts: ann } = person("ann", { keyNames: ["ann", "ann-2"], hours: OFFICE });
  const [first, second] = ann.keys;

  test("leaves alone what is not named", () => {
    expect(changeApprover(ann, { groups: ["board"] })).toEqual({
      ok: true,
      value: { ...ann, groups: ["board"] },
    });
  });

  test("takes hours away with null, and break-glass with false", () => {
    const { hours: _hours, ...anytime } = ann;
    expect(
      changeApprover({ ...ann, breakGlass: true }, { hours: null, breakGlass: false }),
    ).toEqual({
      ok: true,
      value: anytime,
    });
  });

  test("rotates a key in one step", () => {
    const changed = changeApprover(ann, {
      addKeys: [keyPair("ann-3").publicJwk],
      removeKeys: [first?.kid ?? ""],
    });
    expect(changed.ok && changed.value.keys.map(({ kid }) => kid)).toEqual([
      second?.kid,
      keyPair("ann-3").kid,
    ]);
  });

  test.each([
    ["a key they do not have", { removeKeys: ["none"] }],
    ["a key they have already", { addKeys: [keyPair("ann").publicJwk] }],
    ["a ninth key", { addKeys: [1, 2, 3, 4, 5, 6, 7].map((n) => keyPair(`more ${n}`).publicJwk) }],
  ])("refuses %s", (_what, changes) => {
    expect(changeApprover(ann, changes)).toMatchObject({
      ok: false,
      error: { reason: "approver_not_permitted" },
    });
  });
});

describe("an authenticator's counter", () => {
  const stored = { signCount: 5, signature: "a" };

  test.each([
    ["rises", stored, { signCount: 6, signature: "b" }, true],
    ["stands still", stored, { signCount: 5, signature: "b" }, false],
    ["falls", stored, { signCount: 4, signature: "b" }, false],
    ["stops counting", stored, { signCount: 0, signature: "b" }, false],
    ["never counted", { signCount: 0, signature: "a" }, { signCount: 0, signature: "b" }, true],
    ["is of the same answer again", stored, { signCount: 5, signature: "a" }, true],
  ])("that %s is believed or not", (_what, before, shown, expected) => {
    expect(isCounterSound(before, shown)).toBe(expected);
  });
});
