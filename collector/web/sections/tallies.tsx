import type { Estate } from '../../serve/estate.ts';
import { nextToEnd, type Proof } from '../facts/proof.ts';
import { LifeBar } from '../parts/life-bar.tsx';
import { Shape } from '../parts/mark.tsx';
import { Moment, type Now } from '../parts/moment.tsx';
import { Raw } from '../parts/raw.tsx';
import { namesOf } from '../wording/names.ts';
import { endpointStatuses, endpointTone, hostStatuses, hostTone, type Tone } from '../wording/words.ts';

/** The estate at a glance: how many there are, in which state, and what comes next. */
export function Tallies({ estate, proof, now }: { estate: Estate; proof: Proof; now: Now }) {
  const endpoints = endpointStatuses.map((word) => ({ word, count: proof.endpoints[word], tone: endpointTone[word] }));
  const hosts = hostStatuses.map((word) => ({ word, count: proof.hosts[word], tone: hostTone[word] }));
  return (
    <ul class="tallies">
      <Tally title="endpoints" parts={endpoints} total={proof.endpointCount} />
      <Tally title="hosts" parts={hosts} total={proof.hostCount} />
      <Ahead estate={estate} now={now} />
    </ul>
  );
}

interface Part {
  readonly word: string;
  readonly count: number;
  readonly tone: Tone;
}

function Tally({ title, parts, total }: { title: string; parts: readonly Part[]; total: number }) {
  const present = parts.filter(({ count }) => count > 0);
  const widths = present.map(({ count }) => (count / total) * 100);
  return (
    <li class="tally">
      <p class="figure">
        <a href={`#${title}`}>
          <b>{total}</b> {title}
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
  return (
    <li class="tally">
      <p class="figure">
        <a href="#certificates">
          <b>{estate.certificates.filter(({ isAuthority }) => !isAuthority).length}</b> certificates
        </a>
      </p>
      {next !== undefined && (
        <p class="next">
          <span class="quiet">ends next:</span> <Raw text={namesOf(next)[0] ?? ''} limit={80} />{' '}
          <LifeBar validity={next} now={now} />
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
