import type { CertificateView } from '../../../serve/estate.ts';
import type { CertificateStory } from '../../../present/certificate-story.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import { Day, type Now } from '../../parts/moment.tsx';
import { CertificateLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Section } from '../../parts/section.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { issuerName } from '../../../wording/names.ts';
import { counted } from '../../../wording/words.ts';

/** Other certificates for one of its names: what came before it, beside it and after it. */
export function Relatives({ story: { relatives }, now }: { story: CertificateStory; now: Now }) {
  if (relatives.length === 0) return null;
  return (
    <Section id="relatives" title="Others for its names" count={`${relatives.length}`}>
      <Table
        name="relatives"
        caption="Other certificates for one of its names, newest first"
        columns={columns(now)}
        rows={relatives}
        keyOf={({ fingerprint }) => fingerprint}
      />
    </Section>
  );
}

function columns(now: Now): Column<CertificateView>[] {
  return [
    {
      title: 'Certificate',
      names: true,
      class: 'fingerprint plain',
      cell: ({ fingerprint }) => <CertificateLink fingerprint={fingerprint} />,
    },
    { title: 'Issued', class: 'instant', cell: ({ notBefore }) => <Day instant={notBefore} /> },
    { title: 'Validity', class: 'validity', cell: (one) => <LifeBar validity={one} now={now} brief /> },
    { title: 'Issuer', class: 'issuer', cell: ({ issuer }) => <Raw text={issuerName(issuer)} limit={120} /> },
    {
      title: 'Served by',
      class: 'served',
      cell: ({ endpoints }) => (endpoints.length === 0 ? 'nobody' : counted(endpoints.length, 'endpoint')),
    },
  ];
}
