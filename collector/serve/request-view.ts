import type { RequestRow } from '../store/requests.ts';

/**
 * A request as it is shown. `waiting`: its host is not connected, or too old to know requests; `sent`: no answer yet; `late`: its time to begin is over, and
 * no answer came.
 */
export interface RequestView {
  id: string;
  agentId: string;
  hostName: string;
  verb: string;
  subject: { kind: string; id: string };
  requester: string;
  reason: string;
  askedAt: string;
  until: string;
  sentAt?: string;
  state: 'waiting' | 'sent' | 'late' | 'done' | 'failed' | 'refused';
  endedAt?: string;
  /** The agent's own reason for refusing. */
  refused?: string;
  /** What the agent said of it. */
  summary?: string;
}

export function requestView(row: RequestRow, now: number): RequestView {
  const { answer, sentAt, ...rest } = row;
  return {
    ...rest,
    askedAt: instant(row.askedAt),
    until: instant(row.until),
    ...(sentAt !== undefined && { sentAt: instant(sentAt) }),
    state: stateOf(row, now),
    ...(answer && { endedAt: instant(answer.at), summary: answer.summary }),
    ...(answer?.refused !== undefined && { refused: answer.refused }),
  };
}

function stateOf({ answer, sentAt, until }: RequestRow, now: number): RequestView['state'] {
  if (answer?.refused !== undefined) return 'refused';
  if (answer) return answer.ok ? 'done' : 'failed';
  if (now > until) return 'late';
  return sentAt === undefined ? 'waiting' : 'sent';
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
