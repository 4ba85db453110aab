import { type ChannelOf, undelivered } from '../channel.ts';
import type { Message, Place } from '../message.ts';
import { postJson } from '../post.ts';
import { wordsOf } from '../words.ts';

/** It takes an alert for over that is not told again: three times as often as it forgets. */
const refreshMs = 300_000;
const standsMs = 3 * refreshMs;
/** In one request: under 1 MB, which is what proxies let pass unless they are told. */
const alertsAtOnce = 500;

/**
 * Alertmanager, API v2: an alert for each place, known by its labels, so that a second copy changes nothing. Grouping, silences and repeats are
 * left to it; `url` is what its own page has, without /api/v2.
 */
export const alertmanager: ChannelOf<'alertmanager'> = ({ url, user, passwordFile }, { readSecret, now }) => ({
  delivery: 'once',
  refreshMs,
  async send(message, deadline) {
    const password = passwordFile === undefined ? undefined : await readSecret(passwordFile);
    if (passwordFile !== undefined && password === undefined) return undelivered('secret-unreadable', passwordFile);
    const basic = Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64');
    const authorization = password === undefined ? {} : { authorization: `Basic ${basic}` };
    // That somebody took it on is Alertmanager's own affair.
    if (message.kind === 'acknowledged') return { ok: true };
    const endsAt = message.kind === 'resolved' ? now() : now() + standsMs;
    const alerts = message.places.map((place) => alert(message, place, new Date(endsAt).toISOString()));
    for (let from = 0; from < alerts.length; from += alertsAtOnce) {
      const body = JSON.stringify(alerts.slice(from, from + alertsAtOnce));
      const delivery = await postJson(`${url}/api/v2/alerts`, body, authorization, deadline);
      if (!delivery.ok) return delivery;
    }
    return { ok: true };
  },
});

function alert(message: Message, { hostName, subject, names }: Place, endsAt: string): object {
  const { code, severity, since, labels, runbook, page } = message;
  const title = `${code}: ${subject.id} on ${hostName}`;
  const { headline, cause, remedy } = wordsOf({ ...message, kind: 'opened', title });
  const { owner, team, environment, platform } = labels;
  return {
    labels: present({
      alertname: code,
      severity,
      instance: hostName,
      subject: `${subject.kind} ${subject.id}`,
      server_name: names[0],
      owner,
      team,
      environment,
      platform,
    }),
    annotations: present({
      summary: headline,
      cause,
      remedy,
      runbook,
      ...(message.deadline && { deadline: message.deadline }),
    }),
    startsAt: since,
    endsAt,
    ...(page !== undefined && { generatorURL: page }),
  };
}

/** It refuses labels that are no UTF-8; an empty one is none. */
function present(texts: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([key, text]) => (text ? [[key, text.toWellFormed()] as const] : [])),
  );
}
