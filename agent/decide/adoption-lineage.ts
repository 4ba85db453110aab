import path from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import type { AdoptionWish, Refusal } from './adoption.ts';
import type { AdoptionTarget } from './adoption-target.ts';
import { uncoveredNames } from './coverage.ts';
import type { Facts } from './facts.ts';
import { copiedFrom } from './stale-copy.ts';

/** The lineage that the server blocks are to name. */
export interface PlannedLineage {
  name: string;
  certificatePath: string;
  keyPath: string;
  /** Issued before, for these names: by an adoption that failed later, or by somebody who copied the files. */
  isThere: boolean;
  acmeDirectory?: string;
}

/** The one wished for, else the one that the certificate was copied from, else one called after the first name. */
export function lineageFor(
  wish: AdoptionWish,
  names: string[],
  { deployments: [deployment] }: AdoptionTarget,
  facts: Facts,
): Result<PlannedLineage, Refusal> {
  const { observations, certificates, config, now } = facts;
  const copied = copiedFrom(deployment, facts)?.lineage.name;
  const name = wish.lineage ?? copied ?? names[0] ?? '';
  if (!/^(?!-)(?!\.{1,2}$)[^/\p{Cc}]{1,255}$/u.test(name))
    return refused('lineage-taken', `"${name}" is no name for a lineage`);
  const live = path.join(config.certbot.configDirectory, 'live', name);
  const fresh = { name, certificatePath: path.join(live, 'fullchain.pem'), keyPath: path.join(live, 'privkey.pem') };
  const known = observations.lineages.find((one) => one.name === name);
  if (!known) return { ok: true, value: { ...fresh, isThere: false } };
  const leaf = certificates.get(known.live ?? '');
  const isWhole = !known.failure && known.keyMatches !== false;
  if (!leaf || !isWhole || uncoveredNames(leaf, names).length > 0 || Date.parse(leaf.notAfter) <= now)
    return refused(
      'lineage-taken',
      `certbot has a lineage ${name} already, and it is not whole or not valid for ${names.join(', ')}: choose another name with --name`,
    );
  const { certificatePath, keyPath, acmeDirectory } = known;
  return {
    ok: true,
    value: { name, certificatePath, keyPath, isThere: true, ...(acmeDirectory && { acmeDirectory }) },
  };
}

function refused(reason: Refusal['reason'], detail: string): { ok: false; failure: Refusal } {
  return { ok: false, failure: { reason, detail } };
}
