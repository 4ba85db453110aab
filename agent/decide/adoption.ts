import type { Result } from '@certherd/protocol/failure';
import { type Config, modeOf } from '../config.ts';
import type { Adoptable } from '../observe/adoptable.ts';
import type { UnfinishedAdoption } from '../observe/adoption-records.ts';
import type { Authentication, authenticators } from './adoption-authentication.ts';
import { adoptionEdits, fileDiff, type FileEdit } from './adoption-edits.ts';
import { lineageFor } from './adoption-lineage.ts';
import { adoptionNames } from './adoption-names.ts';
import { acmeDirectoryFor, orderFor } from './adoption-order.ts';
import { adoptionTarget, type AdoptionTarget } from './adoption-target.ts';
import { nginxReload, nginxTest } from './command-line.ts';
import { type Facts, instant } from './facts.ts';

/** What a person asked for. */
export interface AdoptionWish {
  /** A server name, or a certificate's path. */
  name: string;
  acmeDirectory?: string;
  authenticator?: (typeof authenticators)[number];
  webroot?: string;
  lineage?: string;
  rehearse: boolean;
}

/** Why nothing is planned; `instead` is what a person may type or do. */
export interface Refusal {
  reason:
    | 'not-found'
    | 'already-managed'
    | 'not-supported'
    | 'needs-dns'
    | 'no-name'
    | 'no-authenticator'
    | 'lineage-taken'
    | 'not-replaceable'
    | 'program-absent';
  detail: string;
  instead?: string;
}

/** Everything that will be done, told before any of it is. */
export interface AdoptionPlan {
  certificatePath: string;
  lineage: { name: string; certificatePath: string; keyPath: string };
  names: string[];
  blocks: { configFile: string; line: number; serverNames: string[] }[];
  acmeDirectory: string;
  /** Absent where nothing is issued. */
  account?: { id: string } | 'new';
  authentication?: Authentication;
  /** certbot tries it all without a certificate. */
  rehearsal?: string[];
  /** Absent where the lineage is there already, with these names. */
  issuance?: string[];
  files: FileEdit[];
  test: string[];
  reload: string[];
  /** Sentences for the person who decides. */
  notes: string[];
  /** One that was cut off is brought to its end: where its files are kept. */
  resumes?: string;
}

/** How a certificate that nobody renews is moved to certbot, or why it cannot be. */
export function planAdoption(wish: AdoptionWish, facts: Facts, seen: Adoptable): Result<AdoptionPlan, Refusal> {
  const { observations, config } = facts;
  if (observations.certbot.binary === 'absent')
    return refused(
      'program-absent',
      `${config.certbot.binary} is not there: install certbot, or set binary under [certbot]`,
    );
  const broken = observations.servers.find(({ server, failure }) => server === 'nginx' && failure);
  if (broken?.failure) return refused('not-supported', `nginx refuses its config already: ${broken.failure.detail}`);
  const target = adoptionTarget(wish.name, observations, config);
  if (!target.ok) return target;
  const { certificatePath, deployments } = target.value;
  const wanted = adoptionNames(deployments);
  if (!wanted.ok) return wanted;
  const { names, leftOut } = wanted.value;
  const lineage = lineageFor(wish, names, target.value, facts);
  if (!lineage.ok) return lineage;
  const edits = adoptionEdits(certificatePath, lineage.value, seen, config);
  if (!edits.ok) return edits;

  const acmeDirectory = lineage.value.acmeDirectory ?? acmeDirectoryFor(wish, observations);
  const order = lineage.value.isThere
    ? undefined
    : orderFor(wish, names, { acmeDirectory, lineage: lineage.value.name, old: deployments[0] }, facts, seen);
  if (order && !order.ok) return order;
  const { besides, files } = edits.value;
  return {
    ok: true,
    value: {
      certificatePath,
      lineage: {
        name: lineage.value.name,
        certificatePath: lineage.value.certificatePath,
        keyPath: lineage.value.keyPath,
      },
      names,
      blocks: deployments.map(({ configFile, line, serverNames }) => ({ configFile, line, serverNames })),
      acmeDirectory,
      ...order?.value.part,
      files,
      test: nginxTest(config),
      reload: nginxReload(config),
      notes: [
        ...leftOut.map(({ name, why }) => `${name} is left out: ${why}.`),
        ...lost(names, target.value, facts),
        ...(order?.value.notes ?? [
          `The lineage ${lineage.value.name} is there already and has these names: nothing is issued.`,
        ]),
        ...besides.map(
          ({ name, file, line }) => `${name} at ${file}:${line} stays as it is: see whether it fits the new issuer.`,
        ),
        ...unattended(config, lineage.value.name),
      ],
    },
  };
}

/** How an adoption that was cut off between the change of the config and its proof is brought to its end. */
export function planResumption(
  { place, record, files }: UnfinishedAdoption,
  { observations, config }: Pick<Facts, 'observations' | 'config'>,
): AdoptionPlan {
  const { certificatePath, lineage, names, acmeDirectory } = record;
  const paths = [certificatePath, lineage.certificatePath];
  const blocks = observations.deployments.filter(
    (one) => one.server === 'nginx' && paths.includes(one.certificatePath),
  );
  return {
    certificatePath,
    lineage,
    names,
    blocks: blocks.map(({ configFile, line, serverNames }) => ({ configFile, line, serverNames })),
    acmeDirectory,
    files: files.map((file) => ({ ...file, diff: fileDiff(file) })),
    test: nginxTest(config),
    reload: nginxReload(config),
    notes: [
      'An adoption was cut off after it changed the config: it is brought to its end.',
      ...unattended(config, lineage.name),
    ],
    resumes: place,
  };
}

/** Names of the old certificate that no block has: clients that still use them will be refused. */
function lost(names: string[], { deployments: [deployment] }: AdoptionTarget, { certificates }: Facts): string[] {
  const old = certificates.get(deployment.configured ?? '')?.subjectAltNames ?? [];
  const gone = old.filter((name) => !names.includes(name.toLowerCase()));
  return gone.length === 0
    ? []
    : [`The old certificate also has ${gone.join(', ')}, which no server block names: the new one has not.`];
}

/** certbot's own timer renews, and reloads nothing. */
function unattended(config: Config, lineage: string): string[] {
  if (modeOf(config, lineage) !== 'observe') return [];
  const file = config.path ?? '/etc/certherd/agent.toml';
  return [
    `Renewals by certbot's timer are not loaded by anybody: set mode = "deploy" or "renew" in ${file}, or give the lineage a deploy hook.`,
  ];
}

/** An instant as a part of a path. */
export function adoptionPlace(at: number, lineage: string): string {
  return `${instant(at).replaceAll(':', '-')}-${lineage}`;
}

function refused(reason: Refusal['reason'], detail: string): { ok: false; failure: Refusal } {
  return { ok: false, failure: { reason, detail } };
}
