import type { Finding } from '@certherd/protocol/finding';
import type { FleetFindingCode } from '../explanations.ts';
import { type FleetIndex, holdingOf, type Leaf } from './fleet-index.ts';
import { clipped, subjectsOf } from './finding-words.ts';
import type { Holding } from './holdings.ts';
import { sharedKeys } from './shared-key.ts';

/** A finding of the collector's own. */
export type FleetFinding = Omit<Finding, 'code'> & { code: FleetFindingCode };

/** What the fleet as a whole must be judged by. */
export interface FleetPolicy {
  /** Organisations (the O of an issuer's name) that issue here; undefined: anybody may. */
  knownIssuers: readonly string[] | undefined;
}

/** Findings that no host can give by itself, as of `now` (milliseconds since 1970), of what one host holds: pure. */
export function fleetFindings(index: FleetIndex, agentId: string, policy: FleetPolicy, now: number): FleetFinding[] {
  const leaves = index
    .heldBy(agentId)
    .toSorted((a, b) => (a.certificate.fingerprint < b.certificate.fingerprint ? -1 : 1));
  const shared = sharedKeys(index, agentId, leaves);
  return leaves.flatMap((leaf) => {
    const holding = holdingOf(leaf, leaf.holders.get(agentId));
    if (!holding) return [];
    const stale = staleCopy(leaf, index.successorOf(leaf), holding, agentId, now);
    return [
      ...stale,
      ...unknownIssuer(leaf, holding, policy),
      ...(stale.length === 0 ? orphan(leaf, holding) : []),
      ...[shared.get(leaf) ?? []].flat(),
    ];
  });
}

/** If nothing is told, these findings stay as they are up to this instant and including it: milliseconds since 1970. */
export function fleetFindingsStand(index: FleetIndex, agentId: string, now: number): number {
  const urgent = index
    .heldBy(agentId)
    .filter((leaf) => holdingOf(leaf, leaf.holders.get(agentId))?.renewedHere === false && index.successorOf(leaf))
    .map((leaf) => urgentFrom(leaf) - 1);
  return Math.min(Infinity, ...urgent.filter((at) => at >= now));
}

/** Renewed on another host, or left beside it on this one, and the certificate before is still held here. */
function staleCopy(
  leaf: Leaf,
  successor: Leaf | undefined,
  holding: Holding,
  agentId: string,
  now: number,
): FleetFinding[] {
  const { certificate } = leaf;
  if (!successor || holding.renewedHere) return [];
  const here = successor.holders.get(agentId);
  const source = here ?? successor.holders.get(successor.first ?? '');
  const has = holdingOf(successor, source);
  if (!source || !has) return [];
  const newer = successor.certificate;
  const from = has.files[0] ?? has.endpoints[0] ?? '';
  const place = holding.files[0] ?? '';
  const where = here ? `here (${from})` : `on ${source.hostName} (${from})`;
  const instead = place === '' ? '' : ` in the place of ${place}`;
  return subjectsOf(holding).map((subject) => ({
    code: 'stale-copy',
    severity: severityOf(leaf, holding, now),
    subject,
    since: instant(successor.firstSeenAt),
    cause: clipped(
      `A younger certificate for these names is ${where}, and this host still holds the one before, which ends at ${certificate.notAfter}.`,
    ),
    evidence: {
      held: `${certificate.fingerprint} until ${certificate.notAfter}`,
      newer: `${newer.fingerprint} until ${newer.notAfter}`,
      'newer is at': clipped(`${source.hostName} ${from}`),
      ...(place === '' ? {} : { file: place }),
    },
    remedy: clipped(`Install here${instead} the certificate and key that are ${where}, and reload what uses them.`),
  }));
}

function unknownIssuer(leaf: Leaf, holding: Holding, { knownIssuers }: FleetPolicy): FleetFinding[] {
  const { certificate, authority } = leaf;
  if (!knownIssuers || knownIssuers.includes(authority)) return [];
  return subjectsOf(holding).map((subject) => ({
    code: 'unknown-issuer',
    severity: 'warning',
    subject,
    since: certificate.notBefore,
    cause: clipped(`It was issued by ${authority}, which is none of the issuers that known_issuers names.`),
    evidence: { held: certificate.fingerprint, issuer: clipped(certificate.issuer) },
    remedy: 'Find out who asked for it; add the issuer to known_issuers in collector.toml if that was right.',
  }));
}

/** On disk, and neither named by a config nor presented by any host of the fleet; that a target presents it is known where findings are put together. */
function orphan(leaf: Leaf, { files }: Holding): FleetFinding[] {
  const [path] = files;
  const { certificate } = leaf;
  if (leaf.users > 0 || path === undefined) return [];
  return [
    {
      code: 'orphan',
      severity: 'notice',
      subject: { kind: 'file', id: path },
      since: instant(leaf.firstSeenAt),
      cause: 'This certificate lies on disk, and nothing in the fleet names it in a config or presents it.',
      evidence: {
        held: certificate.fingerprint,
        names: clipped(leaf.names.join(' ')),
        files: clipped(files.join(' ')),
      },
      remedy:
        'Name it where it is to be served, list its listener in agent.toml if a server uses it that is not read, or delete it.',
    },
  ];
}

/** Urgent at a third of its life, as a renewal would be; a copy that nobody uses never is. */
function severityOf(leaf: Leaf, { inUse }: Holding, now: number): Finding['severity'] {
  if (!inUse) return 'notice';
  return now >= urgentFrom(leaf) ? 'critical' : 'warning';
}

/** Whole milliseconds. */
function urgentFrom({ certificate }: Leaf): number {
  const end = Date.parse(certificate.notAfter);
  return Math.ceil(end - (end - Date.parse(certificate.notBefore)) / 3);
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
