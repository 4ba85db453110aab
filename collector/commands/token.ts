import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { formatJoin, systemTrust } from '@certherd/protocol/join';
import { type Authority, formatAuthority, parseAuthority } from '../authority.ts';
import { type Config, type PublicTrust, readPublicTrust } from '../config.ts';
import type { Clock } from '../ports.ts';
import { codeOf, messageOf, startFailure } from '../failure.ts';
import { hashToken } from '../receive/authenticate.ts';
import { loadTlsIdentity, pinOfCertificate } from '../receive/tls-identity.ts';
import { prepareDirectory } from '../store/directory.ts';
import { openStore } from '../store/open.ts';
import type { TokenLabels } from '../store/facts.ts';
import { silentLog } from '../system/log.ts';
import { account } from './account.ts';
import { byCommand } from './by-command.ts';
import { type CommonOptions, configFor, type Console, exitCodes } from './command.ts';
import { notWritten } from './directory.ts';
import { parseDuration } from './duration.ts';
import { readLabels } from './label-words.ts';

export interface TokenOptions extends CommonOptions {
  url?: string;
  trust?: string;
  labels?: string;
  expires: string;
  /** How many, as typed. */
  count?: string;
  json?: boolean;
}

/** Of one command: a larger fleet takes several. */
const mostTokens = 100_000;

/** `token create`: prints join strings. Works whether or not the collector serves at the moment. */
export async function createToken(options: TokenOptions, console: Console): Promise<number> {
  const lifeMs = parseDuration(options.expires);
  if (lifeMs === undefined) {
    console.complain(`--expires: expected a time from 1m to 30d, as 1h, found ${JSON.stringify(options.expires)}`);
    return exitCodes.usage;
  }
  const given = options.url === undefined ? undefined : parseAuthority(options.url);
  if (options.url !== undefined && !(given && given.port > 0)) {
    console.complain(`--url: expected HOST:PORT, as collector.example:8443, found ${JSON.stringify(options.url)}`);
    return exitCodes.usage;
  }
  const trust = options.trust === undefined ? undefined : readPublicTrust(options.trust);
  if (options.trust !== undefined && !trust) {
    const found = JSON.stringify(options.trust);
    console.complain(
      `--trust: expected own-key, system-ca, or the absolute path of a certificate in PEM, found ${found}`,
    );
    return exitCodes.usage;
  }
  const labels = options.labels === undefined ? undefined : readLabels(options.labels);
  if (labels?.ok === false) {
    console.complain(`--labels: ${labels.failure}`);
    return exitCodes.usage;
  }
  const count = /^[1-9]\d{0,5}$/.test(options.count ?? '1') ? Number(options.count ?? '1') : Number.NaN;
  if (!(count <= mostTokens)) {
    console.complain(`--count: expected a number from 1 to ${mostTokens}, found ${JSON.stringify(options.count)}`);
    return exitCodes.usage;
  }
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const asked = {
    given,
    trust: trust ?? config.publicTrust,
    lifeMs,
    count,
    labels: labels && { by: account(process.env), values: labels.value },
    clock: console.clock,
  };
  const { joins, expiresAt } = await addTokens(config, asked);
  for (const join of joins) console.print(options.json ? JSON.stringify({ version: 1, join, expiresAt }) : join);
  if (!options.json)
    console.complain(
      `Valid once${count > 1 ? ' each' : ''}, until ${expiresAt}. On the host to enrol: certherd-agent enroll JOIN`,
    );
  return exitCodes.ok;
}

interface Asked {
  given: Authority | undefined;
  trust: PublicTrust;
  lifeMs: number;
  count: number;
  labels: TokenLabels | undefined;
  clock: Clock;
}

async function addTokens(
  config: Config,
  { given, trust, lifeMs, count, labels, clock }: Asked,
): Promise<{ joins: string[]; expiresAt: string }> {
  const directory = prepareDirectory(config.dataDirectory);
  if (!directory.ok) throw startFailure(directory.failure);
  const opened = await openStore({ ...config, dataDirectory: directory.value }, { clock, log: silentLog });
  if (!opened.ok) throw startFailure(opened.failure.message);
  const store = opened.value;
  const now = clock.now();
  try {
    const identity = await loadTlsIdentity(directory.value, now);
    if (!identity.ok) throw startFailure(identity.failure);
    const pin = pinOf(trust, identity.value.pin);
    const authority = formatAuthority(
      given ?? config.publicAddress ?? guessAddress(config, await store.agentAddress()),
    );
    const tokens = Array.from({ length: count }, () => randomBytes(32).toString('base64url'));
    // Asked for in one tick, they are one commit.
    const entry = byCommand({ clock }, 'join-token-created', authority, { count: String(count), ...labels?.values });
    const kept = await Promise.all(
      tokens.map((token, index) =>
        store.addToken(hashToken(token), now, now + lifeMs, labels, index === 0 ? entry : undefined),
      ),
    );
    const failure = kept.find((one) => !one.ok);
    if (failure && !failure.ok) throw notWritten(config, failure.failure);
    const expiresAt = new Date(now + lifeMs).toISOString();
    return { joins: tokens.map((token) => formatJoin({ authority, pin, token })), expiresAt };
  } finally {
    await store.close();
  }
}

/** What agents are to be shown. A reverse proxy's key must outlive its renewals, or all that pinned it are locked out. */
function pinOf(trust: PublicTrust, ownPin: string): string {
  if (trust === 'own-key') return ownPin;
  if (trust === 'system-ca') return systemTrust;
  try {
    return pinOfCertificate(readFileSync(trust.certificate, 'utf8'));
  } catch (error) {
    throw startFailure(
      `${trust.certificate}: no certificate can be read there (${codeOf(error) || messageOf(error)}): give the one that agents are shown, in PEM`,
    );
  }
}

/** This machine's name, or the one address that is listened on, with the port that was last served. */
function guessAddress({ agentListen }: Config, lastServed: string | undefined): Authority {
  const host = ['0.0.0.0', '::'].includes(agentListen.host) ? hostname() : agentListen.host;
  const port = agentListen.port || parseAuthority(lastServed ?? '')?.port;
  if (!port)
    throw startFailure('agent_listen has port 0: start certherd-collector serve first, or give --url HOST:PORT');
  return { host, port };
}
