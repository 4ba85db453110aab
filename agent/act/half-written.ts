import { dirname, join } from 'node:path';
import type { Lineage } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import { certbotEnvironment, certbotRecovery } from '../decide/command-line.ts';
import { type KeptVersion, type KeptVersions, observeKeptVersions } from '../observe/kept-versions.ts';
import { kinds } from '../observe/lineage-links.ts';
import type { ActPorts } from './act.ts';
import type { Steps } from './steps.ts';

export type HalfWrittenPorts = Pick<ActPorts, 'files' | 'programs' | 'links'>;

const undoingMs = 60_000;

/**
 * Undoes what a certbot left that was killed, or found the disk full. Live links that lead to two versions are put back by certbot
 * itself. A version in the archive that is not whole is set aside: certbot's next run would link it whatever is in it
 * ("Found a new certificate … fixing"), and a server would not start with it. Only once no certbot holds its locks.
 */
export async function undoHalfWritten(
  lineage: Lineage,
  config: Config,
  ports: HalfWrittenPorts,
  steps: Steps,
): Promise<void> {
  if (isHalfway(lineage, ports)) {
    const argv = certbotRecovery(config, lineage.name);
    const options = { environment: certbotEnvironment(config), deadlineMs: undoingMs };
    await steps.run(
      'have certbot undo what it left halfway',
      () => ports.programs(argv, options),
      (end) => ({ ok: end.ok && end.value.exitCode === 0 }),
    );
  }
  const kept = observeKeptVersions(ports.files, config.certbot.configDirectory, lineage);
  for (const version of notWhole(kept)) {
    await steps.run(
      `set version ${version.version} aside`,
      () => setAside(kept, version, ports),
      (problem) => ({
        ok: problem === undefined,
        detail: problem ?? `it is not whole: ${version.failure?.detail ?? 'its key does not belong to it'}`,
      }),
    );
  }
}

/** certbot keeps the four earlier links as previous_*.pem while it moves the live ones, and goes back where all four are there. */
function isHalfway({ certificatePath }: Lineage, { files }: HalfWrittenPorts): boolean {
  const names = files.list(dirname(certificatePath));
  return names.ok && kinds.every((kind) => names.value.includes(`previous_${kind}.pem`));
}

/** Never one that a link leads to. A key that cannot be compared says nothing. */
function notWhole({ versions, linked }: KeptVersions): KeptVersion[] {
  const highest = Math.max(...Object.values(linked));
  return versions.filter(
    ({ version, failure, keyMatches }) =>
      version > highest && (keyMatches === false || (failure !== undefined && isBroken(failure.reason))),
  );
}

function isBroken(reason: string): boolean {
  return !['permission-denied', 'password-needed', 'unsupported', 'io-error'].includes(reason);
}

function setAside({ directory }: KeptVersions, { version }: KeptVersion, ports: HalfWrittenPorts): string | undefined {
  for (const kind of kinds) {
    const aside = ports.links.setAside(join(directory, `${kind}${version}.pem`));
    if (!aside.ok && aside.failure.reason !== 'not-found') return aside.failure.detail;
  }
  return undefined;
}
