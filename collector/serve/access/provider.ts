import { readFileSync } from 'node:fs';
import type { Configuration, IDToken } from 'openid-client';
import type { OidcSettings } from '../../config-web.ts';
import { codeOf, messageOf, startFailure } from '../../failure.ts';

/** An OpenID provider (OpenID Connect Core 1.0), with the code flow and PKCE. */
export interface Provider {
  /** Where the browser is sent, and what has to be known when it comes back. Rejects where the provider does not answer. */
  begin: (returnTo: string) => Promise<{ address: string; flow: Flow }>;
  /** Who it is, by what the provider says with the address that the browser came back to. Rejects where that does not hold. */
  end: (cameTo: URL, flow: Flow) => Promise<IDToken>;
}

export interface Flow {
  state: string;
  nonce: string;
  verifier: string;
}

const timeoutSeconds = 10;

/** Asks nobody before somebody signs in. Throws a start failure where the secret cannot be read. */
export function createProvider({ issuer, client, secretFile, nameClaim }: OidcSettings): Provider {
  const secret = readSecret(secretFile);
  let found: Promise<{ library: typeof import('openid-client'); configuration: Configuration }> | undefined;

  return {
    async begin(returnTo) {
      const { library, configuration } = await discovered();
      const flow = {
        state: library.randomState(),
        nonce: library.randomNonce(),
        verifier: library.randomPKCECodeVerifier(),
      };
      const address = library.buildAuthorizationUrl(configuration, {
        redirect_uri: returnTo,
        scope: scopes[nameClaim],
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await library.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      });
      return { address: address.href, flow };
    },
    async end(cameTo, { state, nonce, verifier }) {
      const { library, configuration } = await discovered();
      const tokens = await library.authorizationCodeGrant(configuration, cameTo, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims) throw new Error('the provider gave no ID token');
      // Providers put names into the ID token, or only where they are asked with the access token (5.3).
      if (nameClaim === 'sub' || claims[nameClaim] !== undefined) return claims;
      return { ...(await library.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
    },
  };

  /** Kept once it answered; asked again where it did not. */
  function discovered() {
    found ??= discover().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  }

  async function discover() {
    const library = await import('openid-client');
    const insecure = issuer.startsWith('http:') ? [library.allowInsecureRequests] : [];
    const options = { execute: insecure, timeout: timeoutSeconds };
    return { library, configuration: await library.discovery(new URL(issuer), client, secret, undefined, options) };
  }
}

const scopes = { preferred_username: 'openid profile', email: 'openid email', sub: 'openid' } as const;

function readSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n')[0]?.trim() ?? '';
  } catch (error) {
    throw startFailure(`${path}: cannot be read (${codeOf(error) || messageOf(error)}): correct web_oidc_secret_file`);
  }
}
