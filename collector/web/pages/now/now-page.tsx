import { verdictOf } from '../../../present/proof.ts';
import type { PageProps } from '../../pages.ts';
import { Events } from '../../parts/events.tsx';
import { FirstHost } from './first-host.tsx';
import { Needs } from '../../parts/needs.tsx';
import { Tallies } from './tallies.tsx';
import { Verdict } from './verdict.tsx';

/** What needs a person, most urgent first; if nothing does, the proof. */
export function Page({ known: { estate, needs, proof }, connection, now, me }: PageProps) {
  const verdict = verdictOf(needs, proof, connection);
  return (
    <>
      <section class="column now" aria-label="What needs a person">
        <Verdict verdict={verdict} proof={proof} connection={connection} estateAt={estate.at} now={now} />
        <Needs needs={needs} now={now} me={me} />
        {estate.hosts.length === 0 ? <FirstHost /> : <Tallies estate={estate} proof={proof} now={now} />}
      </section>
      {estate.hosts.length > 0 && (
        <div class="column">
          <Events events={estate.events} now={now} />
        </div>
      )}
    </>
  );
}
