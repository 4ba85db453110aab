import { type ReadonlySignal, signal } from '@preact/signals';
import type { Estate } from '../../serve/estate.ts';
import { coalesced } from './coalesce.ts';
import type { BrowserClock, CollectorClock } from './collector-clock.ts';
import { followStream } from './follow-stream.ts';

/** `lost`: what is shown was true once, and is being asked for again. */
export type Connection = 'connecting' | 'live' | 'lost';

/** What the page shows, and how it hears of it. */
export interface LiveEstate {
  readonly estate: ReadonlySignal<Estate | undefined>;
  readonly connection: ReadonlySignal<Connection>;
  /** When the collector last gave a sign of life, by its own clock, in milliseconds since 1970. */
  readonly heardAt: ReadonlySignal<number | undefined>;
  /** Why the last request failed, in a few words of this page's own. */
  readonly trouble: ReadonlySignal<string | undefined>;
}

/** An estate is asked for again after this long without a change: what is seen again and again changes nothing. */
const refreshMs = 10_000;
const gapMs = 150;
const retryMs = 1000;
const answerMs = 10_000;

/** Follows the estate for as long as the page is open. */
export function followEstate(browser: BrowserClock, clock: CollectorClock): LiveEstate {
  const estate = signal<Estate | undefined>(undefined);
  const connection = signal<Connection>('connecting');
  const heardAt = signal<number | undefined>(undefined);
  const trouble = signal<string | undefined>(undefined);
  let streaming = false;
  let askedAt = browser.monotonic();
  let pending = new AbortController();

  const hear = (at: number): void => {
    clock.set(at);
    heardAt.value = at;
  };
  const refresh = coalesced(async () => {
    askedAt = browser.monotonic();
    pending = new AbortController();
    const answer = await askEstate(AbortSignal.any([pending.signal, AbortSignal.timeout(answerMs)]));
    if (typeof answer === 'string') {
      trouble.value = answer;
      connection.value = 'lost';
      if (streaming) setTimeout(refresh, retryMs);
      return;
    }
    hear(Date.parse(answer.at));
    trouble.value = undefined;
    estate.value = answer;
    if (streaming) connection.value = 'live';
  }, gapMs);

  followStream('/api/v1/live', browser.monotonic, {
    onWord(at) {
      hear(at);
      const idle = browser.monotonic() - askedAt > refreshMs;
      if (idle && document.visibilityState === 'visible') refresh();
    },
    onOpen() {
      streaming = true;
      refresh();
    },
    onChanged: refresh,
    onLost() {
      streaming = false;
      connection.value = 'lost';
      pending.abort();
    },
  });
  refresh();
  return { estate, connection, heardAt, trouble };
}

/** The estate, or why there is none. */
async function askEstate(signal: AbortSignal): Promise<Estate | string> {
  try {
    const response = await fetch('/api/v1/estate', { signal, cache: 'no-cache' });
    if (!response.ok) return troubleOf(response);
    const answer: unknown = await response.json();
    return isEstate(answer) ? answer : 'the collector is newer than this page: reload it';
  } catch {
    return 'the collector does not answer';
  }
}

/** A 503 of the collector's own is its database's; another one's is a proxy's between. */
function troubleOf({ status, headers }: Response): string {
  const isOwn = headers.get('content-type')?.startsWith('application/problem+json') === true;
  return status === 503 && isOwn ? 'the collector cannot reach its database' : `the collector answered ${status}`;
}

/** The collector is trusted to keep its own contract; only another version of it is not. */
function isEstate(answer: unknown): answer is Estate {
  return typeof answer === 'object' && answer !== null && 'version' in answer && answer.version === 1;
}
