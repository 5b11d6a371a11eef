/** The picture of a mission over HTTP: what it is served as, and that it follows the state. */
import { beforeAll, describe, expect, it } from "vitest";
import { layoutPicture, type PicturedMission, pictureToSvg } from "../../shared/picture/index.ts";
import { ROLES } from "../../worker/auth.ts";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";

const TEAM = "graph-team";
const reader = callerOf(TEAM, "approver");

beforeAll(async () => {
  await setUpTeam(TEAM);
});

describe("graph.svg", () => {
  it("is drawn from the state that its ETag names", async () => {
    const id = await openMission(TEAM);
    const before = await expectStatus(call(reader, "GET", `/v1/missions/${id}/graph.svg`), 200);
    await call(callerOf(TEAM, "agent"), "POST", `/v1/missions/${id}/nodes/decide/proposals`, {
      rationale: "x",
    });
    const after = await expectStatus(call(reader, "GET", `/v1/missions/${id}/graph.svg`), 200);
    const state = await expectStatus(call(reader, "GET", `/v1/missions/${id}`), 200);
    expect(after.headers.get("etag")).toBe(state.headers.get("etag"));
    expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
    expect(before.text).toContain("READY");
    expect(after.text).toContain("RUNNING");
    const view = state.body as unknown as PicturedMission;
    expect(after.text).toBe(pictureToSvg(layoutPicture(view)));
  });

  it("is served as a picture that may run and fetch nothing", async () => {
    const id = await openMission(TEAM);
    const { headers } = await call(reader, "GET", `/v1/missions/${id}/graph.svg`);
    expect(headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'unsafe-inline'",
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("is not drawn for another team", async () => {
    const id = await openMission(TEAM);
    const stranger = callerOf("other-graph-team", ...ROLES);
    const refused = await call(stranger, "GET", `/v1/missions/${id}/graph.svg`);
    expect(refused.body).toMatchObject({ status: 404, code: "mission_unknown" });
  });
});
