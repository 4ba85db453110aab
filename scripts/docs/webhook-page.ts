import { Message, MessageKind, Place } from '../../collector/notify/message.ts';
import { signature } from '../../collector/notify/channels/webhook.ts';
import { readDocComments } from './doc-comments.ts';
import { schemaTables } from './schema-tables.ts';

const example: Message = {
  version: 1,
  id: '0f3a9c11d2-1-hook',
  incident: '0f3a9c11d2',
  kind: 'opened',
  severity: 'critical',
  code: 'not-served',
  title: 'not-served: shop.example.com on web-1',
  cause: 'nginx was not reloaded since the certificate was renewed.',
  since: '2026-11-27T10:00:00.000Z',
  deadline: '2026-12-27T10:00:00.000Z',
  remedy: 'systemctl reload nginx',
  places: [
    {
      hostName: 'web-1',
      subject: { kind: 'endpoint', id: 'shop.example.com@0.0.0.0:443/ecdsa' },
      names: ['shop.example.com'],
    },
  ],
  placesTotal: 1,
  labels: { owner: 'payments' },
};

/** docs/webhook.md: what a receiver of our webhook has to know, from the schema that a test holds it to. */
export function webhookPage(): string {
  const comments = readDocComments(['message.ts'], 'collector/notify');
  const tables = schemaTables({ Message, MessageKind, Place }, comments);
  const section = (name: string) => `## ${name}\n\n${comments.ofSchema(name)}\n\n${tables.table(name)}\n`;
  const body = JSON.stringify(example);
  const indented = JSON.stringify(example, null, 2).replaceAll(/^/gm, '    ');
  return [
    `# Webhook

Made from \`collector/notify/message.ts\` by \`npm run docs\`. A channel of the kind \`webhook\` ([Tell people](notify.md)) sends each message as a POST with \`content-type: application/json\`.
Any answer 2xx within ten seconds says that it was taken over; with anything else it is sent again, for three days: 429 and 503 may say when with \`Retry-After\`.
Redirections are not followed. Fields may be added; those that are here stay, or \`version\` grows.

\`Idempotency-Key\` is the message's \`id\`. A collector that was killed before it could note an answer sends the same message again, with the same key and
the same body: a receiver that keeps the keys of the last three days has each message once.

With \`secret_file\` there is a \`Certherd-Signature: t=SECONDS,v1=HEX\`: HMAC-SHA-256 with the secret over \`SECONDS.BODY\`, the body as it came. Compare in constant time, and refuse
seconds that are more than five minutes from now. With the secret \`example\` at 1800000000 the body below, on one line without spaces between fields, has:

    {"Certherd-Signature": "${signature('example', 1_800_000_000, body)}"}

${indented}
`,
    ...['Message', 'MessageKind', 'Place'].map(section),
  ].join('\n');
}
