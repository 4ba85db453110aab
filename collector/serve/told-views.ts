import type { Incident, Silence } from '../store/tell.ts';
import type { IncidentView, SilenceView } from './api/inventory-views.ts';

/** What people were told of, as the API shows it. */
export function incidentView({ id, rule, openedAt, told, acknowledged }: Incident): IncidentView {
  const { title = '', cause = '' }: { title?: string; cause?: string } = JSON.parse(told.message);
  return {
    id,
    rule,
    severity: told.severity,
    title,
    cause,
    openedAt: instant(openedAt),
    toldAt: instant(told.lastAt),
    messages: told.count,
    channels: [...told.channels],
    concerns: told.keys.map((key) => {
      const [agentId = '', code = '', kind = '', subject = '']: string[] = JSON.parse(key);
      return { agentId, code, kind, subject };
    }),
    ...(acknowledged && {
      acknowledged: { by: acknowledged.by, reason: acknowledged.reason, at: instant(acknowledged.at) },
    }),
  };
}

/** A silence, as the API shows it. */
export function silenceView({ id, madeAt, until, by, reason, match: { labels, ...match } }: Silence): SilenceView {
  const fits = { ...match, ...(labels && { labels: { ...labels } }) };
  return { id, madeAt: instant(madeAt), until: instant(until), by, reason, match: fits };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
