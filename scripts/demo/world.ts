/**
 * The world a story plays in: the local system, the vendor, the people, the agents, each with its own
 * token. Everything after the start goes over the public API. Whatever is started here is stopped by
 * `stop`, in reverse order, also when the start itself fails.
 */
import { type ApiClient, createApiClient, isRecord } from "../cli/api-client.ts";
import { type Example, actionTypesOf, readExample } from "../local/example.ts";
import { type Role, mintToken } from "../local/keys.ts";
import { type Runtime, startRuntime } from "../local/runtime.ts";
import { type Child, startChild } from "./child.ts";
import { must, mustEqual, mustHave } from "./must.ts";
import type { Teller } from "./terminal.ts";
import type { VendorLedger } from "./vendor.ts";

export interface World {
  readonly example: Example;
  readonly runtime: Runtime;
  readonly operator: ApiClient;
  readonly admin: ApiClient;
  readonly auditor: ApiClient;
  agent(id: string): Promise<ApiClient>;
  person(id: string): Child;
  vendorLedger(): Promise<VendorLedger>;
  readonly vendorUrl: string;
  readonly stop: () => Promise<void>;
}

export interface WorldOptions {
  readonly example: string;
  /** `{ "action.type": { status, times } }`: what the vendor refuses at first. */
  readonly vendorFailures: Readonly<Record<string, { status: number; times: number }>>;
}

const TEAM = "acme";

/** Builds, starts and wires everything, and tells how long it took. */
export async function createWorld(options: WorldOptions, teller: Teller): Promise<World> {
  const example = readExample(options.example);
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let last = stops.pop(); last !== undefined; last = stops.pop()) await last();
  };
  try {
    const bundles = await teller.during("building the API worker and the gateway", build());
    const vendor = await startVendor(options);
    stops.push(vendor.stop);
    const runtime = await teller.during(
      "starting them with objects, database and queues",
      startRuntime({
        stateDir: null,
        port: 0,
        actions: actionsOf(example, vendor.url),
        egressAllowHosts: ["127.0.0.1"],
        bundles,
      }),
    );
    stops.push(runtime.stop);
    const people = await startPeople(example, runtime, stops);
    return createHands({ example, runtime, vendor, people, stop });
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** Loaded late: the build tools take half a second to load, and nothing else needs them. */
async function build() {
  const { buildBundles } = await import("../build.ts");
  return buildBundles();
}

function startVendor(options: WorldOptions): Promise<Child> {
  const failures = Object.fromEntries(
    Object.entries(options.vendorFailures).map(([type, failure]) => [`/${type}`, failure]),
  );
  return startChild("vendor.ts", { VENDOR_FAILURES: JSON.stringify(failures) });
}

/** The gateway's registry: each action of the plan is a POST to the vendor, which keeps Idempotency-Key. */
function actionsOf(example: Example, vendorUrl: string): Record<string, unknown> {
  return Object.fromEntries(
    actionTypesOf(example).map((type) => [
      type,
      {
        connector: "http",
        method: "POST",
        url: `${vendorUrl}/${type}`,
        idempotent: true,
        timeoutMs: 5_000,
      },
    ]),
  );
}

async function startPeople(
  example: Example,
  runtime: Runtime,
  stops: (() => Promise<void>)[],
): Promise<ReadonlyMap<string, Child>> {
  const started = await Promise.all(
    example.approvers.map(async (person): Promise<[string, Child]> => {
      const child = await startChild("approver.ts", {
        SEKISHO_URL: runtime.url,
        SEKISHO_TOKEN: await tokenOf(runtime, person.id, ["approver"]),
        PERSON: JSON.stringify({ id: person.id, name: person.name, groups: person.groups }),
      });
      stops.push(child.stop);
      return [person.id, child];
    }),
  );
  return new Map(started);
}

interface Parts {
  readonly example: Example;
  readonly runtime: Runtime;
  readonly vendor: Child;
  readonly people: ReadonlyMap<string, Child>;
  readonly stop: () => Promise<void>;
}

async function createHands({ example, runtime, vendor, people, stop }: Parts): Promise<World> {
  const hand = async (sub: string, roles: readonly Role[]) =>
    createApiClient(runtime.url, await tokenOf(runtime, sub, roles));
  return {
    example,
    runtime,
    operator: await hand("olivia.operator", ["operator"]),
    admin: await hand("ada.admin", ["admin"]),
    auditor: await hand("amir.auditor", ["auditor"]),
    agent: (id) => hand(id, ["agent"]),
    person: (id) => mustHave(people.get(id), `${id} is one of the example's approvers`),
    vendorUrl: vendor.url,
    async vendorLedger() {
      return (await (await fetch(`${vendor.url}/ledger`)).json()) as VendorLedger;
    },
    stop,
  };
}

function tokenOf(runtime: Runtime, sub: string, roles: readonly Role[]): Promise<string> {
  return mintToken(runtime.keys, { team: TEAM, sub, roles });
}

/** Registers agents, people and their webhook endpoints, as an admin does once. */
export async function registerTeam(world: World): Promise<void> {
  for (const agent of world.example.agents) {
    await post(world.admin, "/v1/agents", agent);
  }
  for (const person of world.example.approvers) {
    const child = world.person(person.id);
    const { id, name, groups } = person;
    await post(world.admin, "/v1/approvers", {
      id,
      name,
      groups,
      keys: [child.listening["publicJwk"]],
    });
    const webhook = await post(world.admin, "/v1/webhooks", {
      url: `${child.url}/`,
      events: ["approval.requested"],
    });
    const handedOver = await fetch(`${child.url}/sender`, {
      method: "POST",
      body: String(webhook["publicKey"]),
    });
    mustEqual(handedOver.status, 204, "the person has the key their webhooks are signed with");
  }
}

/** An operator proposes the example's policy; a person signs its activation. Answers the active version. */
export async function activatePolicy(world: World): Promise<{ version: string; by: string }> {
  const proposed = await post(world.operator, "/v1/policies", { document: world.example.policy });
  const version = String(proposed["version"]);
  const person = mustHave(world.example.approvers[0], "the example names an approver");
  const child = world.person(person.id);
  await fetch(`${child.url}/policy`, {
    method: "POST",
    body: JSON.stringify({ team: TEAM, version, policyHash: proposed["hash"] }),
  });
  const posted = await child.next(
    (event) => event.event === "policy.posted",
    "the policy is signed",
  );
  mustEqual(
    posted["status"],
    200,
    `the activation is accepted (${JSON.stringify(posted["answer"])})`,
  );
  const record = posted["answer"];
  must(isRecord(record) && record["state"] === "active", "the policy is active", record);
  return { version, by: person.name };
}

/** A POST that must succeed; the parsed body. */
export async function post(
  client: ApiClient,
  address: string,
  body: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const answered = await client.post(address, body);
  must(answered.ok, `POST ${address} is answered`, answered);
  const { status } = answered.value;
  must(status >= 200 && status < 300, `POST ${address} succeeds`, {
    status,
    body: answered.value.body,
  });
  must(isRecord(answered.value.body), `POST ${address} answers an object`, answered.value.text);
  return answered.value.body;
}

/** A GET that must succeed; the parsed body. */
export async function get(client: ApiClient, address: string): Promise<unknown> {
  const answered = await client.get(address);
  must(answered.ok, `GET ${address} is answered`, answered);
  must(answered.value.status === 200, `GET ${address} succeeds`, answered.value);
  return answered.value.body;
}
