/** What the addresses and bodies of the tenant and role matrix name, and names that belong to nobody. */

/** Things of a team, or of nobody, that addresses and bodies may name. */
export interface Things {
  readonly mission: string;
  readonly policy: string;
  readonly webhook: string;
  /** One that no other row asks for, because its own team may remove it. */
  readonly oldWebhook: string;
  readonly hook: string;
  readonly oldHook: string;
  readonly incident: string;
  readonly approver: string;
  /** Another approver, whom a test removes. */
  readonly leaver: string;
  readonly agent: string;
  readonly grant: string;
  readonly delegation: string;
}

export const NOBODYS: Things = {
  mission: "msn_01900000-0000-7000-8000-000000000000",
  policy: "pol_01900000-0000-7000-8000-000000000000",
  webhook: "whk_01900000-0000-7000-8000-000000000000",
  oldWebhook: "whk_01900000-0000-7000-8000-000000000001",
  hook: `hok_${"0".repeat(123)}`,
  oldHook: `hok_${"1".repeat(123)}`,
  incident: "INC#999999",
  approver: "nobody-here",
  leaver: "nobody-there",
  agent: "nobodys-agent",
  grant: "grt_01900000-0000-7000-8000-000000000000",
  delegation: `dlg_${"0".repeat(32)}`,
};
