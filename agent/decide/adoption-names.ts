import type { Result } from '@certherd/protocol/failure';
import type { Deployment } from '@certherd/protocol/snapshot';
import type { Refusal } from './adoption.ts';

/** For which names a certificate is asked, and which of the config's are left out, with why. */
export interface AdoptionNames {
  names: string[];
  leftOut: { name: string; why: string }[];
}

/** A CA takes at most this many names in one certificate (Let's Encrypt: 100). */
const most = 100;

/**
 * The names of these server blocks that a CA can validate by http-01, in the config's order. One wildcard or expression stops all:
 * a certificate without it would break what the old one served.
 */
export function adoptionNames(deployments: readonly Pick<Deployment, 'serverNames'>[]): Result<AdoptionNames, Refusal> {
  const all = [...new Set(deployments.flatMap(({ serverNames }) => serverNames.map((name) => name.toLowerCase())))];
  const pattern = all.find((name) => name.startsWith('~'));
  if (pattern !== undefined)
    return refused(
      'needs-dns',
      `"${pattern}" is an expression: nobody can tell which names the certificate is to have`,
    );
  const wildcard = all.find((name) => name.includes('*') || name.startsWith('.'));
  if (wildcard !== undefined)
    return refused(
      'needs-dns',
      `${wildcard} is a wildcard: CAs give one only over DNS (dns-01), for which certbot needs the plugin of your DNS provider and its credentials`,
    );
  const named = all.filter((name) => name !== '' && name !== '_');
  const leftOut = named.flatMap((name) => {
    const why = whyNot(name);
    return why === undefined ? [] : [{ name, why }];
  });
  const names = named.filter((name) => whyNot(name) === undefined);
  if (names.length === 0) return refused('no-name', 'the server block has no name that a CA could validate');
  if (names.length > most) return refused('no-name', `${names.length} names: a certificate takes ${most}`);
  return { ok: true, value: { names, leftOut } };
}

function whyNot(name: string): string | undefined {
  if (name.includes(':') || /^\d+(?:\.\d+){3}$/.test(name)) return 'certbot gets no certificates for addresses';
  if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(name)) return undefined;
  return name.includes('.') ? 'it has characters that no host name may have' : 'it has no domain';
}

function refused(reason: Refusal['reason'], detail: string): { ok: false; failure: Refusal } {
  return { ok: false, failure: { reason, detail } };
}
