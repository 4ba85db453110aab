import type { Result } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import type { Clock } from '../ports.ts';
import { answerReader, type ReadAnswer } from './answers.ts';
import { createPace } from '@certherd/handshake/outside/pace';
import { createProbe, type Probe } from './probe.ts';
import { systemResolve } from '@certherd/handshake/outside/resolve';
import { readRoots } from './roots.ts';

/** Nobody is to notice what is asked day and night. */
const pace = { perSecond: 50, perSecondOfAddress: 5, atOnce: 32, atOnceOfAddress: 2 };

const timeoutMs = 10_000;

/** What asks the targets of a collector that serves, as its settings allow, and what judges the answers of agents too. The failure names a file of roots that cannot be used. */
export function standingProbe(
  { scanRoots, scanNameServers, scanAllow }: Pick<Config, 'scanRoots' | 'scanNameServers' | 'scanAllow'>,
  clock: Clock,
): Result<{ probe: Probe; read: ReadAnswer }, string> {
  const roots = readRoots(scanRoots);
  if (!roots.ok) return { ok: false, failure: `scan_roots: ${roots.failure}` };
  const read = answerReader(roots.value);
  const probe = createProbe({
    resolve: systemResolve(scanNameServers),
    inTurn: createPace(pace, clock),
    read,
    clock,
    allow: new Set(scanAllow),
    versions: false,
    timeoutMs,
  });
  return { ok: true, value: { probe, read } };
}
