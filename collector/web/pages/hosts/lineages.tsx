import type { Me } from '../../../serve/action-bodies.ts';
import type { HostView, LineageView } from '../../../serve/estate.ts';
import { lineageOffers } from '../../../present/offers.ts';
import { AskButtons } from '../../parts/ask-buttons.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { CertificateLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Section } from '../../parts/section.tsx';
import { modeWords } from '../../../wording/words.ts';

interface LineagesProps {
  readonly host: HostView;
  readonly lineages: readonly LineageView[];
  readonly me: Me | undefined;
  readonly now: Now;
}

/** certbot's lineages of a host: their newest certificate, when it is renewed, and whether that would succeed today. */
export function Lineages({ host, lineages, me, now }: LineagesProps) {
  if (lineages.length === 0) return null;
  return (
    <Section id="lineages" title="Lineages" count={`${lineages.length}`}>
      <ul class="cards">
        {lineages.map((lineage) => (
          <li key={lineage.name} class="card">
            <p class="holder">
              <b>
                <Raw text={lineage.name} limit={200} />
              </b>
              {lineage.issued !== undefined && (
                <span>
                  <span class="quiet">newest</span> <CertificateLink fingerprint={lineage.issued} />
                </span>
              )}
              {lineage.renewal !== undefined && (
                <span>
                  <span class="quiet">renewal</span> <Moment instant={lineage.renewal.at} now={now} />
                </span>
              )}
              {lineage.autorenew === false && <span>renews by hand only</span>}
              {lineage.mode !== undefined && <span class="quiet">{modeWords[lineage.mode]}</span>}
            </p>
            <Rehearsed lineage={lineage} now={now} />
            <AskButtons
              agentId={host.agentId}
              hostName={host.name}
              offers={lineageOffers(host, lineage)}
              reason={`on the page of ${host.name}`.slice(0, 1000)}
              me={me}
            />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Rehearsed({ lineage: { rehearsal }, now }: { lineage: LineageView; now: Now }) {
  if (rehearsal === undefined) return <p class="quiet">Its renewal was not rehearsed.</p>;
  const { at, ok, reasons } = rehearsal;
  const [tone, word] =
    ok === undefined
      ? (['unknown', 'could not be told'] as const)
      : ok
        ? (['good', 'would renew'] as const)
        : (['warning', 'would fail'] as const);
  return (
    <div>
      <Mark tone={tone} word={word} />{' '}
      <span class="quiet">
        rehearsed <Moment instant={at} now={now} />
      </span>
      {reasons.length > 0 && (
        <ul class="plain-list">
          {reasons.map(({ check, detail }, index) => (
            <li key={index}>
              <span class="quiet">
                <Raw text={check} />:
              </span>{' '}
              <Raw text={detail} limit={1000} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
