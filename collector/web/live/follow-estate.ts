import { type ReadonlySignal, signal } from '@preact/signals';
import type { Connection } from '../../present/connection.ts';
import type { Estate } from '../../serve/estate.ts';
import type { EstateChange } from '../../serve/estate-change.ts';
import { type FollowedEstate, followed } from './applied-changes.ts';
import { coalesced } from './coalesce.ts';
import type { BrowserClock, CollectorClock } from './collector-clock.ts';
import { followStream } from './follow-stream.ts';
import { fits, idOf, type Moment, momentOf } from './moments.ts';

/** What the page shows, and how it hears of it. */
export interface LiveEstate {
  readonly estate: ReadonlySignal<Estate | undefined>;
  readonly connection: ReadonlySignal<Connection>;
  /** When the collector last gave a sign of life, by its own clock, in milliseconds since 1970. */
  readonly heardAt: ReadonlySignal<number | undefined>;
  /** Why the last request failed, in a few words of this page's own. */
  readonly trouble: ReadonlySignal<string | undefined>;
  /** Why the collector does not tell this page what changes: too many are open; in its own words, raw. */
  readonly crowded: ReadonlySignal<string | undefined>;
}

/** On a quiet stream what was true is true still: said this often. */
const stillTrueMs = 10_000;
const gapMs = 150;
const retryMs = 1000;
const answerMs = 10_000;
/** Changes that come while the estate is on its way; beyond it is asked for once more. */
const mostEarly = 500;

/** Follows the estate for as long as the page is open: reads it once, and then what changes. */
export function followEstate(browser: BrowserClock, clock: CollectorClock): LiveEstate {
  const estate = signal<Estate | undefined>(undefined);
  const connection = signal<Connection>('connecting');
  const heardAt = signal<number | undefined>(undefined);
  const trouble = signal<string | undefined>(undefined);
  const crowded = signal<string | undefined>(undefined);
  let streaming = false;
  let pending = new AbortController();
  let asking = false;
  /** What `estate` is as of, while changes can be applied to it. */
  let known: { moment: Moment; follow: FollowedEstate } | undefined;
  /** The stream has told of this one. */
  let wanted: Moment | undefined;
  let early: [then: Moment | undefined, change: EstateChange][] = [];

  const hear = (at: number): void => {
    clock.set(at);
    heardAt.value = at;
  };
  const refresh = coalesced(async () => {
    asking = true;
    early = [];
    pending = new AbortController();
    const answer = await askEstate(AbortSignal.any([pending.signal, AbortSignal.timeout(answerMs)]));
    asking = false;
    if (typeof answer === 'string') {
      known = undefined;
      trouble.value = answer;
      connection.value = 'lost';
      if (streaming) setTimeout(refresh, retryMs);
      return;
    }
    hear(Date.parse(answer.estate.at));
    trouble.value = undefined;
    known = answer.moment && { moment: answer.moment, follow: followed(answer.estate) };
    estate.value = answer.estate;
    if (streaming) connection.value = 'live';
    if (!isReached()) refresh();
    for (const [then, change] of early.splice(0)) take(then, change);
  }, gapMs);
  const isReached = (): boolean => wanted === undefined || fits(known?.moment, wanted) === 'known';

  const take = (then: Moment | undefined, change: EstateChange): void => {
    if (asking) {
      if (early.length < mostEarly) early.push([then, change]);
      return;
    }
    const place = fits(known?.moment, then);
    if (place === 'known') return;
    if (place === 'gap' || !known || !then) return refresh();
    estate.value = known.follow.apply(change);
    known.moment = then;
  };

  followStream('/api/v1/live', () => known && idOf(known.moment), browser.monotonic, {
    onWord(at) {
      hear(at);
      const shown = estate.value;
      if (connection.value === 'live' && shown && at - Date.parse(shown.at) > stillTrueMs)
        estate.value = { ...shown, at: new Date(at).toISOString() };
    },
    onOpen() {
      streaming = true;
      crowded.value = undefined;
      // Else a reset follows, or an answer is on its way.
      if (known && !asking) connection.value = 'live';
    },
    onChange: (id, change) => take(momentOf(id), change),
    onReset(id, always) {
      wanted = momentOf(id);
      if (always || (!asking && !isReached())) refresh();
      else if (!asking) connection.value = 'live';
    },
    onLost() {
      streaming = false;
      connection.value = 'lost';
      pending.abort();
    },
    onRefused: (why) => (crowded.value = why),
  });
  refresh();
  return { estate, connection, heardAt, trouble, crowded };
}

interface Answer {
  estate: Estate;
  /** undefined: the collector does not say. */
  moment: Moment | undefined;
}

/** The estate, or why there is none. */
async function askEstate(signal: AbortSignal): Promise<Answer | string> {
  try {
    const response = await fetch('/api/v1/estate', { signal, cache: 'no-cache' });
    if (!response.ok) return troubleOf(response);
    const answer: unknown = await response.json();
    if (!isEstate(answer)) return 'the collector is newer than this page: reload it';
    return { estate: answer, moment: momentOf(response.headers.get('etag')) };
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
