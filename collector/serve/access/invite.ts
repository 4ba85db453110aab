import type { FastifyInstance } from 'fastify';
import { hashPassword, mistakeInPassword } from '../../accounts/password.ts';
import { hashSecret } from '../../accounts/secret.ts';
import type { Clock } from '../../ports.ts';
import type { Accounts } from '../../store/accounts.ts';
import { beginSession, notBegun, notKept } from './begin-session.ts';
import { fieldsOf, sentence } from './form-fields.ts';
import { invitePage, overInvitePage, sendPage } from './pages.ts';

interface InviteNeeds {
  accounts: Accounts;
  clock: Clock;
  /** undefined: too many are waiting. */
  inTurn: <T>(work: () => Promise<T>) => Promise<T | undefined>;
}

/** GET and POST /invite: the link that an admin made, by which somebody sets a password. Looking at it spends nothing: mail scanners follow links. */
export function addInvite(forms: FastifyInstance, { accounts, clock, inTurn }: InviteNeeds): void {
  forms.get<{ Querystring: Record<string, unknown> }>('/invite', async ({ query }, reply) => {
    const token = typeof query['token'] === 'string' ? query['token'] : '';
    const name = await accounts.invited(hashSecret(token), clock.now());
    return name === undefined ? sendPage(reply, overInvitePage, 410) : sendPage(reply, invitePage(token, name));
  });

  forms.post('/invite', async (request, reply) => {
    const field = fieldsOf(request);
    const [token, password] = [field('token'), field('password')];
    const at = clock.now();
    const hash = hashSecret(token);
    const name = await accounts.invited(hash, at);
    if (name === undefined) return sendPage(reply, overInvitePage, 410);
    const mistake = mistakeInPassword(password, name);
    if (mistake !== undefined) return sendPage(reply, invitePage(token, name, sentence(mistake)), 422);
    const made = await inTurn(() => hashPassword(password));
    if (made === undefined)
      return sendPage(reply, invitePage(token, name, 'Too many sign in at this moment: try again.'), 503);
    const detail = { address: request.ip };
    const entry = { at, actor: name, via: 'set-up', action: 'user-password-changed', subject: name, detail } as const;
    const kept = await accounts.acceptInvite(hash, made, entry);
    if (!kept.ok) return notKept(reply);
    if (!kept.value) return sendPage(reply, overInvitePage, 410);
    const begun = await beginSession({ accounts, clock }, request, reply, name);
    if (begun !== 'begun') return notBegun(reply, begun, name);
    return reply.header('cache-control', 'no-store').redirect('/', 303);
  });
}
