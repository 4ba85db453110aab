import { type ToldEvent, toldEvent } from '../../receive/told-events.ts';
import type { EventFacts } from '../facts.ts';

/** All that an event is shown with. */
export const eventColumns = `SELECT event.id, host.agent_id, host.name AS host_name, epoch.name AS epoch, event.received_at, event.body
  FROM event JOIN epoch ON epoch.id = event.epoch JOIN host ON host.id = epoch.host`;

/**
 * Another database had acknowledged what lies between, so that the agent has dropped it: this one was restored from an older backup, or
 * is another collector's. A hole that the agent itself explains is its own.
 */
export function missingBefore(first: Pick<ToldEvent, 'seq' | 'at' | 'kind'>, ackedSeq: number): ToldEvent | undefined {
  const lost = first.seq - 1 - ackedSeq;
  if (lost <= 0 || first.kind === 'gap') return undefined;
  return toldEvent({
    seq: first.seq - 1,
    at: new Date(first.at).toISOString(),
    kind: 'gap',
    subject: { kind: 'host', id: '' },
    ok: false,
    summary: `${lost} event(s) are missing here: a newer database than this one had acknowledged them`,
    detail: { lost: String(lost), missing: `${ackedSeq + 1} to ${first.seq - 1}`, by: 'collector' },
    steps: [],
  });
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
