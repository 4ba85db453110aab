import { crc32 } from 'node:zlib';
import { Event } from '@certherd/protocol/event';
import Type from 'typebox';
import { checkedJson } from '../formats/checked-json.ts';
import type { Log, State } from '../ports.ts';

/** An event before the outbox gave it its place. */
export type EventDraft = Omit<Event, 'seq'>;

/** Events that wait for the collector's ack, kept through crashes. */
export interface Outbox {
  readonly epoch: string;
  /** The last seq that was given in this epoch. */
  readonly last: number;
  /** How many events wait. */
  readonly size: number;
  /** Keeps an event; it is on disk on return, or a warning says that it is only in memory. */
  add(draft: EventDraft): Event;
  /**
   * The oldest events after `seq`: at most `limit`, and about `maxBytes` as JSON, but one at least. Only what is on disk:
   * an event that was sent from memory alone would be forgotten in a crash, and its seq given to another one.
   */
  after(seq: number, limit: number, maxBytes?: number): Event[];
  /** Drops everything up to `seq`, which the collector has on disk. */
  acked(seq: number): void;
  /** Gives all waiting events a place in a new epoch: where the collector has seen later ones than this outbox knows of. */
  beginEpoch(): void;
}

const fileName = 'outbox.jsonl';

/** Above this many waiting events the oldest tenth goes, and a gap event stands in its place. */
export const outboxLimit = 10_000;
/** The same in bytes of the file: an event may have fifty steps of 4,000 characters. */
export const outboxBytes = 8 * 1024 * 1024;

/**
 * A file of checked lines: CRC-32 (8 hexadecimal digits), a space, JSON. The first line names the epoch and the
 * place; a torn or flipped line is skipped, and a gap in its place counts it; without a readable first line a new epoch begins.
 */
export function openOutbox(state: State, log: Log, now: number, newEpoch: () => string): Outbox {
  const loaded = load(state);
  let epoch = loaded.epoch ?? newEpoch();
  let events = loaded.events.flatMap((event) => {
    const lost = loaded.lostBefore.get(event.seq);
    const seq = event.seq - 1;
    return lost ? [{ ...damagedDraft(lost, now), seq }, event] : [event];
  });
  // A damaged line may have been the last one, and was perhaps sent: its seq is not given again.
  let last = Math.max(loaded.seq, events.at(-1)?.seq ?? 0) + loaded.lostAtEnd;
  let ackedSince = 0;
  let bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
  let unwritten = false;
  /** Everything up to this seq is on disk. */
  let durable = last;

  const keep = (written: ReturnType<State['write']>) => {
    if (written.ok) {
      durable = last;
      if (unwritten) log.info({ waiting: events.length }, 'the outbox can be written again: all that waits is on disk');
    } else if (!unwritten)
      log.error(
        { detail: written.failure.detail },
        'the outbox cannot be written: events wait in memory, are not sent, and a crash would lose them: look for a full or read-only disk under state_directory',
      );
    unwritten = !written.ok;
  };
  const rewrite = () => {
    const lines = [checked({ epoch, seq: last }), ...events.map(checked)];
    let written = state.write(fileName, lines.join(''));
    if (!written.ok && events.every((event) => event.seq > durable) && state.write(fileName, '').ok) {
      // Nothing that waits is in the old file, and on a full disk it makes the room that the new one needs.
      durable = 0;
      written = state.write(fileName, lines.join(''));
    }
    keep(written);
    ackedSince = 0;
  };
  /** The tenth that is too old, or more while it is too large: never the newest one. */
  const dropOldest = (draft: EventDraft) => {
    let count = Math.max(1, Math.floor(events.length / 10));
    let left = bytes - events.slice(0, count).reduce((sum, event) => sum + sizeOf(event), 0);
    for (; left > outboxBytes * 0.9 && count < events.length - 1; count++) left -= sizeOf(events[count]);
    const dropped = events.splice(0, Math.min(count, events.length - 1));
    const gap = {
      ...gapDraft(lostWith(dropped), 'the outbox was full', Date.parse(draft.at), draft.subject),
      seq: dropped.at(-1)?.seq ?? 0,
    };
    events.unshift(gap);
    bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
  };
  const add = (draft: EventDraft): Event => {
    // In the order of the schema: the collector reads such an event from its text (decision 125).
    const event = { seq: ++last, ...draft };
    events.push(event);
    bytes += sizeOf(event);
    if (events.length > outboxLimit || bytes > outboxBytes) {
      dropOldest(draft);
      rewrite();
    } else if (unwritten) {
      // The file may end in the middle of a line, name another epoch, or not be there.
      rewrite();
    } else {
      keep(state.append(fileName, checked(event)));
    }
    return event;
  };
  rewrite();
  if (loaded.lostAtEnd > 0) add(damagedDraft(loaded.lostAtEnd, now));

  return {
    get epoch() {
      return epoch;
    },
    get last() {
      return last;
    },
    get size() {
      return events.length;
    },
    add,
    after: (seq, limit, maxBytes = Infinity) => {
      const from = events.findIndex((event) => event.seq > seq);
      if (from < 0 || limit <= 0) return [];
      if (durable < last) rewrite();
      let sent = 0;
      const fitting = events.slice(from, from + limit).filter((event) => event.seq <= durable);
      const end = fitting.findIndex((event, index) => {
        sent += sizeOf(event);
        return sent > maxBytes && index > 0;
      });
      return end < 0 ? fitting : fitting.slice(0, end);
    },
    acked: (seq) => {
      const kept = events.filter((event) => event.seq > seq);
      ackedSince += events.length - kept.length;
      for (const event of events) if (event.seq <= seq) bytes -= sizeOf(event);
      events = kept;
      if (ackedSince > 0 && (events.length === 0 || ackedSince >= 256)) rewrite();
    },
    beginEpoch: () => {
      epoch = newEpoch();
      events = events.map((event, index) => ({ ...event, seq: index + 1 }));
      last = events.length;
      durable = 0;
      rewrite();
    },
  };
}

const Head = Type.Object({ epoch: Type.String(), seq: Type.Integer({ minimum: 0 }) });

/** What the file holds, for a reader that changes nothing: the daemon may write it at this moment. */
export function readOutbox(state: Pick<State, 'read'>): { events: Event[]; damaged: number } {
  const { events, damaged } = load(state);
  return { events, damaged };
}

interface Loaded {
  epoch?: string;
  seq: number;
  events: Event[];
  /** Lines that cannot be read. */
  damaged: number;
  /** How many events were in them, by the seq of the event behind them. */
  lostBefore: ReadonlyMap<number, number>;
  lostAtEnd: number;
}

function load(state: Pick<State, 'read'>): Loaded {
  const text = state.read(fileName);
  const nothing = { seq: 0, events: [], damaged: 0, lostBefore: new Map(), lostAtEnd: 0 };
  if (!text.ok || !text.value) return nothing;
  const [first = '', ...rest] = text.value.split('\n').filter(Boolean);
  const head = checkedJson(unchecked(first), Head);
  // Without its epoch an event's seq means nothing, so what is left of such a file is a gap.
  if (!head) return { ...nothing, damaged: rest.length + 1, lostAtEnd: rest.length + 1 };
  const events: Event[] = [];
  const lostBefore = new Map<number, number>();
  let damaged = 0;
  let lost = 0;
  for (const line of rest) {
    const event = checkedJson(unchecked(line), Event);
    if (!event) {
      damaged += 1;
      lost += 1;
      continue;
    }
    const before = events.at(-1)?.seq;
    // A gap has its own count, and the place before it.
    if (lost > 0 && event.kind !== 'gap' && event.seq > (before ?? 0) + 1) {
      lostBefore.set(event.seq, before === undefined ? lost : event.seq - before - 1);
      lost = 0;
    }
    events.push(event);
  }
  return { ...head, events, damaged, lostBefore, lostAtEnd: lost };
}

function sizeOf(event: Event | undefined): number {
  return event ? Buffer.byteLength(JSON.stringify(event)) : 0;
}

function checked(value: object): string {
  const json = JSON.stringify(value);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** The JSON of a line whose checksum is right; of any other line nothing, which is no JSON. */
function unchecked(line: string): string {
  const json = line.slice(9);
  return crc32(json).toString(16).padStart(8, '0') === line.slice(0, 8) ? json : '';
}

/** A gap that is dropped itself hands its count on. */
function lostWith(dropped: Event[]): number {
  return dropped.reduce((sum, { kind, detail }) => sum + (kind === 'gap' ? Number(detail.lost) : 1), 0);
}

function damagedDraft(lost: number, at: number): EventDraft {
  return gapDraft(lost, 'lines of the outbox file were damaged', at, { kind: 'host', id: '' });
}

function gapDraft(lost: number, why: string, at: number, subject: Event['subject']): EventDraft {
  return {
    at: new Date(at).toISOString(),
    kind: 'gap',
    subject,
    ok: false,
    summary: `${lost} event(s) were lost: ${why}`,
    detail: { lost: String(lost) },
    steps: [],
  };
}
