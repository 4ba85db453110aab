import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { Estate } from '../serve/estate.ts';
import { type Needs as AllNeeds, needsOf } from './facts/needs.ts';
import { type Proof, proofOf, type Verdict as VerdictWords, verdictOf } from './facts/proof.ts';
import type { CollectorClock } from './live/collector-clock.ts';
import type { Connection, LiveEstate } from './live/follow-estate.ts';
import { showInTab } from './live/page-status.ts';
import type { Now } from './parts/moment.tsx';
import { Certificates } from './sections/certificates.tsx';
import { Endpoints } from './sections/endpoints.tsx';
import { Events } from './sections/events.tsx';
import { FirstHost } from './sections/first-host.tsx';
import { Foot } from './sections/foot.tsx';
import { Hosts } from './sections/hosts.tsx';
import { Listed } from './sections/listed.tsx';
import { Needs } from './sections/needs.tsx';
import { Tallies } from './sections/tallies.tsx';
import { TopBar } from './sections/top-bar.tsx';
import { Verdict } from './sections/verdict.tsx';

/** The whole page: what needs a person first, then everything that is known. */
export function StatusPage({ live, clock }: { live: LiveEstate; clock: CollectorClock }) {
  const filter = useSignal('');
  const known = useComputed(() => {
    const estate = live.estate.value;
    return estate && { estate, needs: needsOf(estate), proof: proofOf(estate) };
  });
  const verdict = useComputed(() => {
    const { value } = known;
    return value && verdictOf(value.needs, value.proof, live.connection.value);
  });
  useSignalEffect(() => showInTab(document, verdict.value, live.connection.value));
  const connection = live.connection.value;
  return (
    <>
      <TopBar live={live} filter={filter} now={clock.now} />
      <p class="unseen" role="status">
        {connection === 'lost' ? 'Connection lost, trying again. ' : ''}
        {verdict.value?.sentence}
      </p>
      {known.value === undefined || verdict.value === undefined ? (
        <main id="now" tabIndex={-1} class="waiting">
          <p>{connection === 'lost' ? 'The collector does not answer. Trying again.' : 'Asking the collector…'}</p>
        </main>
      ) : (
        <KnownPage
          known={known.value}
          verdict={verdict.value}
          connection={connection}
          filter={filter.value.trim()}
          now={clock.now}
        />
      )}
      {known.value !== undefined && <Foot collector={known.value.estate.collector} clock={clock} />}
    </>
  );
}

interface Known {
  readonly estate: Estate;
  readonly needs: AllNeeds;
  readonly proof: Proof;
}

interface KnownPageProps {
  readonly known: Known;
  readonly verdict: VerdictWords;
  readonly connection: Connection;
  readonly filter: string;
  readonly now: Now;
}

function KnownPage({ known: { estate, needs, proof }, verdict, connection, filter, now }: KnownPageProps) {
  return (
    <main id="now" tabIndex={-1}>
      <section class="column now" aria-label="What needs a person">
        <Verdict verdict={verdict} proof={proof} connection={connection} estateAt={estate.at} now={now} />
        <Needs needs={needs} now={now} />
        {estate.hosts.length === 0 ? <FirstHost /> : <Tallies estate={estate} proof={proof} now={now} />}
      </section>
      {estate.hosts.length > 0 && (
        <>
          <div class="column">
            <Hosts hosts={estate.hosts} filter={filter} now={now} />
            <Endpoints endpoints={estate.endpoints} filter={filter} now={now} />
          </div>
          <div class="column">
            <Certificates estate={estate} filter={filter} now={now} />
            {estate.listed.length > 0 && <Listed estate={estate} filter={filter} />}
            <Events events={estate.events} filter={filter} now={now} />
          </div>
        </>
      )}
    </main>
  );
}
