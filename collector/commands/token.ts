import { jsonLine } from '@certherd/command-line/printable';
import { hostname } from 'node:os';
import { parseAuthority } from '../authority.ts';
import { type Config, readPublicTrust } from '../config.ts';
import type { Clock } from '../ports.ts';
import { startFailure } from '../failure.ts';
import { type JoinWish, makeJoins } from '../join-tokens.ts';
import { loadTlsIdentity } from '../receive/tls-identity.ts';
import { prepareDirectory } from '../store/directory.ts';
import { openStore } from '../store/open.ts';
import { silentLog } from '../system/log.ts';
import { account } from './account.ts';
import { type CommonOptions, configFor, type Console, exitCodes } from './command.ts';
import { notWritten } from './directory.ts';
import { parseDuration } from './duration.ts';
import { readLabels } from '../evaluate/label-words.ts';

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
  for (const join of joins) console.print(options.json ? jsonLine({ version: 1, join, expiresAt }) : join);
  if (!options.json)
    console.complain(
      `Valid once${count > 1 ? ' each' : ''}, until ${expiresAt}. On the host to enrol: certherd-agent enroll JOIN`,
    );
  return exitCodes.ok;
}

type Asked = Omit<JoinWish, 'at' | 'by'> & { clock: Clock };

async function addTokens(config: Config, { clock, ...wish }: Asked): Promise<{ joins: string[]; expiresAt: string }> {
  const directory = prepareDirectory(config.dataDirectory);
  if (!directory.ok) throw startFailure(directory.failure);
  const opened = await openStore({ ...config, dataDirectory: directory.value }, { clock, log: silentLog });
  if (!opened.ok) throw startFailure(opened.failure.message);
  const store = opened.value;
  const at = clock.now();
  try {
    const identity = await loadTlsIdentity(directory.value, at);
    if (!identity.ok) throw startFailure(identity.failure);
    const by = { actor: account(process.env), via: 'command' } as const;
    const place = { store, config, ownPin: identity.value.pin, hostName: hostname() };
    const made = await makeJoins({ ...wish, at, by }, place);
    if (made.ok) return { joins: made.value, expiresAt: new Date(at + wish.lifeMs).toISOString() };
    throw typeof made.failure === 'string' ? startFailure(made.failure) : notWritten(config, made.failure);
  } finally {
    await store.close();
  }
}
