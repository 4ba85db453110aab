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
  /** How many events wait. */
  readonly size: number;
  /** Keeps an event; it is on disk on return, or a warning says that it is only in memory. */
  add(draft: EventDraft): Event;
  /** The oldest `limit` events after `seq`. */
  after(seq: number, limit: number): Event[];
  /** Drops everything up to `seq`, which the collector has on disk. */
  acked(seq: number): void;
}

const fileName = 'outbox.jsonl';

/** Above this many waiting events the oldest tenth goes, and a gap event stands in its place. */
export const outboxLimit = 10_000;

/**
 * A file of checked lines: CRC-32 (8 hexadecimal digits), a space, JSON. The first line names the epoch and the
 * place; a torn or flipped line is skipped and counted as a gap; without a readable first line a new epoch begins.
 */
export function openOutbox(state: State, log: Log, now: number, newEpoch: () => string): Outbox {
  const loaded = load(state);
  const epoch = loaded.epoch ?? newEpoch();
  let events = loaded.events;
  let last = Math.max(loaded.seq, events.at(-1)?.seq ?? 0);
  let ackedSince = 0;

  const rewrite = () => {
    const lines = [checked({ epoch, seq: last }), ...events.map(checked)];
    warn(log, state.write(fileName, lines.join('')));
    ackedSince = 0;
  };
  const add = (draft: EventDraft): Event => {
    const event = { ...draft, seq: ++last };
    events.push(event);
    if (events.length > outboxLimit) {
      const dropped = events.splice(0, Math.ceil(outboxLimit / 10));
      events.unshift({
        ...gapDraft(lostWith(dropped), 'the outbox was full', Date.parse(draft.at), draft.subject),
        seq: dropped.at(-1)?.seq ?? 0,
      });
      rewrite();
    } else {
      warn(log, state.append(fileName, checked(event)));
    }
    return event;
  };
  rewrite();
  if (loaded.damaged > 0)
    add(gapDraft(loaded.damaged, 'lines of the outbox file were damaged', now, { kind: 'host', id: '' }));

  return {
    epoch,
    get size() {
      return events.length;
    },
    add,
    after: (seq, limit) => {
      const from = events.findIndex((event) => event.seq > seq);
      return from < 0 ? [] : events.slice(from, from + limit);
    },
    acked: (seq) => {
      const kept = events.filter((event) => event.seq > seq);
      ackedSince += events.length - kept.length;
      events = kept;
      if (ackedSince > 0 && (events.length === 0 || ackedSince >= 256)) rewrite();
    },
  };
}

const Head = Type.Object({ epoch: Type.String(), seq: Type.Integer({ minimum: 0 }) });

function load(state: State): { epoch?: string; seq: number; events: Event[]; damaged: number } {
  const text = state.read(fileName);
  if (!text.ok || !text.value) return { seq: 0, events: [], damaged: 0 };
  const [first = '', ...rest] = text.value.split('\n').filter(Boolean);
  const head = checkedJson(unchecked(first), Head);
  // Without its epoch an event's seq means nothing, so what is left of such a file is a gap.
  if (!head) return { seq: 0, events: [], damaged: rest.length + 1 };
  const events = rest.flatMap((line) => checkedJson(unchecked(line), Event) ?? []);
  return { ...head, events, damaged: rest.length - events.length };
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

function warn(log: Log, result: { ok: true } | { ok: false; failure: { detail: string } }): void {
  if (!result.ok)
    log.warn({ detail: result.failure.detail }, 'the outbox cannot be written: events are kept in memory only');
}
