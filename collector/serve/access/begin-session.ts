import type { FastifyReply, FastifyRequest } from 'fastify';
import { freshSecret, hashSecret } from '../../accounts/secret.ts';
import type { Clock } from '../../ports.ts';
import type { Accounts } from '../../store/accounts.ts';
import { sendProblem } from '../problem.ts';
import { sendPage, strangerPage } from './pages.ts';
import { sessionMs, setSessionCookie } from './session-cookie.ts';

/** Signs a browser in. `gone`: the user was removed or disabled meanwhile. `detail`: for the history, besides the address. */
export async function beginSession(
  { accounts, clock }: { accounts: Accounts; clock: Clock },
  request: FastifyRequest,
  reply: FastifyReply,
  user: string,
  detail: Readonly<Record<string, string>> = {},
): Promise<'begun' | 'gone' | 'not-kept'> {
  const secret = freshSecret();
  const at = clock.now();
  const said = { address: request.ip, ...detail };
  const entry = { at, actor: user, via: 'page', action: 'signed-in', subject: user, detail: said } as const;
  const session = { user, createdAt: at, endsAt: at + sessionMs, address: request.ip };
  const kept = await accounts.addSession(hashSecret(secret), session, entry);
  if (!kept.ok) return 'not-kept';
  if (!kept.value) return 'gone';
  setSessionCookie(request, reply, secret);
  return 'begun';
}

/** Why nobody is signed in by it. */
export function notBegun(reply: FastifyReply, why: 'gone' | 'not-kept', user: string): FastifyReply {
  if (why === 'not-kept') return notKept(reply);
  return sendPage(
    reply,
    strangerPage(`${user} may not sign in any more: an admin disabled or removed it meanwhile.`),
    403,
  );
}

export function notKept(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, 503, 'Service Unavailable', 'Nothing can be kept: certherd-collector doctor says why.');
}
