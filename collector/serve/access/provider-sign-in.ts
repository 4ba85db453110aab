import type { FastifyInstance, FastifyRequest } from 'fastify';
import { mistakeInName, spelled } from '../../accounts/name.ts';
import type { OidcSettings } from '../../config-web.ts';
import { messageOf } from '../../failure.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Accounts, User } from '../../store/accounts.ts';
import { beginSession, notBegun, notKept } from './begin-session.ts';
import { localPath } from './local-path.ts';
import { againPage, sendPage, strangerPage } from './pages.ts';
import { createProvider, type Flow } from './provider.ts';

export interface ProviderSignInNeeds {
  oidc: OidcSettings;
  accounts: Accounts;
  clock: Clock;
  log: Log;
}

const flowSeconds = 600;

/** Signs in by an OpenID provider: /sign-in/provider leads there, and it leads back to /sign-in/return. */
export function addProviderSignIn(app: FastifyInstance, { oidc, accounts, clock, log }: ProviderSignInNeeds): void {
  const provider = createProvider(oidc);

  app.get<{ Querystring: Record<string, unknown> }>('/sign-in/provider', async (request, reply) => {
    try {
      const { address, flow } = await provider.begin(`${originOf(request)}/sign-in/return`);
      const kept = JSON.stringify({ ...flow, next: localPath(request.query['next']) });
      reply.setCookie(flowCookie(request), kept, flowAttributes(request));
      return reply.header('cache-control', 'no-store').redirect(address, 303);
    } catch (error) {
      log.warn({ detail: messageOf(error) }, 'the OpenID provider does not answer');
      return sendPage(reply, strangerPage('The provider does not answer. Try again in a moment.'), 503);
    }
  });

  app.get('/sign-in/return', async (request, reply) => {
    const begun = readFlow(request.cookies[flowCookie(request)]);
    reply.clearCookie(flowCookie(request), flowAttributes(request));
    if (!begun)
      return sendPage(reply, strangerPage('This sign-in took too long, or was begun in another browser.'), 400);
    const claims = await provider.end(new URL(request.url, originOf(request)), begun).catch((error: unknown) => {
      log.warn({ detail: messageOf(error) }, 'a sign-in by the OpenID provider failed');
      return undefined;
    });
    if (!claims) return sendPage(reply, strangerPage('The provider did not say who you are.'), 401);
    const identity = { issuer: claims.iss, subject: claims.sub };
    const told = claims[oidc.nameClaim];
    const name = spelled(typeof told === 'string' ? told : '');
    const isSure = oidc.nameClaim !== 'email' || claims['email_verified'] === true;
    const user = (await accounts.userOf(identity)) ?? (isSure ? await newcomer(identity, name) : undefined);
    if (user === 'not-kept') return notKept(reply);
    if (!user) return sendPage(reply, strangerPage(`${name || 'Whoever you are'} is no user here.`, name), 403);
    if (user.disabledAt !== undefined)
      return sendPage(reply, strangerPage(`${user.name} may not sign in: an admin disabled it.`), 403);
    const signedIn = await beginSession({ accounts, clock }, request, reply, user.name, { issuer: identity.issuer });
    if (signedIn !== 'begun') return notBegun(reply, signedIn, user.name);
    // The session's cookie is Strict: only what a page of ours asks for has it.
    return sendPage(reply, againPage(begun.next));
  });

  /** Somebody whom an admin has made for this, or who may come by the settings. Whoever has a password, or a link that sets one, is never taken over by a name. */
  async function newcomer(
    identity: NonNullable<User['identity']>,
    name: string,
  ): Promise<User | undefined | 'not-kept'> {
    if (mistakeInName(name) !== undefined) return undefined;
    const known = await accounts.user(name);
    if (known) {
      if (known.password !== undefined || known.elsewhere !== true) return undefined;
      if (known.disabledAt !== undefined) return known;
      const bound = await accounts.bindIdentity(name, identity);
      if (!bound.ok) return 'not-kept';
      return bound.value ? known : undefined;
    }
    if (oidc.newRole === undefined) return undefined;
    const at = clock.now();
    const user: User = { name, role: oidc.newRole, password: undefined, identity, createdAt: at };
    const detail = { role: oidc.newRole, issuer: identity.issuer };
    const added = await accounts.addUser(user, {
      at,
      actor: name,
      via: 'page',
      action: 'user-added',
      subject: name,
      detail,
    });
    if (!added.ok) return 'not-kept';
    return added.value ? user : undefined;
  }
}

function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}

function flowCookie({ protocol }: FastifyRequest): string {
  return protocol === 'https' ? '__Host-certherd-flow' : 'certherd-flow';
}

/** Lax: the provider, another site, leads back with it. */
function flowAttributes({ protocol }: FastifyRequest) {
  const secure = protocol === 'https';
  return { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: flowSeconds } as const;
}

function readFlow(text: string | undefined): (Flow & { next: string }) | undefined {
  try {
    const flow: Record<string, unknown> = JSON.parse(text ?? '');
    const { state, nonce, verifier, next } = flow;
    if (typeof state !== 'string' || typeof nonce !== 'string' || typeof verifier !== 'string') return undefined;
    return { state, nonce, verifier, next: localPath(next) };
  } catch {
    return undefined;
  }
}
