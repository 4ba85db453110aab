import type { FastifyReply, FastifyRequest } from 'fastify';
import { freshSecret, hashSecret } from '../../accounts/secret.ts';
import type { Clock } from '../../ports.ts';
import type { Accounts } from '../../store/accounts.ts';
import { sendProblem } from '../problem.ts';
import { sessionMs, setSessionCookie } from './session-cookie.ts';

/** Signs a browser in: false where that could not be kept, or the user went meanwhile. `detail`: for the history, besides the address. */
export async function beginSession(
  { accounts, clock }: { accounts: Accounts; clock: Clock },
  request: FastifyRequest,
  reply: FastifyReply,
  user: string,
  detail: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const secret = freshSecret();
  const at = clock.now();
  const said = { address: request.ip, ...detail };
  const entry = { at, actor: user, via: 'page', action: 'signed-in', subject: user, detail: said } as const;
  const session = { user, createdAt: at, endsAt: at + sessionMs, address: request.ip };
  const kept = await accounts.addSession(hashSecret(secret), session, entry);
  if (!kept.ok || !kept.value) return false;
  setSessionCookie(request, reply, secret);
  return true;
}

export function notKept(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, 503, 'Service Unavailable', 'Nothing can be kept: certherd-collector doctor says why.');
}
