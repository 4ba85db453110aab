import { useEffect, useRef } from 'preact/hooks';
import type { Me } from '../../serve/action-bodies.ts';
import type { Connection } from '../../present/connection.ts';
import type { LiveEstate } from '../live/follow-estate.ts';
import { type PageEntry, pages } from '../pages.ts';
import { Shape } from '../parts/mark.tsx';
import type { Now } from '../parts/moment.tsx';
import { Raw } from '../parts/raw.tsx';
import { printable } from '../../evaluate/printable.ts';
import { ago } from '../../wording/duration.ts';
import { lostWords } from '../../wording/lost.ts';
import type { Tone } from '../../wording/words.ts';

interface TopBarProps {
  readonly live: LiveEstate;
  readonly now: Now;
  readonly current: PageEntry | undefined;
  readonly me: Me | undefined;
}

/** Name, the way to every page, and whether the page hears from the collector. */
export function TopBar({ live, now, current, me }: TopBarProps) {
  const nav = useRef<HTMLElement>(null);
  // On a phone the way to the pages is longer than the screen.
  useEffect(() => {
    const link = nav.current?.querySelector<HTMLElement>('[aria-current=page], [aria-current=true]');
    if (nav.current && link) nav.current.scrollLeft = link.offsetLeft - nav.current.clientWidth / 3;
  }, [current]);
  return (
    <header class="top-bar">
      <a class="skip" href="#main">
        Skip to the page itself
      </a>
      <p class="brand">Certherd</p>
      <nav aria-label="Pages" ref={nav}>
        <ul>
          {pages
            .filter(({ least = 'viewer' }) => least === 'viewer' || least === me?.role)
            .map((entry) => (
              <li key={entry.name}>
                <a href={`/${entry.name}`} aria-current={entry === current ? 'page' : current?.under === entry.name}>
                  {entry.title}
                </a>
              </li>
            ))}
          <li>
            <a href="/wall">Wall</a>
          </li>
        </ul>
      </nav>
      <Heartbeat live={live} now={now} />
      <Who me={me} />
    </header>
  );
}

/** Who is signed in, or the way to it; nothing where there are no accounts. */
function Who({ me }: { me: Me | undefined }) {
  if (me?.by === 'nobody')
    return (
      <a class="who" href="/sign-in">
        Sign in
      </a>
    );
  if (me?.name === undefined) return null;
  return (
    <a class="who quiet" href="/me">
      <Raw text={me.name} limit={40} />
      {me.role !== undefined && `, ${me.role}`}
    </a>
  );
}

function Heartbeat({ live: { connection, heardAt, trouble, crowded }, now }: { live: LiveEstate; now: Now }) {
  const state = connection.value;
  const why = crowded.value ?? trouble.value;
  const heard = heardAt.value === undefined ? '' : `heard ${ago(now.value - heardAt.value)}`;
  return (
    <p class={`heartbeat ${state}`}>
      <Shape tone={tones[state]} />
      <span>
        {state === 'lost' ? lostWords(crowded.value) : words[state]}
        <span class="quiet">
          {' '}
          {state === 'lost' ? [why && printable(why), heard].filter(Boolean).join(', ') : heard}
        </span>
      </span>
    </p>
  );
}

const words: Readonly<Record<Exclude<Connection, 'lost'>, string>> = { connecting: 'connecting', live: 'live' };

const tones: Readonly<Record<Connection, Tone>> = { connecting: 'unknown', live: 'good', lost: 'critical' };
