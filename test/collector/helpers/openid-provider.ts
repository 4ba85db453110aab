import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ExecutionContext } from 'ava';
import Provider from 'oidc-provider';

export const clientSecret = 'a-secret-of-the-client-and-nobody-else';

/** A real OpenID provider (oidc-provider), at which whoever comes is signed in as `person` without being asked. */
export interface OpenIdProvider {
  issuer: string;
  /** Who comes next, and what is said of them. */
  person: { subject: string; claims: Record<string, unknown>; refuses?: boolean };
  /** Lets a client's browsers come back to this address. */
  knows: (returnTo: string) => void;
}

export async function startOpenIdProvider(t: ExecutionContext): Promise<OpenIdProvider> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const bound = server.address();
  const issuer = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
  const started: OpenIdProvider = {
    issuer,
    person: { subject: 'nobody', claims: {} },
    knows(returnTo) {
      const provider = new Provider(issuer, {
        clients: [
          {
            client_id: 'certherd',
            client_secret: clientSecret,
            redirect_uris: [returnTo],
            grant_types: ['authorization_code'],
            response_types: ['code'],
          },
        ],
        cookies: { keys: ['of a test'] },
        claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email', 'email_verified'] },
        features: { devInteractions: { enabled: false } },
        interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
        findAccount: async (_, accountId) => ({
          accountId,
          claims: async () => ({ sub: accountId, ...started.person.claims }),
        }),
        async loadExistingGrant({ oidc }) {
          const grant = new oidc.provider.Grant({
            clientId: oidc.client?.clientId ?? '',
            accountId: oidc.session?.accountId ?? '',
          });
          grant.addOIDCScope('openid profile email');
          await grant.save();
          return grant;
        },
      });
      const answer = provider.callback();
      server.removeAllListeners('request');
      server.on('request', (request, response) => {
        if (!request.url?.startsWith('/interaction/')) return void answer(request, response);
        const { subject, refuses } = started.person;
        const result = refuses ? { error: 'access_denied' } : { login: { accountId: subject } };
        return void provider.interactionFinished(request, response, result);
      });
    },
  };
  return started;
}

/** A browser without a page: follows redirections, and keeps the cookies of each origin. */
export function followingBrowser() {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (address: URL) => {
    const jar = jars.get(address.origin) ?? new Map<string, string>();
    jars.set(address.origin, jar);
    return jar;
  };
  return {
    jarOf,
    /** The last answer, and where it came from. */
    async open(start: string): Promise<{ address: URL; status: number; text: string }> {
      let address = new URL(start);
      for (let steps = 0; steps < 10; steps++) {
        const jar = jarOf(address);
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const answer = await fetch(address, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
        for (const set of answer.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
          if (value === '') jar.delete(name);
          else jar.set(name, value);
        }
        const location = answer.headers.get('location');
        if (location === null) return { address, status: answer.status, text: await answer.text() };
        await answer.body?.cancel();
        address = new URL(location, address);
      }
      throw new Error(`${start}: leads nowhere`);
    },
  };
}
