import { blindMonitor } from './blind-monitor.ts';
import { dayGate } from './day-gate.ts';
import { loadBalancer } from './load-balancer.ts';
import { neverReloaded } from './never-reloaded.ts';
import { oldNumberedKey } from './old-numbered-key.ts';
import { oneStopsAll } from './one-stops-all.ts';
import type { Outage } from './outage.ts';
import { seenNotRenewed } from './seen-not-renewed.ts';
import { toldAsSuccess } from './told-as-success.ts';

/** The documented outages, in the order in which they are played. Made anew each time: a CA remembers what it was asked. */
export function outages(): Outage[] {
  return [
    loadBalancer,
    neverReloaded,
    blindMonitor,
    oldNumberedKey,
    toldAsSuccess,
    oneStopsAll,
    seenNotRenewed,
    dayGate(),
  ];
}
