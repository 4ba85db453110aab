import type { Due } from '../../../present/due.ts';
import { type LimitUse, limitUses } from '../../../present/ca-limits.ts';
import { Mark } from '../../parts/mark.tsx';
import { Raw } from '../../parts/raw.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Section } from '../../parts/section.tsx';

/** What comes due at once, against what Let's Encrypt lets through. */
export function Limits({ dues }: { dues: readonly Due[] }) {
  return (
    <Section id="limits" title="Against the CA’s limits" count="Let’s Encrypt, the fullest window ahead">
      <Table
        name="limits"
        caption="Renewals ahead against the limits of Let’s Encrypt"
        columns={columns}
        rows={limitUses(dues)}
        keyOf={({ limit }) => limit.key}
      />
    </Section>
  );
}

const columns: Column<LimitUse>[] = [
  {
    title: 'Room',
    class: 'status plain',
    cell: ({ count, limit: { most } }) =>
      count > most ? (
        <Mark tone="critical" word="over" />
      ) : count * 2 > most ? (
        <Mark tone="warning" word="tight" />
      ) : (
        <Mark tone="good" word="enough" />
      ),
  },
  { title: 'Limit', names: true, class: 'limit plain', cell: ({ limit: { most, words } }) => `${most} ${words}` },
  { title: 'At most', class: 'version', cell: ({ count }) => count },
  {
    title: 'Beginning',
    class: 'instant',
    cell: ({ count, from }) => (count === 0 ? 'never' : new Date(from).toISOString().slice(0, 10)),
  },
  { title: 'Of', class: 'whose', cell: ({ subject }) => (subject === '' ? 'all' : <Raw text={subject} limit={120} />) },
];
