import type { Concern } from '../../../collector/store/concern.ts';
import type { Transition } from '../../../collector/store/tell.ts';
import { transitionsBetween } from '../../../collector/evaluate/transition.ts';
import type { Message } from '../../../collector/notify/message.ts';
import { notifyReason } from '../../../collector/notify/notify-reason.ts';
import { readNotify } from '../../../collector/notify/read-settings.ts';
import type { Incident, Silence } from '../../../collector/store/tell.ts';

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
export const start = Date.parse('2026-11-27T12:00:00.000Z');

export const channel = (name: string) => ({ name, kind: 'webhook', url: `https://${name}.example/` });
export const settingsOf = (rule: object, more: object = {}) => {
  const mistakes: string[] = [];
  const channels = ['payments', 'checkout', 'on-call', 'ops'].map(channel);
  const settings = readNotify(
    { channel: channels, rule: [{ name: 'all', to: ['{owner}'], ...rule }], ...more },
    (place, what) => mistakes.push(`${place.join('.')}: ${what}`),
  );
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  return settings;
};

export const concern = (host: string, change: Partial<Concern> = {}): Concern => ({
  key: JSON.stringify([host, change.code ?? 'not-served']),
  code: 'not-served',
  severity: 'warning',
  agentId: host,
  hostName: host,
  subject: { kind: 'endpoint', id: 'shop.example.test@443' },
  since: '2026-11-27T11:00:00.000Z',
  cause: 'nginx was not reloaded.',
  remedy: 'systemctl reload nginx',
  causeId: 'reload',
  names: ['shop.example.test'],
  labels: { owner: 'payments', team: 'checkout' },
  life: { notBefore: '2026-10-01T00:00:00.000Z', notAfter: '2026-12-30T00:00:00.000Z' },
  ...change,
});

/** What is written down, and a look at it at an instant: as the collector has it, without its database. */
export function world(settings: ReturnType<typeof settingsOf>) {
  let standing: Transition[] = [];
  let incidents: Incident[] = [];
  const silences: Silence[] = [];
  const said: string[] = [];
  const messages: Message[] = [];
  return {
    said,
    messages,
    silences,
    look,
    /** As the file says after the next start. */
    restart(changed: typeof settings) {
      settings = changed;
    },
    acknowledge(at: number) {
      incidents = incidents.map((one) => ({
        ...one,
        acknowledged: { by: 'eve', reason: 'on it', at, severity: one.told.severity },
      }));
    },
    giveBack() {
      incidents = incidents.map((one) => ({ ...one, acknowledged: undefined }));
    },
    /** Looks every minute. */
    pass(from: number, until: number, concerns: readonly Concern[]): string[] {
      const heard: string[] = [];
      for (let at = from; at <= until; at += minute) heard.push(...look(at, concerns));
      return heard;
    },
  };

  /** What was said at this look: "CHANNEL KIND PLACES". */
  function look(at: number, concerns: readonly Concern[]): string[] {
    for (const { after = 0, ...draft } of transitionsBetween(standing, concerns, at)) {
      standing = standing.filter(({ key }) => key !== draft.key);
      if (draft.kind !== 'resolved') standing.push({ ...draft, ordinal: after + 1 });
    }
    const plan = notifyReason({ standing, incidents, silences, settings, answerLink: () => undefined, now: at });
    const now = plan.writes.flatMap(({ incident, notifications }) => {
      const known = incidents.find(({ id }) => id === incident.id);
      incidents = incidents.filter(({ id }) => id !== incident.id);
      const revision = incident.revision + 1;
      if (incident.closedAt === undefined) incidents.push({ ...incident, revision, acknowledged: known?.acknowledged });
      return notifications.map(({ channel: to, body, dueAt }) => {
        const message: Message = JSON.parse(body);
        messages.push(message);
        const later = dueAt > at ? ` at ${new Date(dueAt).toISOString().slice(11, 16)}` : '';
        return `${to} ${message.kind} ${message.placesTotal}${later}`;
      });
    });
    said.push(...now);
    return now;
  }
}
