import type { Certificate } from '@certherd/protocol/certificate';
import type { Config } from '../../config.ts';
import type { LookPorts } from '../../ports.ts';
import type { LookMemory } from '../look-memory.ts';
import { type NginxProcesses, observeNginxProcesses } from '../nginx-process.ts';
import { certificatesByFingerprint, type ObservedEndpoint, type Observations } from '../observations.ts';
import { keepingCertificates, type ServedCertificates } from '../trust.ts';
import { carriedOver, generationOf, inOrderOf } from './carried.ts';
import { observeEndpoints } from './observe-endpoints.ts';
import type { NotAsked } from './not-asked.ts';
import { standingRefusals } from './refusals.ts';
import { endpointTargets } from './targets.ts';
import { observeUnsettled } from './unsettled.ts';

/** What the endpoints of a host answered, in this look or, where nothing can have changed that, in one before. */
export interface AskedEndpoints {
  endpoints: ObservedEndpoint[];
  certificates: Certificate[];
  notAsked: NotAsked[];
  served: ServedCertificates;
  /** All were asked within the last `rescan_seconds`, and only files changed since: what rests on other things than files stands. */
  carriesOver: boolean;
}

/** A handshake with every endpoint of `seen` that may answer otherwise than when it was asked last. */
export async function askEndpoints(
  ports: LookPorts,
  config: Config,
  seen: Observations,
  look: { probe: boolean; changesOnly: boolean; memory?: LookMemory; onTargets?: (count: number) => void },
): Promise<AskedEndpoints> {
  const { memory } = look;
  const began = ports.clock.monotonic();
  const byFingerprint = certificatesByFingerprint(seen);
  const algorithmOf = (fingerprint: string) => byFingerprint.get(fingerprint)?.algorithm;
  const { targets, notAsked } = endpointTargets(look.probe ? seen.deployments : [], ports.addresses());
  look.onTargets?.(targets.length);
  const isDue = !memory?.asked || began - memory.asked.at >= config.rescanMs;
  const before = look.changesOnly && !isDue ? memory?.asked : undefined;
  // before the handshakes: a reload during them is another generation at the next look
  const nginx = look.probe ? observeNginxProcesses(ports.proc, ports.clock.now()) : undefined;
  const generation = memory && nginx ? generationNow(ports, config, seen, nginx) : undefined;
  const { ask, carried } = carriedOver(targets, before, generation);
  const served: ServedCertificates = new Map(carried.length > 0 ? before?.served : []);
  const dial = keepingCertificates(ports.dial, served);
  const refusals = standingRefusals(memory?.refusals, generation, algorithmOf, began);
  const answered = await observeEndpoints({ ...ports, dial }, ask, {
    algorithmOf,
    certificateOf: (fingerprint) => byFingerprint.get(fingerprint),
    timeoutMs: config.probeTimeoutMs,
    isUnsettled: observeUnsettled(ports, seen, nginx),
    isRefused: (target, algorithm) => refusals.isKnown(target, algorithm),
  });
  if (memory) memory.refusals = refusals.after(answered.refused);
  const shown = new Set(carried.flatMap((row) => [row.served, ...row.chain]));
  const kept = before?.certificates.filter(({ fingerprint }) => shown.has(fingerprint)) ?? [];
  const asked = {
    endpoints: inOrderOf(targets, [...carried, ...answered.endpoints]),
    certificates: [...kept, ...answered.certificates],
    notAsked: answered.notAsked,
  };
  if (memory && generation !== undefined) {
    const at = carried.length > 0 && before ? before.at : began;
    memory.asked = { ...asked, at, generation, deployments: seen.deployments, served };
  } else if (memory) delete memory.asked;
  return { ...asked, notAsked: [...notAsked, ...asked.notAsked], served, carriesOver: before !== undefined };
}

function generationNow(
  ports: LookPorts,
  { nginx }: Config,
  { servers }: Pick<Observations, 'servers'>,
  processes: NginxProcesses,
): string | undefined {
  const files = servers.flatMap(({ server, configFiles }) => (server === 'nginx' ? configFiles : []));
  const changed = files.map((file) => ports.files.linkChangedAt(file)).map((at) => (at.ok ? at.value : 0));
  const newest = changed.reduce((latest, at) => Math.max(latest, at), files.length);
  return generationOf(processes, nginx.config, newest);
}
