import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Result } from '@certherd/protocol/failure';
import { formatJoin, systemTrust } from '@certherd/protocol/join';
import { type Authority, formatAuthority, parseAuthority } from './authority.ts';
import type { Config, PublicTrust } from './config.ts';
import { codeOf, messageOf } from './failure.ts';
import { hashToken } from './receive/authenticate.ts';
import { pinOfCertificate } from './receive/tls-identity.ts';
import type { NotKept } from './receive/records.ts';
import type { AuditEntry } from './store/accounts.ts';
import type { TokenLabels } from './store/facts.ts';
import type { Store } from './store/store.ts';

/** What join strings are to say. */
export interface JoinWish {
  /** Where agents reach the collector; undefined: public_address, else this machine. */
  given: Authority | undefined;
  trust: PublicTrust;
  /** Milliseconds. */
  lifeMs: number;
  count: number;
  labels: TokenLabels | undefined;
  at: number;
  /** Who asked, for the history. */
  by: Pick<AuditEntry, 'actor' | 'via'>;
}

export interface JoinPlace {
  store: Pick<Store, 'addToken' | 'agentAddress'>;
  config: Pick<Config, 'agentListen' | 'publicAddress'>;
  /** The pin of our own TLS key. */
  ownPin: string;
  hostName: string;
}

/** Makes join strings, each good for one host. The failure is a sentence that says what to do, or why nothing was kept. */
export async function makeJoins(
  { given, trust, lifeMs, count, labels, at, by }: JoinWish,
  { store, config, ownPin, hostName }: JoinPlace,
): Promise<Result<string[], string | NotKept>> {
  const pin = pinOf(trust, ownPin);
  if (!pin.ok) return pin;
  const place = given ?? config.publicAddress ?? guessAddress(config, await store.agentAddress(), hostName);
  if (!place)
    return {
      ok: false,
      failure: 'agent_listen has port 0: start certherd-collector serve first, or give --url HOST:PORT',
    };
  const authority = formatAuthority(place);
  const tokens = Array.from({ length: count }, () => randomBytes(32).toString('base64url'));
  const detail = { count: String(count), ...labels?.values };
  const entry: AuditEntry = { at, ...by, action: 'join-token-created', subject: authority, detail };
  // Asked for in one tick, they are one commit.
  const kept = await Promise.all(
    tokens.map((token, index) =>
      store.addToken(hashToken(token), at, at + lifeMs, labels, index === 0 ? entry : undefined),
    ),
  );
  const failed = kept.find((one) => !one.ok);
  if (failed && !failed.ok) return failed;
  return { ok: true, value: tokens.map((token) => formatJoin({ authority, pin: pin.value, token })) };
}

/** What agents are to be shown. A reverse proxy's key must outlive its renewals, or all that pinned it are locked out. */
function pinOf(trust: PublicTrust, ownPin: string): Result<string, string> {
  if (trust === 'own-key') return { ok: true, value: ownPin };
  if (trust === 'system-ca') return { ok: true, value: systemTrust };
  try {
    return { ok: true, value: pinOfCertificate(readFileSync(trust.certificate, 'utf8')) };
  } catch (error) {
    return {
      ok: false,
      failure: `${trust.certificate}: no certificate can be read there (${codeOf(error) || messageOf(error)}): give the one that agents are shown, in PEM`,
    };
  }
}

/** This machine's name, or the one address that is listened on, with the port that was last served. */
function guessAddress(
  { agentListen }: Pick<Config, 'agentListen'>,
  lastServed: string | undefined,
  hostName: string,
): Authority | undefined {
  const host = ['0.0.0.0', '::'].includes(agentListen.host) ? hostName : agentListen.host;
  const port = agentListen.port || parseAuthority(lastServed ?? '')?.port;
  return port ? { host, port } : undefined;
}
