import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { Check } from 'typebox/value';
import type { Channel } from '../../../collector/notify/channel.ts';
import { signature } from '../../../collector/notify/channels/webhook.ts';
import { Message } from '../../../collector/notify/message.ts';
import type { ChannelSettings } from '../../../collector/notify/settings.ts';
import { file, hostile, message, open, resolved, soon } from '../helpers/opened-channel.ts';
import { until } from '../../helpers/testbed/until.ts';
import { type Received, startReceiver } from '../helpers/receivers.ts';

// Every channel against a real receiver on loopback, with one contract for all.

const canary = 'canary-4f1d';

interface Subject {
  name: string;
  settings: (url: string) => ChannelSettings;
  delivery: Channel['delivery'];
  /** What the documented schema asks for; of each of the three messages. */
  opened: (t: ExecutionContext, one: Received) => void;
  resolved: (t: ExecutionContext, one: Received) => void;
  hostile: (t: ExecutionContext, one: Received) => void;
}

// oxlint-disable-next-line typescript/no-explicit-any
const json = (one: Received): any => JSON.parse(one.body);
const texts = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(texts)
      : [];

const subjects: Subject[] = [
  {
    name: 'slack',
    settings: (url) => ({ kind: 'slack', urlFile: file(`${url}/services/${canary}\n`) }),
    delivery: 'at-least-once',
    opened(t, one) {
      t.is(one.path, `/services/${canary}`);
      const { text, blocks } = json(one);
      t.is(text, 'not-served: shop.example.test on web-1 and 11 more - nginx was not reloaded since the file changed.');
      t.deepEqual(
        blocks.map(({ type }: { type: string }) => type),
        ['header', 'section', 'section', 'section', 'section', 'actions', 'context'],
      );
      t.true(one.body.includes('```systemctl reload nginx```'));
      t.true(texts(blocks).includes('https://certherd.example/answer/token'));
      t.true(one.body.includes('and 2 more'));
      slackLimits(t, blocks);
    },
    resolved(t, one) {
      t.true(json(one).text.startsWith('Resolved: not-served'));
      t.true(texts(json(one)).includes('Lasted\n2 h 5 min'));
      t.false(one.body.includes('systemctl'));
    },
    hostile(t, one) {
      const all = texts(json(one));
      for (const text of all) t.notRegex(text, /<|>|&(?!amp;|lt;|gt;)|[\u0000-\u0009\u000b-\u001f\u202e]/, text);
      t.true(all.some((text) => text.includes('&lt;!channel&gt;')));
      slackLimits(t, json(one).blocks);
    },
  },
  {
    name: 'teams',
    settings: (url) => ({ kind: 'teams', urlFile: file(`${url}/workflows/${canary}`) }),
    delivery: 'at-least-once',
    opened(t, one) {
      const { type, attachments } = json(one);
      t.is(type, 'message');
      t.like(attachments[0], { contentType: 'application/vnd.microsoft.card.adaptive' });
      t.like(attachments[0].content, { type: 'AdaptiveCard', version: '1.4' });
      t.true(texts(attachments).includes('systemctl reload nginx'));
      t.is(attachments[0].content.actions.length, 3);
    },
    resolved: (t, one) => t.true(texts(json(one)).includes('2 h 5 min')),
    hostile(t, one) {
      const blocks: { type: string; inlines: { type: string }[] }[] = json(one).attachments[0].content.body;
      for (const { type, inlines } of blocks) {
        t.is(type, 'RichTextBlock', 'a TextBlock would read Markdown');
        t.true(inlines.every((inline) => inline.type === 'TextRun'));
      }
      t.notRegex(texts(json(one)).join(''), /[\u0000-\u0009\u000b-\u001f\u202e]/);
    },
  },
  {
    name: 'webhook',
    settings: (url) => ({ kind: 'webhook', url: `${url}/hook`, secretFile: file(canary) }),
    delivery: 'once',
    opened(t, one) {
      t.is(one.headers['idempotency-key'], 'i1-1-ops');
      const signed = String(one.headers['certherd-signature']);
      const seconds = Number(/^t=(\d+),v1=[0-9a-f]{64}$/.exec(signed)?.[1]);
      t.is(seconds, Date.parse('2026-11-27T12:00:00.000Z') / 1000);
      t.is(signed, signature(canary, seconds, one.body));
      t.not(signed, signature('another', seconds, one.body));
      t.true(Check(Message, json(one)));
      t.deepEqual(json(one), message());
    },
    resolved: (t, one) => t.deepEqual(json(one), resolved),
    hostile: (t, one) => t.deepEqual(json(one), hostile, 'raw: who shows it escapes it'),
  },
  {
    name: 'pagerduty',
    settings: (url) => ({ kind: 'pagerduty', url: `${url}/v2/enqueue`, keyFile: file(canary) }),
    delivery: 'once',
    opened(t, one) {
      const event = json(one);
      t.like(event, { routing_key: canary, event_action: 'trigger', dedup_key: 'certherd-i1' });
      t.like(event.payload, { severity: 'critical', source: 'web-1', timestamp: '2026-11-27T10:00:00.000Z' });
      t.is(event.payload.custom_details.remedy, 'systemctl reload nginx');
    },
    resolved: (t, one) => t.like(json(one), { event_action: 'resolve', dedup_key: 'certherd-i1' }),
    hostile(t, one) {
      t.true(json(one).payload.summary.length <= 1024);
      t.notRegex(texts(json(one)).join(''), /[\u0000-\u0009\u000b-\u001f\u202e]/);
    },
  },
  {
    name: 'alertmanager',
    settings: (url) => ({ kind: 'alertmanager', url, user: 'certherd', passwordFile: file(canary) }),
    delivery: 'once',
    opened(t, one) {
      t.is(one.path, '/api/v2/alerts');
      t.is(one.headers.authorization, `Basic ${Buffer.from(`certherd:${canary}`).toString('base64')}`);
      t.is(json(one).length, 12);
      t.like(json(one)[0].labels, { alertname: 'not-served', instance: 'web-1', owner: 'payments' });
      t.is(json(one)[0].endsAt, '2026-11-27T12:15:00.000Z');
    },
    resolved: (t, one) => t.is(json(one)[0].endsAt, '2026-11-27T12:00:00.000Z'),
    hostile: (t, one) => t.is(json(one)[0].labels.instance, '<!channel>'),
  },
];

for (const subject of subjects) {
  const { name, settings } = subject;
  test(`${name}: says what is documented, once opened and once resolved, and what hosts say stays text`, async (t) => {
    const receiver = await startReceiver(t);
    const channel = open(settings(receiver.url));
    t.is(channel.delivery, subject.delivery);
    for (const one of [message(), resolved, hostile]) t.deepEqual(await channel.send(one, soon()), { ok: true });
    const [first, second, third, ...others] = receiver.received;
    if (!first || !second || !third) return t.fail('not all arrived');
    t.is(others.length, 0);
    for (const { method, headers } of receiver.received)
      t.deepEqual([method, headers['content-type']], ['POST', 'application/json']);
    subject.opened(t, first);
    subject.resolved(t, second);
    subject.hostile(t, third);
  });

  test(`${name}: a receiver that hangs, has too much, breaks, redirects or is gone is told apart, and no secret is told`, async (t) => {
    const receiver = await startReceiver(t);
    const elsewhere = await startReceiver(t);
    const channel = open(settings(receiver.url));
    const failing = async (answer: (response: ServerResponse) => void, ms?: number) => {
      receiver.answer = answer;
      const delivery = await channel.send(message(), soon(ms));
      if (delivery.ok) throw new Error('it was taken');
      t.false(JSON.stringify(delivery).includes(canary), delivery.failure.detail);
      t.false(JSON.stringify(delivery).includes(receiver.url));
      return delivery.failure;
    };
    t.like(await failing((response) => void response.writeHead(429, { 'retry-after': '17' }).end()), {
      reason: 'too-many',
      retryAfterMs: 17_000,
    });
    t.like(await failing((response) => void response.writeHead(500).end('x'.repeat(100_000))), { reason: 'failed' });
    t.like(await failing((response) => void response.writeHead(400).end('invalid_blocks\n')), {
      reason: 'refused',
      detail: 'status 400: invalid_blocks',
    });
    t.like(await failing((response) => void response.writeHead(404).end()), { reason: 'gone' });
    const to = `${elsewhere.url}/${canary}`;
    t.like(await failing((response) => void response.writeHead(307, { location: to }).end()), { reason: 'redirected' });
    t.is(elsewhere.received.length, 0, 'it is not followed');
    t.like(await failing(() => {}, 200), { reason: 'no-answer' });
    t.like(await failing((response) => void response.socket?.destroy()), { reason: 'no-answer' });
    receiver.answer = (response) => void response.writeHead(200).write('endless');
    // Its body is waited for as long as there is time: the status has to come before, however busy the machine is.
    await until('the status tells', async () => (await channel.send(message(), soon(500))).ok);
  });

  test(`${name}: without a receiver, or without its secret, nothing is sent, and the file is named`, async (t) => {
    const receiver = await startReceiver(t);
    const closed = open(settings('http://127.0.0.1:1'));
    t.like(await closed.send(message(), soon()), { ok: false, failure: { reason: 'unreachable' } });
    const known = settings(receiver.url);
    const missing = Object.fromEntries(
      Object.entries(known).map(([key, value]) => [key, key.endsWith('File') ? '/nonexistent/secret' : value]),
    );
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const delivery = await open(missing as ChannelSettings).send(message(), soon());
    t.like(delivery, { ok: false, failure: { reason: 'secret-unreadable', detail: '/nonexistent/secret' } });
    t.is(receiver.received.length, 0);
  });
}

/** As docs.slack.dev/reference/block-kit has them. */
function slackLimits(
  t: ExecutionContext,
  blocks: { type: string; text?: { text: string }; fields?: { text: string }[] }[],
) {
  t.true(blocks.length <= 50);
  for (const { type, text, fields = [] } of blocks) {
    if (text) t.true(text.text.length > 0 && text.text.length <= (type === 'header' ? 150 : 3000), type);
    t.true(fields.length <= 10 && fields.every((field) => field.text.length <= 2000));
  }
}
