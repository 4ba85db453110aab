import { type ReadonlySignal, useComputed, useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Me } from '../serve/action-bodies.ts';
import { knownOf } from '../present/known.ts';
import { lostWords } from '../wording/lost.ts';
import { verdictOf } from '../present/proof.ts';
import { Foot } from './frame/foot.tsx';
import { PageFrame } from './frame/page-frame.tsx';
import { SessionOver } from './frame/session-over.tsx';
import { TopBar } from './frame/top-bar.tsx';
import type { CollectorClock } from './live/collector-clock.ts';
import type { LiveEstate } from './live/follow-estate.ts';
import { showInTab } from './live/page-status.ts';
import { pages } from './pages.ts';
import type { Router } from './route/router.ts';

interface ShellProps {
  readonly live: LiveEstate;
  readonly clock: CollectorClock;
  readonly me: ReadonlySignal<Me | undefined>;
  readonly router: Router;
}

/** What stands around every page: the way to the others, whether the collector is heard, and the verdict in the tab. */
export function Shell({ live, clock, me, router }: ShellProps) {
  const known = useComputed(() => live.estate.value && knownOf(live.estate.value));
  const verdict = useComputed(() => {
    const { value } = known;
    return value && verdictOf(value.needs, value.proof, live.connection.value);
  });
  const entry = useComputed(() => pages.find(({ name }) => name === router.place.value.page));
  useSignalEffect(() => showInTab(document, verdict.value, live, entry.value?.title));
  useEffect(() => onSlash(() => router.go('/certificates')), [router]);
  const connection = live.connection.value;
  return (
    <>
      <TopBar live={live} now={clock.now} current={entry.value} me={me.value} />
      <SessionOver me={me.value} connection={connection} />
      <p class="unseen" role="status">
        {connection === 'lost' ? `${lostWords(live.crowded.value)}. ` : ''}
        {verdict.value?.sentence}
      </p>
      <PageFrame
        entry={entry.value}
        known={known.value}
        connection={connection}
        now={clock.now}
        me={me.value}
        router={router}
      />
      {known.value !== undefined && <Foot entry={entry.value} collector={known.value.estate.collector} clock={clock} />}
    </>
  );
}

/** The key "/" leads to the page's search box; where there is none, to where most is found. */
function onSlash(elsewhere: () => void): () => void {
  const focus = (event: KeyboardEvent): void => {
    const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const box = document.querySelector<HTMLInputElement>('main input[type=search]');
    if (box === null) elsewhere();
    else box.focus();
  };
  document.addEventListener('keydown', focus);
  return () => document.removeEventListener('keydown', focus);
}
