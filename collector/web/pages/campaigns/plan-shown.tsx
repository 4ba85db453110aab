import type { PlanAnswer } from '../../../serve/campaigns/views.ts';
import { Shape } from '../../parts/mark.tsx';
import { Raw } from '../../parts/raw.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { leftOutWords } from '../../../wording/campaigns.ts';

type Member = PlanAnswer['members'][number];
type LeftOut = PlanAnswer['leftOut'][number];

/** A plan: whom it touches, in which waves, what is left out and why, and what to know before. */
export function PlanShown({ plan }: { plan: PlanAnswer }) {
  const { radius, members, leftOut, leftOutTotal, cautions, domains, limits } = plan;
  const crowded = domains.filter((one) => one.members + one.issuedInWeek > limits.perDomainWeek);
  const figures = [
    ['certificates', radius.certificates],
    ['lineages', radius.lineages],
    ['hosts', radius.hosts],
    ['endpoints', radius.endpoints],
    ['names', radius.names],
    ['owners', radius.owners.length],
    ['not by an agent', leftOutTotal],
  ] as const;
  return (
    <>
      <dl class="report-figures">
        {figures.map(([words, value]) => (
          <div key={words}>
            <dt>{words}</dt>
            <dd>{value.toLocaleString('en-GB')}</dd>
          </div>
        ))}
      </dl>
      {cautions.map((caution) => (
        <p key={caution} class="caution">
          <Shape tone="warning" /> {caution}
        </p>
      ))}
      {crowded.map(({ domain, issuer, members: wanted, issuedInWeek }) => (
        <p key={JSON.stringify([domain, issuer])} class="caution">
          <Shape tone="notice" /> <Raw text={domain} limit={100} />: {wanted} wanted and {issuedInWeek} issued in seven
          days by <Raw text={issuer} limit={100} />, of {limits.perDomainWeek}: it waits once that is reached.
        </p>
      ))}
      {members.length > 0 && (
        <Table
          name="planned"
          caption="What would be replaced, in this order"
          columns={memberColumns}
          rows={members}
          keyOf={({ agentId, lineage }) => JSON.stringify([agentId, lineage])}
        />
      )}
      {leftOut.length > 0 && (
        <>
          <h3>Fits, and is not replaced by its agent</h3>
          <Table
            name="left-out"
            caption="What no agent replaces, and why"
            columns={leftOutColumns}
            rows={leftOut}
            keyOf={({ where, lineage, fingerprint, reason }) => JSON.stringify([where, lineage, fingerprint, reason])}
          />
        </>
      )}
    </>
  );
}

const memberColumns: readonly Column<Member>[] = [
  { title: 'Wave', class: 'wave', cell: ({ wave }) => wave },
  { title: 'Lineage', class: 'what', names: true, cell: (one) => <Whose {...one} /> },
  { title: 'Owner', class: 'owner', cell: ({ owner }) => (owner === undefined ? '' : <Raw text={owner} limit={60} />) },
  { title: 'Key', class: 'kind', cell: ({ key }) => <Raw text={key} limit={40} /> },
  { title: 'Issued', class: 'day', cell: ({ notBefore }) => notBefore.slice(0, 10) },
  { title: 'Ends', class: 'day', cell: ({ notAfter }) => notAfter.slice(0, 10) },
  { title: 'Places', class: 'served', cell: ({ places }) => places.length },
];

/** A lineage on its host, with the names that it stands for. */
export function Whose({ lineage, hostName, names }: Pick<Member, 'lineage' | 'hostName' | 'names'>) {
  return (
    <>
      <Raw text={lineage} limit={80} />{' '}
      <span class="quiet">
        on <Raw text={hostName} limit={80} />: <Raw text={names[0] ?? ''} limit={100} />
        {names.length > 1 && ` and ${names.length - 1} more`}
      </span>
    </>
  );
}

const leftOutColumns: readonly Column<LeftOut>[] = [
  { title: 'Why', class: 'state', cell: ({ reason }) => leftOutWords[reason] },
  {
    title: 'Where',
    class: 'what',
    names: true,
    cell: ({ where, lineage, names }) => (
      <>
        <Raw text={where} limit={100} />{' '}
        <span class="quiet">
          {lineage !== undefined && <Raw text={`${lineage}: `} limit={80} />}
          <Raw text={names[0] ?? ''} limit={100} />
        </span>
      </>
    ),
  },
  { title: 'What to do', class: 'cause', cell: ({ detail }) => <Raw text={detail} limit={300} /> },
];
