import { elfHeaderBytes, processorOf } from '../formats/elf.ts';
import type { InstallPorts } from './install-ports.ts';

/** Why a file is not the program of an agent for this host; `detail` is raw. */
export type Unfit =
  | { reason: 'not-there' | 'not-a-program' | 'other-processor' | 'a-collector' | 'not-an-agent' }
  | { reason: 'old-libc'; needs: string }
  | { reason: 'does-not-start'; detail: string };

const startMs = 20_000;

/** By its first bytes alone: nothing is run. */
export function unfitByHeader({ files, processor }: InstallPorts, path: string): Unfit | undefined {
  const header = files.beginning(path, elfHeaderBytes);
  if (header === undefined) return { reason: 'not-there' };
  const found = processorOf(header);
  if (found === undefined) return { reason: 'not-a-program' };
  return found === processor ? undefined : { reason: 'other-processor' };
}

/** Runs `FILE version`, and gives the version that it names itself. */
export async function versionOf(
  { programs }: Pick<InstallPorts, 'programs'>,
  path: string,
): Promise<{ ok: true; value: string } | { ok: false; failure: Unfit }> {
  const ran = await programs([path, 'version'], { environment: {}, deadlineMs: startMs });
  const output = ran.ok ? ran.value.output : ran.failure.detail;
  const [, program, version] = /^certherd-(agent|collector) (\S+)$/m.exec(output) ?? [];
  if (program === 'collector') return { ok: false, failure: { reason: 'a-collector' } };
  if (ran.ok && ran.value.exitCode === 0 && version !== undefined) return { ok: true, value: version };
  const needed = [...output.matchAll(/version [`']GLIBC(?:XX)?_([\d.]+)' not found/g)].map(([, needs = '']) => needs);
  if (needed.length > 0) return { ok: false, failure: { reason: 'old-libc', needs: newest(needed) } };
  if (ran.ok && ran.value.exitCode === 0) return { ok: false, failure: { reason: 'not-an-agent' } };
  const detail =
    output.trim().split('\n').at(-1) || (ran.ok && ran.value.timedOut ? 'it does not end' : 'it ends at once');
  return { ok: false, failure: { reason: 'does-not-start', detail } };
}

function newest(versions: readonly string[]): string {
  const byNumbers = new Intl.Collator('en', { numeric: true }).compare;
  return versions.toSorted(byNumbers).at(-1) ?? '';
}
