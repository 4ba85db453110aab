import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { inviteMs, invitePath, mistakeInInvite } from '../../accounts/invitation.ts';
import { mistakeInName, spelled } from '../../accounts/name.ts';
import { freshSecret, hashSecret } from '../../accounts/secret.ts';
import type { AuditAction, AuditEntry, NewInvite, UserChange, UserState } from '../../store/accounts.ts';
import { notKept } from '../access/begin-session.ts';
import { actorOf, type Caller } from '../access/caller.ts';
import { type Invite, UserBody, UserChangeBody, UserMade, UserView } from '../account-bodies.ts';
import { sendProblem } from '../problem.ts';
import { listOf } from './lists.ts';
import type { ApiNeeds } from './needs.ts';
import { type Route, route } from './route.ts';
import { Changed } from './views.ts';

const none = Type.Object({}, { additionalProperties: false });
const named = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) });

/** What an admin does with users. */
export const userRoutes: readonly Route[] = [
  route({
    path: '/api/v1/users',
    summary: 'Who may sign in, by name.',
    query: none,
    params: none,
    answer: { schema: listOf(UserView) },
    problems: [],
    async handle({ accounts, now }, _, reply) {
      const at = now();
      const items = (await accounts.userStates(at)).map(view);
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(at), items });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/users',
    summary:
      'Lets somebody sign in. `invite` is a link by which they set a password, told this once and good for three days.',
    query: none,
    params: none,
    body: UserBody,
    status: 201,
    answer: { schema: UserMade },
    problems: [400, 409, 422],
    async handle(needs, { body, caller }, reply) {
      const name = spelled(body.name);
      const mistake = mistakeInName(name);
      if (mistake !== undefined) return sendProblem(reply, 422, 'Cannot be made', `${mistake}.`);
      const { role, invite } = body;
      const createdAt = needs.now();
      const user = { name, role, password: undefined, identity: undefined, createdAt, elsewhere: !invite };
      const detail = { role, password: 'none' };
      const made = invite ? freshInvite(needs, caller, name) : undefined;
      const kept = await needs.accounts.addUser(user, entryOf(needs, caller, 'user-added', name, detail), made?.kept);
      if (!kept.ok) return notKept(reply);
      if (!kept.value) return sendProblem(reply, 409, 'Conflict', 'Somebody has that name.');
      return reply.header('cache-control', 'no-store').send({ version: 1, name, ...(made && { invite: made.told }) });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/users/:name/invite',
    summary:
      'Another link by which they set a password: for who forgot it, or whose link is over. The one before is over with it.',
    query: none,
    params: named,
    status: 201,
    answer: { schema: UserMade },
    problems: [400, 404, 409],
    async handle(needs, { params: { name }, caller }, reply) {
      const user = await needs.accounts.user(name);
      if (!user) return unknown(reply);
      const mistake = mistakeInInvite(user);
      if (mistake !== undefined) return sendProblem(reply, 409, 'Conflict', mistake);
      const { told, kept } = freshInvite(needs, caller, name);
      const done = await needs.accounts.invite(name, kept.hash, kept.expiresAt, kept.entry);
      if (!done.ok) return notKept(reply);
      if (!done.value) return unknown(reply);
      return reply.header('cache-control', 'no-store').send({ version: 1, name, invite: told });
    },
  }),
  route({
    method: 'PATCH',
    path: '/api/v1/users/:name',
    summary:
      'Gives them another role, or disables or enables them. Whoever was signed in with that name signs in again.',
    query: none,
    params: named,
    body: UserChangeBody,
    answer: { schema: Changed },
    problems: [400, 404, 409],
    handle(needs, { params: { name }, body: { role, disabled }, caller }, reply) {
      if (role !== undefined)
        return change(needs, reply, name, { role }, entryOf(needs, caller, 'user-role-changed', name, { role }));
      const action = disabled === true ? 'user-disabled' : 'user-enabled';
      const disabledAt = disabled === true ? needs.now() : undefined;
      return change(needs, reply, name, { disabledAt }, entryOf(needs, caller, action, name));
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/users/:name',
    summary: 'Takes somebody out, with their sessions and API tokens. The history keeps the name.',
    query: none,
    params: named,
    answer: { schema: Changed },
    problems: [400, 404, 409],
    handle: (needs, { params: { name }, caller }, reply) =>
      change(needs, reply, name, 'removed', entryOf(needs, caller, 'user-removed', name)),
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/users/:name/sessions',
    summary: 'Signs them out everywhere. `changed`: of how many browsers.',
    query: none,
    params: named,
    answer: { schema: Changed },
    problems: [400, 404],
    async handle(needs, { params: { name }, caller }, reply) {
      if (!(await needs.accounts.user(name))) return unknown(reply);
      const kept = await needs.accounts.endSessions(name, entryOf(needs, caller, 'user-signed-out', name));
      if (!kept.ok) return notKept(reply);
      return reply.header('cache-control', 'no-store').send({ version: 1, changed: kept.value });
    },
  }),
];

async function change(
  { accounts }: ApiNeeds,
  reply: FastifyReply,
  name: string,
  wanted: UserChange,
  entry: AuditEntry,
): Promise<FastifyReply> {
  const kept = await accounts.changeUser(name, wanted, entry);
  if (!kept.ok) return notKept(reply);
  if (kept.value === 'unknown') return unknown(reply);
  if (kept.value === 'last-admin')
    return sendProblem(reply, 409, 'Conflict', `${name} is the last admin: make another one first.`);
  return reply.header('cache-control', 'no-store').send({ version: 1, changed: 1 });
}

function freshInvite(needs: ApiNeeds, caller: Caller, name: string): { told: Invite; kept: NewInvite } {
  const secret = freshSecret();
  const expiresAt = needs.now() + inviteMs;
  const entry = entryOf(needs, caller, 'user-invited', name, { expiresAt: instant(expiresAt) });
  return {
    told: { path: invitePath(secret), expiresAt: instant(expiresAt) },
    kept: { hash: hashSecret(secret), expiresAt, entry },
  };
}

function view(user: UserState): UserView {
  const { name, role, password, identity, createdAt, disabledAt, inviteEndsAt, sessions, seenAt, apiTokens } = user;
  const waiting = user.elsewhere && inviteEndsAt === undefined ? 'elsewhere' : 'link';
  return {
    name,
    role,
    signsIn: identity ? 'provider' : password === undefined ? waiting : 'password',
    createdAt: instant(createdAt),
    ...(disabledAt !== undefined && { disabledAt: instant(disabledAt) }),
    ...(inviteEndsAt !== undefined && { inviteEndsAt: instant(inviteEndsAt) }),
    sessions,
    ...(seenAt !== undefined && { seenAt: instant(seenAt) }),
    apiTokens,
  };
}

function entryOf(
  { now }: ApiNeeds,
  caller: Caller,
  action: AuditAction,
  subject: string,
  detail: AuditEntry['detail'] = {},
): AuditEntry {
  return { at: now(), ...actorOf(caller), action, subject, detail };
}

function unknown(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, 404, 'Not Found', 'There is no such user.');
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
