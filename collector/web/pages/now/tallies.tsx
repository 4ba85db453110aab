import type { Estate } from '../../../serve/estate.ts';
import { nextToEnd, type Proof } from '../../../present/proof.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import { Shape } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { namesOf } from '../../../wording/names.ts';
import { counted, endpointStatuses, endpointTone, hostStatuses, hostTone, type Tone } from '../../../wording/words.ts';

/** The estate at a glance: how many there are, in which state, and what comes next. */
export function Tallies({ estate, proof, now }: { estate: Estate; proof: Proof; now: Now }) {
  const endpoints = endpointStatuses.map((word) => ({ word, count: proof.endpoints[word], tone: endpointTone[word] }));
  const hosts = hostStatuses.map((word) => ({ word, count: proof.hosts[word], tone: hostTone[word] }));
  return (
    <ul class="tallies">
      <Tally section="endpoints" one="endpoint" parts={endpoints} total={proof.endpointCount} />
      <Tally section="hosts" one="host" parts={hosts} total={proof.hostCount} />
      <Ahead estate={estate} now={now} />
    </ul>
  );
}

interface Part {
  readonly word: string;
  readonly count: number;
  readonly tone: Tone;
}

interface TallyProps {
  readonly section: string;
  readonly one: string;
  readonly parts: readonly Part[];
  readonly total: number;
}

function Tally({ section, one, parts, total }: TallyProps) {
  const present = parts.filter(({ count }) => count > 0);
  const widths = present.map(({ count }) => (count / total) * 100);
  return (
    <li class="tally">
      <p class="figure">
        <a href={`/${section}`}>
          <b>{total}</b> {total === 1 ? one : `${one}s`}
        </a>
      </p>
      <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        {present.map(({ word, tone }, index) => (
          <rect
            key={word}
            class={tone}
            x={widths.slice(0, index).reduce((sum, width) => sum + width, 0)}
            width={widths[index]}
            height="4"
          />
        ))}
      </svg>
      <p class="parts">
        {present.map(({ word, count, tone }) => (
          <span key={word}>
            <Shape tone={tone} />
            {count} {word}
          </span>
        ))}
      </p>
    </li>
  );
}

function Ahead({ estate, now }: { estate: Estate; now: Now }) {
  const next = nextToEnd(estate.certificates, now.value);
  const renewal = nextRenewal(estate, now.value);
  const due = estate.lineages.filter(({ renewal: its }) => its && Date.parse(its.at) <= now.value).length;
  const leaves = estate.certificates.filter(({ isAuthority }) => !isAuthority).length;
  return (
    <li class="tally">
      <p class="figure">
        <a href="/certificates">
          <b>{leaves}</b> {leaves === 1 ? 'certificate' : 'certificates'}
        </a>
      </p>
      {next !== undefined && (
        <p class="next">
          <span class="quiet">ends next:</span> <Raw text={namesOf(next)[0] ?? ''} limit={80} />{' '}
          <LifeBar validity={next} now={now} />
        </p>
      )}
      {due > 0 && (
        <p class="next">
          <span class="quiet">due now:</span> {counted(due, 'renewal')}
        </p>
      )}
      {renewal !== undefined && (
        <p class="next">
          <span class="quiet">next renewal:</span> <Raw text={renewal.name} limit={80} />{' '}
          <Moment instant={renewal.at} now={now} />
        </p>
      )}
    </li>
  );
}

function nextRenewal({ lineages }: Estate, now: number): { name: string; at: string } | undefined {
  let next: { name: string; at: string } | undefined;
  for (const { name, renewal } of lineages) {
    if (renewal === undefined || Date.parse(renewal.at) <= now) continue;
    if (next === undefined || renewal.at < next.at) next = { name, at: renewal.at };
  }
  return next;
}
