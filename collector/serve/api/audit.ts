import Type from 'typebox';
import { Instant } from '@certherd/protocol/certificate';
import { auditActions, auditWays } from '../../store/audit-words.ts';
import { auditView } from '../audit-view.ts';
import { listOf } from './lists.ts';
import { route } from './route.ts';
import { AuditView } from './views.ts';

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 253, description }));
const place = { minimum: 1, maximum: Number.MAX_SAFE_INTEGER };

/** What people changed. */
export const auditRoute = route({
  path: '/api/v1/audit',
  summary: 'What people changed, and what was tried too often, newest first.',
  query: Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
      cursor: Type.Optional(Type.Integer({ ...place, description: '`next` of the page before.' })),
      before: Type.Optional(Type.Integer({ ...place, description: 'The same as `cursor`.' })),
      actor: text('Who; `*` stands for any characters.'),
      subject: text('To what it was done; `*` stands for any characters.'),
      action: Type.Optional(Type.Enum([...auditActions])),
      via: Type.Optional(Type.Enum([...auditWays])),
      since: Type.Optional(Instant),
      until: Type.Optional(Instant),
    },
    { additionalProperties: false },
  ),
  params: Type.Object({}, { additionalProperties: false }),
  answer: { schema: listOf(AuditView, Type.Integer()) },
  problems: [400],
  async handle({ accounts, now }, { query: { limit = 100, cursor, before, since, until, ...filter } }, reply) {
    const times = { since: instantOf(since), until: instantOf(until) };
    const items = (await accounts.audit(cursor ?? before, limit, { ...filter, ...times })).map(auditView);
    const next = items.length === limit ? items.at(-1)?.id : undefined;
    return reply
      .header('cache-control', 'no-store')
      .send({ version: 1, at: new Date(now()).toISOString(), items, ...(next !== undefined && { next }) });
  },
});

function instantOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
