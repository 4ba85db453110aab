import type { Incident, Notification, Silence, Transition } from '../tell.ts';

/** As both databases give them. */
export interface RawTransition {
  subject: string;
  ordinal: number;
  kind: Transition['kind'];
  at: number;
  opened_at: number;
  body: string;
}

export function readTransition({ subject, ordinal, kind, at, opened_at, body }: RawTransition): Transition {
  return { key: subject, ordinal, kind, at, openedAt: opened_at, concern: JSON.parse(body) };
}

export interface RawIncident {
  id: string;
  rule: string;
  group_key: string;
  opened_at: number;
  closed_at: number | null;
  revision: number;
  told: string;
  acknowledged: string | null;
}

export function readIncident(raw: RawIncident): Incident {
  const { id, rule, revision } = raw;
  return {
    id,
    rule,
    group: raw.group_key,
    openedAt: raw.opened_at,
    closedAt: raw.closed_at ?? undefined,
    revision,
    told: JSON.parse(raw.told),
    acknowledged: raw.acknowledged === null ? undefined : JSON.parse(raw.acknowledged),
  };
}

export interface RawNotification {
  id: string;
  incident: string;
  channel: string;
  made_at: number;
  due_at: number;
  tries: number;
  failure: string | null;
  body: string;
}

/** As it was claimed: `tries` counts this one too. */
export function readNotification(raw: RawNotification): Notification {
  const { id, incident, channel, body, tries } = raw;
  return {
    id,
    incident,
    channel,
    body,
    tries: tries - 1,
    madeAt: raw.made_at,
    dueAt: raw.due_at,
    failure: raw.failure ?? undefined,
  };
}

export interface RawSilence {
  id: string;
  made_at: number;
  until: number;
  made_by: string;
  reason: string;
  matcher: string;
}

export function readSilence({ id, made_at, until, made_by, reason, matcher }: RawSilence): Silence {
  return { id, madeAt: made_at, until, by: made_by, reason, match: JSON.parse(matcher) };
}
