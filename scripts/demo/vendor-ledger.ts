/**
 * Reading the vendor's ledger: whether a request that reached it asked for exactly this action. The
 * gateway sends the action's type and arguments with the mission, node, attempt and ticket they are for.
 */
import { isRecord } from "../cli/api-client.ts";
import type { Action } from "./hands.ts";
import { must, mustEqual } from "./must.ts";
import type { VendorRequest } from "./vendor.ts";

export function mustBeAsked(request: VendorRequest | undefined, action: Action): void {
  const body = request?.body;
  must(isRecord(body), "the vendor got a JSON object", request);
  mustEqual(body["action"], action.type, "the vendor got the approved action");
  mustEqual(body["args"], action.args, "the vendor got the approved arguments");
  mustEqual(body["ticket"], request?.idempotencyKey, "the idempotency key is the ticket's id");
}
