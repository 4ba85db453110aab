import type { Result } from '@certherd/protocol/failure';
import type { Config } from '../../config.ts';
import type { Observations } from '../../observe/observations.ts';
import { readRootTexts } from '../../observe/trusted-roots.ts';
import type { DoctorPorts } from '../doctor-ports.ts';

/** One ACME directory that lineages come from, and what it answered. */
export interface AskedDirectory {
  address: string;
  host: string;
  lineages: string[];
  answer: Result<{ status: number; isDirectory: boolean }>;
  /** How far this host's clock is ahead of the server's, by its Date header, milliseconds; it tells whole seconds. */
  aheadMs?: number;
}

/** A host has one CA, or two; more are not waited for. */
const mostAsked = 4;

/** Asks each directory once, as the agent does for renewal information: through the proxy of this environment, where it names one. */
export async function askDirectories(
  ports: DoctorPorts,
  { certbot }: Pick<Config, 'certbot'>,
  lineages: Observations['lineages'],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<AskedDirectory[]> {
  const users = new Map<string, string[]>();
  for (const { name, acmeDirectory } of lineages)
    if (acmeDirectory !== undefined) users.set(acmeDirectory, [...(users.get(acmeDirectory) ?? []), name]);
  if (users.size === 0) return [];
  const session = ports.httpsThrough(environment)(
    readRootTexts(ports.files, () => ports.bundledRoots(), certbot.caBundle),
  );
  try {
    return await Promise.all([...users].slice(0, mostAsked).map(([address, names]) => ask(address, names)));
  } finally {
    session.close();
  }

  async function ask(address: string, names: string[]): Promise<AskedDirectory> {
    const host = URL.canParse(address) ? new URL(address).hostname.replace(/^\[|\]$/g, '') : '';
    const answer = await session.get(address);
    const heardAt = ports.clock.now();
    if (!answer.ok) return { address, host, lineages: names, answer };
    const { status, body, date } = answer.value;
    const told = Date.parse(date ?? '');
    return {
      address,
      host,
      lineages: names,
      answer: { ok: true, value: { status, isDirectory: body.includes('newOrder') || body.includes('newNonce') } },
      ...(Number.isFinite(told) && { aheadMs: heardAt - told }),
    };
  }
}
