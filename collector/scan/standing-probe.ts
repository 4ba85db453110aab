import type { Result } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import type { Clock } from '../ports.ts';
import { answerReader } from './answers.ts';
import { createPace } from './pace.ts';
import { createProbe, type Probe } from './probe.ts';
import { systemResolve } from './resolve.ts';
import { readRoots } from './roots.ts';

/** Nobody is to notice what is asked day and night. */
const pace = { perSecond: 50, perSecondOfAddress: 5, atOnce: 32, atOnceOfAddress: 2 };

const timeoutMs = 10_000;

/** What asks the targets of a collector that serves, as its settings allow. The failure names a file of roots that cannot be used. */
export function standingProbe(
  { scanRoots, scanNameServers, scanAllow }: Pick<Config, 'scanRoots' | 'scanNameServers' | 'scanAllow'>,
  clock: Clock,
): Result<Probe, string> {
  const roots = readRoots(scanRoots);
  if (!roots.ok) return { ok: false, failure: `scan_roots: ${roots.failure}` };
  const probe = createProbe({
    resolve: systemResolve(scanNameServers),
    inTurn: createPace(pace, clock),
    read: answerReader(roots.value),
    clock,
    allow: new Set(scanAllow),
    versions: false,
    timeoutMs,
  });
  return { ok: true, value: probe };
}
