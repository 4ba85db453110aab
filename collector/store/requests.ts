import type { RequestedVerb } from '@certherd/protocol/frame';
import type { Subject } from '@certherd/protocol/finding';

/** What somebody asked of a host, and what came of it. Instants are milliseconds since 1970. */
export interface RequestRow {
  /** A UUID. */
  id: string;
  agentId: string;
  hostName: string;
  verb: RequestedVerb;
  subject: Subject;
  requester: string;
  reason: string;
  askedAt: number;
  /** Not to be begun later. */
  until: number;
  /** When a session last took it; undefined: never. */
  sentAt: number | undefined;
  answer: { at: number; ok: boolean; refused: string | undefined; summary: string } | undefined;
}

/** A request before it is kept. */
export type RequestDraft = Omit<RequestRow, 'hostName' | 'sentAt' | 'answer'> & {
  /** The same key again is the same request. */
  key: string | undefined;
};

/** A row of `request` with the name of its host. */
export interface RawRequest {
  id: string;
  agent_id: string;
  name: string;
  verb: RequestedVerb;
  subject_kind: Subject['kind'];
  subject_id: string;
  requester: string;
  reason: string;
  asked_at: number;
  until: number;
  sent_at: number | null;
  ended_at: number | null;
  ok: number | null;
  refused: string | null;
  summary: string | null;
}

export function readRequest(raw: RawRequest): RequestRow {
  const { id, verb, requester, reason, until } = raw;
  return {
    id,
    agentId: raw.agent_id,
    hostName: raw.name,
    verb,
    subject: { kind: raw.subject_kind, id: raw.subject_id },
    requester,
    reason,
    askedAt: raw.asked_at,
    until,
    sentAt: raw.sent_at ?? undefined,
    answer:
      raw.ended_at === null
        ? undefined
        : { at: raw.ended_at, ok: raw.ok === 1, refused: raw.refused ?? undefined, summary: raw.summary ?? '' },
  };
}
