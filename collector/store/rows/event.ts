import type { Event } from '@certherd/protocol/event';
import type { EventFacts } from '../facts.ts';

/** All that an event is shown with. */
export const eventColumns = `SELECT event.id, host.agent_id, host.name AS host_name, epoch.name AS epoch, event.received_at, event.body
  FROM event JOIN epoch ON epoch.id = event.epoch JOIN host ON host.id = epoch.host`;

/** Of `latest_event.subject`. A kind holds no space. */
export function subjectKey({ kind, id }: Event['subject']): string {
  return `${kind} ${id}`;
}

/** An event as it is written. Made before it waits for its transaction: one text instead of many objects, and the lock is held for less time. */
export interface EventDraft {
  seq: number;
  /** Milliseconds since 1970. */
  at: number;
  kind: string;
  /** Of `latest_event`. */
  subject: string;
  /** The event as JSON. */
  body: string;
}

export function eventDraft(event: Event): EventDraft {
  const { seq, at, kind, subject } = event;
  return { seq, at: Date.parse(at), kind, subject: subjectKey(subject), body: JSON.stringify(event) };
}

/**
 * Another database had acknowledged what lies between, so that the agent has dropped it: this one was restored from an older backup, or
 * is another collector's. A hole that the agent itself explains is its own.
 */
export function missingBefore(
  first: Pick<Event, 'seq' | 'at'> & { kind: string },
  ackedSeq: number,
): Event | undefined {
  const lost = first.seq - 1 - ackedSeq;
  if (lost <= 0 || first.kind === 'gap') return undefined;
  return {
    seq: first.seq - 1,
    at: first.at,
    kind: 'gap',
    subject: { kind: 'host', id: '' },
    ok: false,
    summary: `${lost} event(s) are missing here: a newer database than this one had acknowledged them`,
    detail: { lost: String(lost), missing: `${ackedSeq + 1} to ${first.seq - 1}`, by: 'collector' },
    steps: [],
  };
}

export interface KnownEpoch {
  id: number;
  acked_seq: number;
  /** Events up to this one may have been thinned: what comes of them again is not kept again. */
  thinned_seq: number;
  /** 1: no event came since a session began, or the database was restored, so that a hole before the next one is told. */
  restored: number;
}

/** As both databases give it. */
export interface RawEvent {
  id: number;
  agent_id: string;
  host_name: string;
  epoch: string;
  received_at: number;
  body: string;
}

export function readEvent(raw: RawEvent): EventFacts {
  return {
    id: raw.id,
    agentId: raw.agent_id,
    hostName: raw.host_name,
    epoch: raw.epoch,
    receivedAt: raw.received_at,
    event: JSON.parse(raw.body),
  };
}
