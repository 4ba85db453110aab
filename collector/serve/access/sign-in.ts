import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { mistakeInName, spelled } from '../../accounts/name.ts';
import { hashPassword, isPassword, mistakeInPassword } from '../../accounts/password.ts';
import { hashSecret } from '../../accounts/secret.ts';
import type { Clock } from '../../ports.ts';
import type { Accounts, AuditEntry } from '../../store/accounts.ts';
import { sendProblem } from '../problem.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import { beginSession, notBegun, notKept } from './begin-session.ts';
import { actorOf } from './caller.ts';
import { fieldsOf, sentence } from './form-fields.ts';
import { addInvite } from './invite.ts';
import { localPath } from './local-path.ts';
import { accountPage, overPage, sendPage, setUpPage, signedInPage, signInPage } from './pages.ts';
import { clearSessionCookie } from './session-cookie.ts';
import { turns } from './turns.ts';

export interface SignInNeeds {
  /** The OpenID provider's issuer; undefined: there is none. */
  provider: string | undefined;
  accounts: Accounts;
  clock: Clock;
}

/** 19 MiB and a thread each: many at once would take the machine from the agents. */
const hashing = { atOnce: 2, waiting: 20 };
const formBytes = 8 * 1024;

/** The pages without a script: sign in, sign out, the first user, one's own password. */
export function addSignIn(app: FastifyInstance, { provider, accounts, clock }: SignInNeeds): void {
  const attempts = createAttempts(clock);
  const inTurn = turns(hashing.atOnce, hashing.waiting);
  void app.register(async (forms) => {
    forms.removeAllContentTypeParsers();
    forms.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: formBytes },
      async (_: FastifyRequest, body: string) => new URLSearchParams(body),
    );

    forms.get<{ Querystring: Record<string, unknown> }>('/sign-in', async ({ caller, query }, reply) => {
      if (caller.by === 'session') return sendPage(reply, signedInPage(caller.name ?? ''));
      const hasUsers = await accounts.hasUsers();
      return sendPage(
        reply,
        signInPage({ next: localPath(query['next']), name: '', mistake: undefined, hasUsers, provider }),
      );
    });

    forms.post('/sign-in', async (request, reply) => {
      const field = fieldsOf(request);
      const next = field('next');
      const name = spelled(field('name')).slice(0, 64);
      const again = (mistake: string, status: number) =>
        sendPage(reply, signInPage({ next: localPath(next), name, mistake, hasUsers: true, provider }), status);
      const refused = await tooMany(attempts, name, request, reply);
      if (refused !== undefined) return again(refused, 429);
      const user = await accounts.user(name);
      const fits = await inTurn(() => isPassword(field('password'), user?.password));
      if (fits === undefined) {
        attempts.untry(name, request.ip);
        return again('Too many sign in at this moment: try again.', 503);
      }
      if (!fits || !user || user.disabledAt !== undefined) return again('The name or the password is wrong.', 401);
      attempts.forget(name, request.ip);
      return begin(request, reply, user.name, localPath(next));
    });

    forms.get<{ Querystring: Record<string, unknown> }>('/set-up', async ({ query }, reply) => {
      const token = typeof query['token'] === 'string' ? query['token'] : '';
      if (!(await accounts.isSetUp(linkHash(token), clock.now()))) return sendPage(reply, overPage, 410);
      return sendPage(reply, setUpPage(token, '', undefined));
    });

    forms.post('/set-up', async (request, reply) => {
      const field = fieldsOf(request);
      const [token, typed, password] = [field('token'), field('name'), field('password')];
      const hash = linkHash(token);
      const at = clock.now();
      if (!(await accounts.isSetUp(hash, at))) return sendPage(reply, overPage, 410);
      const name = spelled(typed);
      const mistake = mistakeInName(name) ?? mistakeInPassword(password, name);
      if (mistake !== undefined) return sendPage(reply, setUpPage(token, typed.slice(0, 64), sentence(mistake)), 422);
      const made = await inTurn(() => hashPassword(password));
      if (made === undefined)
        return sendPage(reply, setUpPage(token, name, 'Too many sign in at this moment: try again.'), 503);
      const user = { name, role: 'admin', password: made, identity: undefined, createdAt: at } as const;
      const entry = { at, actor: name, via: 'set-up', action: 'set-up', subject: name, detail: from(request) } as const;
      const kept = await accounts.setUp(hash, user, entry);
      if (!kept.ok) return notKept(reply);
      return kept.value ? begin(request, reply, name, '/') : sendPage(reply, overPage, 410);
    });

    addInvite(forms, { accounts, clock, inTurn });

    forms.post('/sign-out', async (request, reply) => {
      const { caller } = request;
      if (caller.session) {
        const kept = await accounts.endSession(caller.session, entryOf(request, 'signed-out', caller.name ?? ''));
        if (!kept.ok) return notKept(reply);
      }
      clearSessionCookie(request, reply);
      return reply.header('cache-control', 'no-store').redirect('/sign-in', 303);
    });

    forms.get('/account', async ({ caller }, reply) => sendPage(reply, accountPage(caller)));

    forms.post('/account/password', async (request, reply) => {
      const { caller } = request;
      const field = fieldsOf(request);
      const password = field('password');
      const name = caller.name ?? '';
      if (caller.by !== 'session')
        return sendProblem(reply, 403, 'Forbidden', 'Only who has signed in with a password changes it here.');
      const refused = await tooMany(attempts, name, request, reply);
      if (refused !== undefined) return sendPage(reply, accountPage(caller, { mistake: refused }), 429);
      const user = await accounts.user(name);
      const fits = await inTurn(() => isPassword(field('current'), user?.password));
      if (fits === undefined) {
        attempts.untry(name, request.ip);
        return sendPage(reply, accountPage(caller, { mistake: 'Try again.' }), 503);
      }
      if (!fits) return sendPage(reply, accountPage(caller, { mistake: 'The password of now is wrong.' }), 422);
      attempts.forget(name, request.ip);
      const mistake = mistakeInPassword(password, name);
      if (mistake !== undefined) return sendPage(reply, accountPage(caller, { mistake: sentence(mistake) }), 422);
      const made = await inTurn(() => hashPassword(password));
      if (made === undefined) return sendPage(reply, accountPage(caller, { mistake: 'Try again.' }), 503);
      const kept = await accounts.setPassword(name, made, entryOf(request, 'user-password-changed', name));
      if (!kept.ok) return notKept(reply);
      return begin(request, reply, name, '/account');
    });
  });

  async function begin(request: FastifyRequest, reply: FastifyReply, name: string, next: string) {
    const begun = await beginSession({ accounts, clock }, request, reply, name);
    if (begun !== 'begun') return notBegun(reply, begun, name);
    return reply.header('cache-control', 'no-store').redirect(next, 303);
  }

  /** Why this one has to wait; undefined: it may be tried. */
  async function tooMany(
    counted: Attempts,
    name: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<string | undefined> {
    const late = counted.begin(name, request.ip);
    if (!late) return undefined;
    if (late.isNew) await accounts.addAudit(entryOf(request, 'sign-in-failed-too-often', name));
    reply.header('retry-after', String(late.waitSeconds));
    return `Too many sign-ins failed: try again in ${Math.ceil(late.waitSeconds / 60)} min.`;
  }

  function entryOf(request: FastifyRequest, action: AuditEntry['action'], subject: string): AuditEntry {
    return { at: clock.now(), ...actorOf(request.caller), action, subject, detail: from(request) };
  }
}

function from({ ip }: FastifyRequest): { address: string } {
  return { address: ip };
}

/** As it is kept with the link's end. */
export function linkHash(token: string): string {
  return hashSecret(token).toString('hex');
}
