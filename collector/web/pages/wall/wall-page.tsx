import { lifeAt, sharePercent } from '../../facts/life.ts';
import type { Need } from '../../facts/needs.ts';
import { nextToEnd, verdictOf } from '../../facts/proof.ts';
import type { PageProps } from '../../pages.ts';
import { Shape } from '../../parts/mark.tsx';
import type { Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { ago, coarse, timeLeft } from '../../wording/duration.ts';
import { namesOf } from '../../wording/names.ts';
import { severityTone } from '../../wording/words.ts';

/** As many as fit, and one less beside the word of a lost connection. */
const most = 4;

/** One screen for a display that nobody touches: the state, what needs a person first, and how fresh that is. */
export function Page({ known: { estate, needs, proof }, connection, now }: PageProps) {
  const verdict = verdictOf(needs, proof, connection);
  const lost = connection === 'lost';
  const shown = lost ? most - 1 : most;
  const next = nextToEnd(estate.certificates, now.value);
  const heard = estate.hosts.filter(({ connected }) => connected).length;
  return (
    <article class={`wall ${lost ? 'unknown lost' : verdict.tone}`}>
      {lost && (
        <p class="wall-lost" role="alert">
          <Shape tone="critical" />
          <span>
            Connection lost. This is as it was at {estate.at.slice(11, 19)} UTC,{' '}
            {coarse(Math.max(0, now.value - Date.parse(estate.at)))} before now.
          </span>
        </p>
      )}
      <header>
        <Shape tone={lost ? 'unknown' : verdict.tone} />
        <h1>{verdict.sentence}</h1>
      </header>
      <dl class="wall-figures">
        <Figure value={`${proof.endpoints.proved} of ${proof.endpointCount}`} words="endpoints proved" />
        <Figure value={`${heard} of ${proof.hostCount}`} words="hosts connected" />
        <Figure
          value={next === undefined ? 'none' : timeLeft(Date.parse(next.notAfter) - now.value).replace(/ left$/, '')}
          words={next === undefined ? 'served certificate ends' : `until ${namesOf(next)[0] ?? ''} ends`}
        />
      </dl>
      <ol class="wall-needs">
        {needs.pressing.slice(0, shown).map((need) => (
          <NeedLine key={need.key} need={need} now={now} />
        ))}
      </ol>
      <footer class="wall-foot">
        <span>
          {needs.pressing.length > shown && `and ${needs.pressing.length - shown} more · `}
          {proof.lookedAt === undefined ? 'no endpoint is proved' : 'all proved endpoints were looked at since '}
          {proof.lookedAt !== undefined && <Ago instant={proof.lookedAt} now={now} />}
        </span>
        <a href="/">Certherd</a>
        <time class="wall-clock">{new Date(now.value).toISOString().slice(0, 19).replace('T', ' ')} UTC</time>
      </footer>
    </article>
  );
}

function Figure({ value, words }: { value: string; words: string }) {
  return (
    <div>
      <dt>
        <Raw text={words} limit={60} />
      </dt>
      <dd>{value}</dd>
    </div>
  );
}

function NeedLine({ need, now }: { need: Need; now: Now }) {
  const { severity, name, hostName, cause, deadline, labels } = need;
  const life = deadline && lifeAt(deadline, now.value);
  return (
    <li class={severityTone[severity]}>
      <Shape tone={severityTone[severity]} />
      <div>
        <h2>
          <Raw text={name ?? hostName} limit={60} />
          {labels['owner'] !== undefined && (
            <span class="quiet">
              {' '}
              <Raw text={labels['owner']} limit={40} />
            </span>
          )}
        </h2>
        <p>
          <Raw text={cause} limit={160} />
        </p>
      </div>
      {life && (
        <p class="wall-left">
          <b>{timeLeft(life.leftMs)}</b>
          {life.leftMs > 0 && <span class="quiet"> {sharePercent(life.shareLeft)} of life</span>}
        </p>
      )}
    </li>
  );
}

function Ago({ instant, now }: { instant: string; now: Now }) {
  return <time dateTime={instant}>{ago(now.value - Date.parse(instant))}</time>;
}
