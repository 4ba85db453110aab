import { setImmediate as othersTurn } from 'node:timers/promises';
import { type LabelBook, labelBook } from '../evaluate/labels.ts';
import { messageOf } from '../failure.ts';
import { type Clock, every, type Log } from '../ports.ts';
import type { Topic } from '../receive/records.ts';
import type { HostFacts } from '../store/facts.ts';
import type { LoggedPolicy } from '../evaluate/outside/logged-findings.ts';
import type { Store } from '../store/store.ts';
import { readUnheld } from '../store/transparency.ts';
import type { HostPresence } from './assemble-host.ts';
import { apart } from './each-host.ts';
import type { FindingView, ListedView } from './estate.ts';
import type { EstateChange } from './estate-change.ts';
import type { EstateContent } from './estate-parts.ts';
import { type Concern, createHostKeeper } from './host-keeper.ts';
import { keepHalted } from './keep-halted.ts';
import { keepNewestEvents } from './newest-events.ts';
import { waitingReaders } from './readers.ts';
import { isOther, labelledTargets } from './target-views.ts';

/** The estate at one moment; it is never changed. */
export interface EstateNow extends EstateContent {
  /** Those of `parts` that are of no host. */
  hostless: readonly FindingView[];
  book: LabelBook;
  /** Grows with each change that is told. */
  revision: number;
}

/** The estate, kept in parts: a change costs what it concerns, and no piece of the work holds the loop up. */
export interface KeptEstate {
  /**
   * With all that this process was told of before; where that takes long, as far as it is looked at, once there was a whole one. Rejects where the
   * database cannot be read.
   */
  current: () => Promise<EstateNow>;
  /** Something changed, of these agents; without them nobody knows of which. */
  changed: (topics: readonly Topic[], agentIds?: readonly string[]) => void;
  /** As KeptOutside has it, by what is known by now. */
  overtaken: () => ReadonlyMap<number, number>;
  /** Every host, as enrolled. */
  hosts: () => Promise<Omit<HostFacts, 'snapshot'>[]>;
  close: () => void;
}

export interface KeptEstateNeeds extends LoggedPolicy {
  store: Pick<
    Store,
    'hostMarks' | 'marksOf' | 'readHosts' | 'events' | 'labels' | 'listed' | 'targets' | 'transparency' | 'campaigns'
  >;
  presenceOf: (agentId: string) => HostPresence;
  /** Agents that were heard since this was last asked. */
  heardSince: () => readonly string[];
  clock: Clock;
  log: Log;
  /** What changed up to a revision. `unreadable`: the database cannot be read, and who asks is told so. */
  publish: (change: EstateChange | 'unreadable', revision: number) => void;
}

/** What comes within this time is told together. */
const gatherMs = 50;
/** Whoever reads waits no longer than about this for all to be looked at. */
const patienceMs = 100;
const tickMs = 1_000;
/** Followers are told this often who was only heard, and what only asked, again; whoever asks sees it at once. */
const heardEveryMs = 5_000;
const retryMs = 1_000;
/** Looking for what others changed takes a twentieth of the time at most. */
const sweepRest = 20;
const marksAtATime = 250;
const hostsAtATime = 4;
const apartFromHosts: readonly Topic[] = ['heard', 'events', 'targets'];
const heardAtATime = 250;

export function keepEstate(needs: KeptEstateNeeds): KeptEstate {
  const { store, presenceOf, heardSince, clock, log, publish, knownIssuers, graceMs } = needs;
  const keeper = createHostKeeper(presenceOf, clock, knownIssuers, graceMs);
  const ofHost = apart(log);
  const readers = waitingReaders<EstateNow>(clock);
  const newest = keepNewestEvents(store);
  const halted = keepHalted(store.campaigns, clock);
  const stale = { labels: true, sweep: true, targets: true, heard: false };
  let sweepAgainAt = -Infinity;
  let labelsText = '';
  let book = labelBook([]);
  let listed: { rows: readonly ListedView[]; text: string } = { rows: [], text: '[]' };
  let told: EstateNow | undefined;
  /** As followers know them. */
  let toldTargets: EstateNow['targets'] = [];
  let toldAt = clock.monotonic();
  let heardToldAt = toldAt;
  let running = false;
  let failing = false;
  let closed = false;
  let cancelStart: (() => void) | undefined;
  const stopTicking = every(clock, tickMs, () => {
    keeper.passTime();
    soon(gatherMs);
  });

  return {
    current,
    changed(topics, agentIds) {
      if (topics.includes('events')) newest.concern();
      for (const topic of ['targets', 'labels', 'heard'] as const) if (topics.includes(topic)) stale[topic] = true;
      const concern = topics.includes('certificates') ? 'whole' : 'row';
      const ofHosts = topics.some((topic) => !apartFromHosts.includes(topic));
      if (!agentIds && ofHosts) {
        stale.labels = true;
        stale.sweep = true;
        if (concern === 'whole') keeper.concernTold();
      } else if (ofHosts) for (const agentId of agentIds ?? []) keeper.concern(agentId, concern);
      soon(gatherMs);
    },
    overtaken: keeper.overtaken,
    async hosts() {
      await current();
      return keeper.facts();
    },
    close() {
      closed = true;
      stopTicking();
      cancelStart?.();
      readers.rejectWaiting(new Error('the collector ends'));
    },
  };

  function current(): Promise<EstateNow> {
    keeper.passTime();
    const answer = readers.wait();
    start();
    return answer;
  }

  function soon(ms: number): void {
    if (!closed && !running) cancelStart ??= clock.after(ms, start);
  }

  function start(): void {
    cancelStart?.();
    cancelStart = undefined;
    if (running || closed) return;
    running = true;
    void run();
  }

  async function run(): Promise<void> {
    do {
      const asked = readers.take();
      try {
        const now = await pass();
        failing = false;
        asked.resolve(now);
      } catch (error) {
        fail(error);
        asked.reject(error);
      }
    } while (!readers.isEmpty() && !closed);
    running = false;
    if (failing) soon(retryMs);
    else if (stale.sweep) soon(Math.max(gatherMs, sweepAgainAt - clock.monotonic()));
    else if (newest.isStale() || stale.labels || stale.targets || stale.heard || !keeper.isIdle()) soon(gatherMs);
  }

  /** All that was there to do when it began, and what that has others judged by. */
  async function pass(): Promise<EstateNow> {
    if (stale.labels) await readLabels();
    if (stale.targets) await readTargets();
    if (stale.sweep && clock.monotonic() >= sweepAgainAt) await sweep();
    stale.heard = false;
    for (const [index, agentId] of heardSince().entries()) {
      ofHost(agentId, () => keeper.putHeard(agentId));
      if (index % heardAtATime === 0) await othersTurn();
    }
    for (let round = 0; round < 2; round++) await lookAtAll(keeper.take());
    // After the hosts, which say whose it is.
    keeper.putHalted(await halted(keeper.parts().hosts));
    return tell();
  }

  async function lookAtAll(todo: readonly (readonly [agentId: string, concern: Concern])[]): Promise<void> {
    for (let at = 0; at < todo.length && !closed; at += hostsAtATime) {
      try {
        await lookAt(todo.slice(at, at + hostsAtATime));
      } catch (error) {
        for (const [agentId, concern] of todo.slice(at)) keeper.concern(agentId, concern);
        throw error;
      }
      if (at + hostsAtATime < todo.length) await tellMeanwhile();
      await othersTurn();
    }
  }

  /** Whoever follows or reads hears of the first ones while the others are still read; the first whole estate is read by itself. */
  async function tellMeanwhile(): Promise<void> {
    if (told && clock.monotonic() - toldAt >= gatherMs) readers.answerLate(patienceMs, await tell());
  }

  async function lookAt(slice: readonly (readonly [agentId: string, concern: Concern])[]): Promise<void> {
    const whole = new Set(slice.filter(([, concern]) => concern === 'whole').map(([agentId]) => agentId));
    const rows = slice.filter(([, concern]) => concern === 'row').map(([agentId]) => agentId);
    if (rows.length > 0)
      for (const mark of await store.marksOf(rows))
        if (ofHost(mark.agentId, () => keeper.putMark(mark, book)) === false) whole.add(mark.agentId);
    if (whole.size > 0)
      for (const { host, certificates } of await store.readHosts([...whole])) {
        await othersTurn();
        ofHost(host.agentId, () => keeper.putHost(host, certificates, book));
      }
    for (const [agentId, concern] of slice)
      if (concern === 'view') ofHost(agentId, () => keeper.putView(agentId, book));
  }

  /** Looks at every host's row for what was changed elsewhere. */
  async function sweep(): Promise<void> {
    stale.sweep = false;
    const began = clock.monotonic();
    try {
      for (let after = 0; ; ) {
        const marks = await store.hostMarks(after, marksAtATime);
        for (const mark of marks)
          if (ofHost(mark.agentId, () => keeper.putMark(mark, book, 'if-other')) === false)
            keeper.concern(mark.agentId, 'whole');
        const last = marks.at(-1);
        if (!last || marks.length < marksAtATime) break;
        after = last.row;
        await tellMeanwhile();
        await othersTurn();
      }
    } catch (error) {
      stale.sweep = true;
      throw error;
    }
    const ended = clock.monotonic();
    sweepAgainAt = ended + (ended - began) * sweepRest;
  }

  async function readLabels(): Promise<void> {
    stale.labels = false;
    try {
      const rules = await store.labels();
      const rows = await store.listed();
      const text = JSON.stringify(rows);
      if (text !== listed.text) listed = { rows, text };
      const rulesText = JSON.stringify(rules);
      if (rulesText === labelsText) return;
      labelsText = rulesText;
      book = labelBook(rules);
      stale.targets = true;
      keeper.concernAll();
    } catch (error) {
      stale.labels = true;
      throw error;
    }
  }

  async function readTargets(): Promise<void> {
    stale.targets = false;
    try {
      keeper.putTargets(labelledTargets(await store.targets.all(), book));
      keeper.putLogged(await readUnheld(store.transparency));
    } catch (error) {
      stale.targets = true;
      throw error;
    }
  }

  /** Ends a batch: it is what everybody sees from now on. */
  async function tell(): Promise<EstateNow> {
    const fresh = await newest.read();
    toldAt = clock.monotonic();
    const isFirst = !told;
    if (isFirst) keeper.forgetChanges();
    const withHeard = toldAt - heardToldAt >= heardEveryMs;
    if (withHeard) heardToldAt = toldAt;
    const changes = keeper.changes(withHeard);
    const targets = keeper.targets();
    const hostless = keeper.hostless();
    const lists = {
      ...(told && told.listed !== listed.rows && { listed: [...listed.rows] }),
      ...(told && isOther(toldTargets, targets, withHeard ? 'asked' : 'seen') && { targets: [...targets] }),
      ...(told && told.hostless !== hostless && { hostless: [...hostless] }),
    };
    if (told && [...Object.values(changes), fresh, Object.keys(lists)].every((list) => list.length === 0))
      return (told = { ...told, parts: keeper.parts(), targets, book });
    if (isFirst || lists.targets) toldTargets = targets;
    const revision = (told?.revision ?? 0) + 1;
    told = { parts: keeper.parts(), events: newest.all(), listed: listed.rows, targets, hostless, book, revision };
    const at = new Date(clock.now()).toISOString();
    if (!isFirst) publish({ at, ...changes, events: fresh, ...lists }, revision);
    return told;
  }

  function fail(error: unknown): void {
    if (failing || closed) return;
    failing = true;
    log.error({ detail: messageOf(error) }, 'the estate cannot be read: trying again');
    publish('unreadable', told?.revision ?? 0);
  }
}
