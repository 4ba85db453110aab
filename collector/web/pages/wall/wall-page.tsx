import { useComputed, useSignalEffect } from '@preact/signals';
import type { WallView } from '../../../serve/wall-view.ts';
import { lifeAt, sharePercent } from '../../../present/life.ts';
import { type Verdict, verdictBy } from '../../../present/proof.ts';
import type { LiveWall } from '../../live/follow-wall.ts';
import { showInTab } from '../../live/page-status.ts';
import { Shape } from '../../parts/mark.tsx';
import type { Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { ago, coarse, timeLeft } from '../../../wording/duration.ts';
import { severityTone } from '../../../wording/words.ts';

/** As many as fit, and one less beside the word of a lost connection. */
const most = 4;

interface WallProps {
  readonly live: LiveWall;
  readonly now: Now;
}

/** One screen for a display that nobody touches: the state, what needs a person first, and how fresh that is. */
export function Wall({ live, now }: WallProps) {
  const verdict = useComputed(() => {
    const { value } = live.wall;
    if (!value) return undefined;
    const { pressing, hosts, endpoints, needs } = value;
    const counts = { pressing, hosts: hosts.all, endpoints: endpoints.all, proved: endpoints.proved };
    return verdictBy(counts, needs[0]?.severity, live.connection.value);
  });
  const connection = live.connection.value;
  useSignalEffect(() => showInTab(document, verdict.value, live, 'Wall'));
  return (
    <main id="main" class={live.wall.value ? 'page-wall' : 'waiting'}>
      {live.wall.value && verdict.value ? (
        <Screen wall={live.wall.value} verdict={verdict.value} lost={connection === 'lost'} now={now} />
      ) : (
        <p>{connection === 'lost' ? 'The collector does not answer. Trying again.' : 'Asking the collector…'}</p>
      )}
    </main>
  );
}

interface ScreenProps {
  readonly wall: WallView;
  readonly verdict: Verdict;
  readonly lost: boolean;
  readonly now: Now;
}

function Screen({ wall, verdict, lost, now }: ScreenProps) {
  const { at, hosts, endpoints, next, needs, pressing, lookedAt } = wall;
  const shown = lost ? most - 1 : most;
  return (
    <article class={`wall ${lost ? 'unknown lost' : verdict.tone}`}>
      {lost && (
        <p class="wall-lost" role="alert">
          <Shape tone="critical" />
          <span>
            Connection lost. This is as it was at {at.slice(11, 19)} UTC,{' '}
            {coarse(Math.max(0, now.value - Date.parse(at)))} before now.
          </span>
        </p>
      )}
      <header>
        <Shape tone={lost ? 'unknown' : verdict.tone} />
        <h1>{verdict.sentence}</h1>
      </header>
      <dl class="wall-figures">
        <Figure value={`${endpoints.proved} of ${endpoints.all}`} words="endpoints proved" />
        <Figure value={`${hosts.connected} of ${hosts.all}`} words="hosts connected" />
        <Figure
          value={next === undefined ? 'none' : timeLeft(Date.parse(next.notAfter) - now.value).replace(/ left$/, '')}
          words={next === undefined ? 'served certificate ends' : `until ${next.name} ends`}
        />
      </dl>
      <ol class="wall-needs">
        {needs.slice(0, shown).map((need) => (
          <NeedLine key={need.key} need={need} now={now} />
        ))}
      </ol>
      <footer class="wall-foot">
        <span>
          {pressing > shown && `and ${pressing - shown} more · `}
          {lookedAt === undefined ? 'no endpoint is proved' : 'all proved endpoints were looked at since '}
          {lookedAt !== undefined && <Ago instant={lookedAt} now={now} />}
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

function NeedLine({ need, now }: { need: WallView['needs'][number]; now: Now }) {
  const { severity, name, cause, owner } = need;
  const life = need.life && lifeAt(need.life, now.value);
  return (
    <li class={severityTone[severity]}>
      <Shape tone={severityTone[severity]} />
      <div>
        <h2>
          <Raw text={name} limit={60} />
          {owner !== undefined && (
            <span class="quiet">
              {' '}
              <Raw text={owner} limit={40} />
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
