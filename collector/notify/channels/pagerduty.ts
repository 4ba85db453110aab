import { type ChannelOf, undelivered } from '../channel.ts';
import type { Message } from '../message.ts';
import { postJson } from '../post.ts';
import { wordsOf } from '../words.ts';

const severities: Record<Message['severity'], string> = {
  critical: 'critical',
  unknown: 'error',
  warning: 'warning',
  notice: 'info',
};

/** PagerDuty Events v2: one alert for each incident, known by its dedup_key, so that a second copy changes nothing. */
export const pagerduty: ChannelOf<'pagerduty'> = ({ url, keyFile }, { readSecret }) => ({
  delivery: 'once',
  async send(message, deadline) {
    const key = await readSecret(keyFile);
    if (key === undefined) return undelivered('secret-unreadable', keyFile);
    return postJson(url, JSON.stringify(event(message, key)), {}, deadline);
  },
});

function event(message: Message, key: string): object {
  const { kind, incident, severity, code, since, page, runbook, answer } = message;
  const { headline, cause, facts, remedy, places, notes } = wordsOf(message);
  const links = [
    ['Take it on, or silence it', answer],
    ['Runbook', runbook],
    ['Status page', page],
  ] as const;
  return {
    routing_key: key,
    event_action: kind === 'resolved' ? 'resolve' : kind === 'acknowledged' ? 'acknowledge' : 'trigger',
    dedup_key: `certherd-${incident}`,
    client: 'Certherd',
    ...(page !== undefined && { client_url: page }),
    links: links.flatMap(([text, href]) => (href === undefined ? [] : [{ href, text }])),
    payload: {
      summary: headline.slice(0, 1024).toWellFormed(),
      source: message.places[0]?.hostName.slice(0, 255).toWellFormed() ?? 'certherd',
      severity: severities[severity],
      timestamp: since,
      class: code,
      custom_details: { cause, remedy, places, ...Object.fromEntries(facts), notes },
    },
  };
}
