import test from 'ava';
import { answersTo, silenceables } from '../../../collector/present/answers.ts';
import type { IncidentView, SilenceView } from '../../../collector/serve/api/inventory-views.ts';

const at = '2026-11-23T03:00:00.000Z';
const now = Date.parse(at);
const need = {
  agentId: 'agent-1',
  hostName: 'web-1',
  told: { code: 'not-served', kind: 'endpoint' as const, subject: 'shop@443' },
  names: ['shop.example.com'],
  labels: { owner: 'payments' },
};
const incident = (concern: Partial<IncidentView['concerns'][number]>): IncidentView => ({
  id: 'i',
  rule: 'all',
  severity: 'critical',
  title: '',
  cause: '',
  openedAt: at,
  toldAt: at,
  messages: 1,
  channels: [],
  concerns: [{ agentId: 'agent-1', code: 'not-served', kind: 'endpoint' as const, subject: 'shop@443', ...concern }],
});
const silence = (match: SilenceView['match'], until = '2026-11-23T04:00:00.000Z'): SilenceView => ({
  id: 's',
  madeAt: at,
  by: 'otto',
  reason: 'x',
  until,
  match,
});

test('an incident is found by agent, code and subject; what is seen from outside is of no agent', (t) => {
  const found = (concern: Partial<IncidentView['concerns'][number]>) =>
    answersTo(need, { incidents: [incident(concern)], silences: [] }, now).incident?.id;
  t.is(found({}), 'i');
  t.is(found({ agentId: '' }), 'i');
  for (const other of [{ agentId: 'agent-2' }, { code: 'due' }, { kind: 'host' }, { subject: 'pay@443' }])
    t.is(found(other), undefined, JSON.stringify(other));
});

test('silences fit as they do where it is decided what is told, until their end', (t) => {
  const fits = (match: SilenceView['match'], until?: string) =>
    answersTo(need, { incidents: [incident({})], silences: [silence(match, until)] }, now).silences.length === 1;
  for (const match of [
    { incident: 'i' },
    { host: 'WEB-*' },
    { name: '*.example.com', code: 'not-served' },
    { labels: { owner: 'pay*' } },
  ])
    t.true(fits(match), JSON.stringify(match));
  for (const match of [{ incident: 'j' }, { host: 'db-*' }, { host: 'web-1', code: 'due' }, { labels: { owner: 'x' } }])
    t.false(fits(match), JSON.stringify(match));
  t.false(fits({ host: 'web-1' }, at), 'it has ended');
});

test('what can be silenced goes from the cause to the whole host', (t) => {
  t.deepEqual(
    silenceables(need, incident({})).map(({ match }) => match),
    [
      { incident: 'i' },
      { code: 'not-served', host: 'web-1', name: 'shop.example.com' },
      { code: 'not-served', host: 'web-1' },
      { host: 'web-1' },
    ],
  );
  t.is(silenceables({ ...need, names: [] }, undefined).length, 2);
});
