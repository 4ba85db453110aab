import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { mistakeInName, spelled } from '../../accounts/name.ts';
import { reaches } from '../../accounts/roles.ts';
import { apiTokenPrefix, freshSecret, hashSecret } from '../../accounts/secret.ts';
import { type ApiToken, mostApiTokens } from '../../store/accounts.ts';
import { notKept } from '../access/begin-session.ts';
import { actorOf, type Caller } from '../access/caller.ts';
import { isOver } from '../access/session-cookie.ts';
import { ApiTokenBody, ApiTokenMade, ApiTokenView, SessionView } from '../account-bodies.ts';
import { sendProblem } from '../problem.ts';
import { sessionId, sessionView } from '../session-view.ts';
import { listOf } from './lists.ts';
import { type Route, route } from './route.ts';
import { Changed } from './views.ts';

const none = Type.Object({}, { additionalProperties: false });
const dayMs = 86_400_000;
const notByToken = 'Only who has signed in makes and revokes API tokens and signs browsers out, no token of theirs.';

/** Browsers and programs that may in somebody's name. */
export const ownAccessRoutes: readonly Route[] = [
  route({
    path: '/api/v1/me/sessions',
    summary: 'Browsers that are signed in as whoever asks, the newest first.',
    query: none,
    params: none,
    answer: { schema: listOf(SessionView) },
    problems: [],
    async handle({ accounts, now }, { caller: { user, session } }, reply) {
      const at = now();
      const all = user === undefined ? [] : await accounts.sessionsOf(user);
      const items = all
        .filter((one) => !isOver(one, at))
        .map((one) => sessionView(one, session?.equals(one.hash) === true));
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(at), items });
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/me/sessions/:id',
    summary: 'Signs one of them out; not by an API token of theirs.',
    query: none,
    params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{32}$' }) }),
    answer: { schema: Changed },
    problems: [400, 404],
    async handle({ accounts, now }, { params: { id }, caller }, reply) {
      if (isTheirToken(caller)) return forbidden(reply, notByToken);
      const { user } = caller;
      const all = user === undefined ? [] : await accounts.sessionsOf(user);
      const found = all.find(({ hash }) => sessionId(hash) === id);
      if (!found) return sendProblem(reply, 404, 'Not Found', 'There is no such session.');
      const detail = { address: found.address };
      const entry = { at: now(), ...actorOf(caller), action: 'signed-out', subject: found.user, detail } as const;
      const kept = await accounts.endSession(found.hash, entry);
      return kept.ok ? reply.send({ version: 1, changed: kept.value ? 1 : 0 }) : notKept(reply);
    },
  }),
  route({
    path: '/api/v1/api-tokens',
    summary: 'API tokens by name: one’s own, and for admins all of them.',
    query: none,
    params: none,
    answer: { schema: listOf(ApiTokenView) },
    problems: [],
    async handle({ accounts, now }, { caller }, reply) {
      const items = (await accounts.apiTokens()).filter((one) => isTheirs(one, caller)).map(view);
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(now()), items });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/api-tokens',
    summary:
      'Makes one, of a role that is not above one’s own. It is its maker’s: it may no more than they, goes with them, and makes no other.',
    query: none,
    params: none,
    body: ApiTokenBody,
    status: 201,
    answer: { schema: ApiTokenMade },
    problems: [400, 409, 422],
    async handle({ accounts, now }, { body: { role, days, ...body }, caller }, reply) {
      if (isTheirToken(caller)) return forbidden(reply, notByToken);
      const name = spelled(body.name);
      const mistake = mistakeInName(name);
      if (mistake !== undefined) return sendProblem(reply, 422, 'Cannot be made', `${mistake}.`);
      // Nobody answers for what a program makes that is nobody's itself.
      if (caller.user === undefined && caller.role !== 'admin') return forbidden(reply, 'Only users make API tokens.');
      if (!reaches(caller.role, role)) return forbidden(reply, `Its role would be above your own, ${caller.role}.`);
      const createdAt = now();
      const expiresAt = createdAt + days * dayMs;
      const by = actorOf(caller);
      const secret = apiTokenPrefix + freshSecret();
      const token = { name, role, user: caller.user, createdBy: by.actor, createdAt, expiresAt };
      const detail = { role, expiresAt: instant(expiresAt) };
      const entry = { at: createdAt, ...by, action: 'api-token-created', subject: name, detail } as const;
      const kept = await accounts.addApiToken(hashSecret(secret), token, entry);
      if (!kept.ok) return notKept(reply);
      if (kept.value === 'unknown') return forbidden(reply, 'Whoever it would be of may not sign in any more.');
      if (kept.value === 'too-many')
        return sendProblem(reply, 409, 'Conflict', `There are ${mostApiTokens} of yours: revoke one first.`);
      if (kept.value === 'taken') return sendProblem(reply, 409, 'Conflict', 'There is an API token of that name.');
      return reply
        .header('cache-control', 'no-store')
        .send({ version: 1, name, role, token: secret, expiresAt: instant(expiresAt) });
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/api-tokens/:name',
    summary: 'Revokes one’s own, an admin any, at once; not by an API token of theirs.',
    query: none,
    params: Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) }),
    answer: { schema: Changed },
    problems: [400, 404],
    async handle({ accounts, now }, { params: { name }, caller }, reply) {
      if (isTheirToken(caller)) return forbidden(reply, notByToken);
      const found = (await accounts.apiTokens()).find((one) => one.name === name && isTheirs(one, caller));
      if (!found) return sendProblem(reply, 404, 'Not Found', 'There is no such API token.');
      const entry = { at: now(), ...actorOf(caller), action: 'api-token-revoked', subject: name, detail: {} } as const;
      const kept = await accounts.revokeApiToken(name, entry);
      return kept.ok ? reply.send({ version: 1, changed: kept.value ? 1 : 0 }) : notKept(reply);
    },
  }),
];

/** One that leaked would renew itself else, and one that only reads would sign its user out. */
function isTheirToken({ by, user }: Caller): boolean {
  return by === 'token' && user !== undefined;
}

function isTheirs({ user }: ApiToken, caller: Caller): boolean {
  return caller.role === 'admin' || (user !== undefined && user === caller.user);
}

function view({ name, role, user, createdBy, createdAt, expiresAt, usedAt }: ApiToken): ApiTokenView {
  return {
    name,
    role,
    ...(user !== undefined && { user }),
    createdBy,
    createdAt: instant(createdAt),
    expiresAt: instant(expiresAt),
    ...(usedAt !== undefined && { usedAt: instant(usedAt) }),
  };
}

function forbidden(reply: FastifyReply, why: string): FastifyReply {
  return sendProblem(reply, 403, 'Forbidden', why);
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
