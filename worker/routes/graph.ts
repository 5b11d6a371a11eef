/**
 * A mission's graph as a picture, drawn from its state when it is asked for. Specification: docs/graph.md.
 */
import * as z from "zod";
import { MISSION_ID } from "../../shared/ids.ts";
import { layoutPicture, pictureToSvg } from "../../shared/picture/index.ts";
import { setEtag } from "../commands.ts";
import { ANY_ROLE, defineRoute } from "../contract.ts";
import { missionStub } from "../missions.ts";
import { rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

/** Opened by itself, a picture may style itself and do nothing else. */
const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'";

const graphRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/graph.svg",
  tag: "missions",
  summary: "The mission's graph as a picture",
  description:
    "States by outline, sign and word as well as colour; light and dark. Above 300 boxes what is done, and then every phase, is drawn as one box that says how many nodes are behind it.",
  audience: ANY_ROLE,
  params: z.object({ id: z.string().regex(MISSION_ID) }),
  etag: true,
  answers: { 200: { description: "The state at the ETag.", mediaType: "image/svg+xml" } },
  problems: ["mission_unknown"],
});

export const graphRoutes = createRouter();

graphRoutes.openapi(graphRoute, async (c) => {
  const { team } = c.get("principal");
  const read = await missionStub(c.env, team, c.req.valid("param").id).view(team);
  if (!read.ok) return rejectionResponse(c, read.error);
  setEtag(c, read.value.head);
  return c.body(pictureToSvg(layoutPicture(read.value.view)), 200, {
    "content-type": "image/svg+xml; charset=utf-8",
    "content-security-policy": PICTURE_POLICY,
  });
});
