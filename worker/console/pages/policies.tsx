/** The policy versions of the team, the newest first. */
import type { JSX } from "preact";
import type { ListOf, PolicyRecord } from "../answers.ts";
import { useResource } from "../api.ts";
import { Badge } from "../parts/badge.tsx";
import { Moment } from "../parts/moment.tsx";
import { Cell, Empty, Hash, Page, ProblemNote, Table } from "../parts/page.tsx";
import { addressOf } from "../router.ts";

const COLUMNS = ["Policy", "State", "Rules", "Proposed", "Activated"];

export function PoliciesPage(): JSX.Element {
  const { data, problem } = useResource<ListOf<PolicyRecord>>("/v1/policies", 10_000);
  const newestFirst =
    data?.items.toSorted((a, b) => b.proposedAt.localeCompare(a.proposedAt)) ?? [];
  return (
    <Page title="Policies">
      <ProblemNote problem={problem} />
      {newestFirst.length === 0 ? (
        problem === null && (
          <Empty loading={data === null}>No policy yet, so nothing is permitted.</Empty>
        )
      ) : (
        <Table caption="Policy versions" columns={COLUMNS}>
          {newestFirst.map((policy) => (
            <Row key={policy.version} policy={policy} />
          ))}
        </Table>
      )}
    </Page>
  );
}

function Row({ policy }: { policy: PolicyRecord }): JSX.Element {
  return (
    <tr>
      <Cell label="Policy" class="lead">
        <a href={addressOf(["policies", policy.version])}>{policy.document.name}</a>
        <Hash value={policy.version} chars={64} />
      </Cell>
      <Cell label="State">
        <Badge word={policy.state} />
      </Cell>
      <Cell label="Rules">{policy.document.rules.length}</Cell>
      <Cell label="Proposed">
        <Moment at={policy.proposedAt} /> by {policy.proposedBy}
      </Cell>
      <Cell label="Activated">
        {policy.activatedAt === null ? null : (
          <>
            <Moment at={policy.activatedAt} /> by {policy.activatedBy}
          </>
        )}
      </Cell>
    </tr>
  );
}
