import type { Result } from '@certherd/protocol/failure';
import type { Deployment } from '@certherd/protocol/snapshot';
import type { Adoptable } from '../observe/adoptable.ts';
import type { Observations } from '../observe/observations.ts';
import type { AdoptionPlan, AdoptionWish, Refusal } from './adoption.ts';
import { authenticationFor } from './adoption-authentication.ts';
import type { Facts } from './facts.ts';

/** What is asked of a CA, and what the person who decides should know of it. */
export interface Order {
  part: Pick<AdoptionPlan, 'account' | 'authentication' | 'rehearsal' | 'issuance'>;
  notes: string[];
}

/** certbot's two command lines, the account and the way in which the CA is answered. */
export function orderFor(
  wish: AdoptionWish,
  names: string[],
  { acmeDirectory, lineage, old }: { acmeDirectory: string; lineage: string; old: Deployment },
  { config, certificates }: Facts,
  seen: Adoptable,
): Result<Order, Refusal> {
  const authentication = authenticationFor(wish, names, seen, config);
  if (!authentication.ok) return authentication;
  const accounts = seen.accounts.get(acmeDirectory) ?? [];
  const [id] = accounts;
  const algorithm = certificates.get(old.configured ?? '')?.algorithm;
  const { configDirectory, workDirectory, logsDirectory } = config.certbot;
  const known = [
    '--agree-tos',
    '--register-unsafely-without-email',
    '--key-type',
    algorithm === 'rsa' ? 'rsa' : 'ecdsa',
  ];
  const places = ['--config-dir', configDirectory, '--work-dir', workDirectory, '--logs-dir', logsDirectory];
  const certonly = (server: string, extra: string[]) => [
    config.certbot.binary,
    'certonly',
    '--non-interactive',
    ...extra,
    '--cert-name',
    lineage,
    '--server',
    server,
    ...known,
    ...authentication.value.options,
    ...places,
  ];
  const rehearsedAt = config.certbot.stagingServer ?? staging.get(acmeDirectory);
  const isRehearsed = wish.rehearse && rehearsedAt !== undefined;
  const notes = [
    ...(isRehearsed
      ? []
      : [
          wish.rehearse
            ? `Not rehearsed: no staging directory of ${acmeDirectory} is known (staging_server under [certbot]).`
            : 'Not rehearsed, as you wish.',
          `All names must lead to this host from outside: nobody has tried that.`,
        ]),
    ...authentication.value.notes,
  ];
  return {
    ok: true,
    value: {
      part: {
        account: id === undefined ? 'new' : { id },
        authentication: authentication.value,
        ...(isRehearsed && { rehearsal: certonly(rehearsedAt, ['--dry-run']) }),
        issuance: certonly(acmeDirectory, accounts.length > 1 && id !== undefined ? ['--account', id] : []),
      },
      notes,
    },
  };
}

/** The CA that is asked: the one wished for, else the one that most lineages here have, else Let's Encrypt. */
export function acmeDirectoryFor(
  wish: Pick<AdoptionWish, 'acmeDirectory'>,
  { lineages }: Pick<Observations, 'lineages'>,
): string {
  if (wish.acmeDirectory !== undefined) return wish.acmeDirectory;
  const counts = new Map<string, number>();
  for (const { acmeDirectory } of lineages)
    if (acmeDirectory !== undefined) counts.set(acmeDirectory, (counts.get(acmeDirectory) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? letsEncrypt;
}

const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory';
const staging: ReadonlyMap<string, string> = new Map([
  [letsEncrypt, 'https://acme-staging-v02.api.letsencrypt.org/directory'],
]);
