import type { Certificate } from '@certherd/protocol/certificate';
import type { Config } from '../../config.ts';
import type { LookPorts } from '../../ports.ts';
import { socketsAt } from '../listening-sockets.ts';
import type { LookMemory } from '../look-memory.ts';
import { type NginxProcesses, runningConfig, type Walk, walkProcesses } from '../nginx-process.ts';
import { certificatesByFingerprint, type ObservedEndpoint, type Observations } from '../observations.ts';
import { keepingCertificates, type ServedCertificates } from '../trust.ts';
import { type AskedBefore, carriedOver, generationOf, inOrderOf, isAsConfigured } from './carried.ts';
import { inTurn, keyOf, type Standing } from './in-turn.ts';
import { longestMs, observeEndpoints } from './observe-endpoints.ts';
import type { NotAsked } from './not-asked.ts';
import { standingRefusals } from './refusals.ts';
import { type EndpointTarget, endpointTargets } from './targets.ts';
import { observeUnsettled } from './unsettled.ts';

/**
 * Which endpoints a look asks. `everything`; `due`: time has come, so that those of which something changed, and of the others a part
 * (in-turn.ts); `changed`: files did, so that only those which that may concern.
 */
export type Asks = 'everything' | 'due' | 'changed';

/** What the endpoints of a host answered, in this look or, where nothing can have changed that, in one before. */
export interface AskedEndpoints {
  endpoints: ObservedEndpoint[];
  certificates: Certificate[];
  notAsked: NotAsked[];
  served: ServedCertificates;
  /** When the oldest of these answers was got, milliseconds since 1970; absent where nothing was asked. */
  askedAt?: number;
  /** Only files changed since time last had endpoints asked, within `rescan_seconds`: what rests on other things than files stands. */
  carriesOver: boolean;
  /** Of the processes before the handshakes; absent where those took so long that others may be what these were. */
  walked?: Walk;
}

/** A wall clock that moved by more than this against the monotonic one was set, or the machine was suspended. */
const jumpMs = 1_000;
/** A process that becomes another program within this, and in the same look, is seen by the next one. */
const walkStandsMs = 2_000;

/** A handshake with every endpoint of `seen` that may answer otherwise than when it was asked last, and with those whose turn it is. */
export async function askEndpoints(
  ports: LookPorts,
  config: Config,
  seen: Observations,
  look: { probe: boolean; asks: Asks; memory?: LookMemory; onTargets?: (count: number) => void },
): Promise<AskedEndpoints> {
  const { memory } = look;
  const began = ports.clock.monotonic();
  const offset = ports.clock.now() - began;
  const byFingerprint = certificatesByFingerprint(seen);
  const algorithmOf = (fingerprint: string) => byFingerprint.get(fingerprint)?.algorithm;
  const { targets, notAsked } = endpointTargets(look.probe ? seen.deployments : [], ports.addresses());
  look.onTargets?.(targets.length);
  const isDue = !memory?.asked || began - memory.asked.at >= config.rescanMs;
  const asks = look.asks === 'changed' && isDue ? 'due' : look.asks;
  // The monotonic clock stands still while a virtual machine is suspended: nobody knows how old an answer is then.
  const hasJumped = Math.abs(offset - (memory?.asked?.offset ?? offset)) > jumpMs;
  const before = asks === 'everything' || hasJumped ? undefined : memory?.asked;
  // before the handshakes: a reload during them is another generation at the next look
  const walked = look.probe ? walkProcesses(ports.proc, ports.clock.now()) : undefined;
  const nginx = walked && runningConfig(walked.processes, config.nginx.config, ports.files);
  const generation = memory && nginx ? generationNow(ports, seen, nginx, targets) : undefined;
  const isUnsettled = observeUnsettled(ports, seen, nginx);
  const { ask, standing } = carriedOver(targets, before, generation);
  const due =
    asks === 'due' && before
      ? new Set([
          ...standing.filter(({ target }) => target.deployments.some(isUnsettled)),
          ...inTurn(standing, before.askedAt, config.rescanMs),
        ])
      : new Set<Standing>();
  const served: ServedCertificates = new Map(before?.served);
  const refusals = standingRefusals(memory?.refusals, generation, algorithmOf, began);
  const askThese = (these: readonly EndpointTarget[]) =>
    observeEndpoints({ ...ports, dial: keepingCertificates(ports.dial, served) }, these, {
      algorithmOf,
      certificateOf: (fingerprint) => byFingerprint.get(fingerprint),
      timeoutMs: config.probeTimeoutMs,
      untilMs: began + longestMs,
      isUnsettled,
      isRefused: (target, algorithm) => refusals.isKnown(target, algorithm),
    });
  const turn = [...due].map(({ target }) => target);
  const answers = [await askThese([...ask, ...turn])];
  let carried = standing.filter((one) => !due.has(one));
  // something changed that left no sign: whom else it concerns is not to wait for its turn
  if (carried.length > 0 && !isAsBefore(turn, answers[0]?.endpoints ?? [])) {
    answers.push(await askThese(carried.map(({ target }) => target)));
    carried = [];
  }
  if (memory) memory.refusals = refusals.after(answers.flatMap(({ refused }) => refused));
  const rows = carried.flatMap((one) => one.rows);
  const kept = keptOf(rows, before);
  const asked = {
    endpoints: inOrderOf(targets, [...rows, ...answers.flatMap(({ endpoints }) => endpoints)]),
    certificates: [...new Set([...kept, ...answers.flatMap(({ certificates }) => certificates)])],
    notAsked: answers.flatMap((one) => one.notAsked),
  };
  forgetUnshown(served, asked.endpoints);
  const standingKeys = new Set(carried.map(({ target }) => keyOf(target)));
  const askedAt = new Map(
    targets.map((target) => {
      const key = keyOf(target);
      const earlier = standingKeys.has(key) ? before?.askedAt.get(key) : undefined;
      return [key, earlier ?? { at: began, addresses: target.addresses }];
    }),
  );
  if (memory && generation !== undefined) {
    const at = asks === 'changed' && carried.length > 0 && before ? before.at : began;
    memory.asked = { ...asked, at, offset, generation, askedAt, deployments: seen.deployments, served };
  } else if (memory) delete memory.asked;
  const oldest = [...askedAt.values()].reduce((least, { at }) => Math.min(least, at), Infinity);
  return {
    ...asked,
    notAsked: [...notAsked, ...asked.notAsked],
    served,
    ...(oldest !== Infinity && { askedAt: offset + oldest }),
    carriesOver: before !== undefined && asks === 'changed',
    ...(walked && ports.clock.monotonic() - began < walkStandsMs && { walked: walked.walk }),
  };
}

/** Do all of these present what they are configured for? */
function isAsBefore(targets: readonly EndpointTarget[], rows: readonly ObservedEndpoint[]): boolean {
  const names = new Set(targets.map(({ serverName, listener: { port } }) => `${serverName} ${port}`));
  return rows.every((row) => !names.has(`${row.serverName} ${row.port}`) || isAsConfigured(row));
}

/** The certificates that rows of an earlier look refer to. */
function keptOf(rows: readonly ObservedEndpoint[], before: AskedBefore | undefined): Certificate[] {
  const shown = new Set(rows.flatMap(({ served, chain }) => [served, ...chain]));
  return before?.certificates.filter(({ fingerprint }) => shown.has(fingerprint)) ?? [];
}

function forgetUnshown(served: ServedCertificates, rows: readonly ObservedEndpoint[]): void {
  const shown = new Set(rows.flatMap((row) => [row.served, ...row.chain]));
  for (const fingerprint of served.keys()) if (!shown.has(fingerprint)) served.delete(fingerprint);
}

function generationNow(
  ports: LookPorts,
  { servers }: Pick<Observations, 'servers'>,
  processes: NginxProcesses,
  targets: readonly EndpointTarget[],
): string | undefined {
  const listening = socketsAt(
    ports.proc,
    targets.map(({ listener }) => listener),
  );
  if (listening === undefined) return undefined;
  const files = servers.flatMap(({ server, configFiles }) => (server === 'nginx' ? configFiles : []));
  const changed = files.map((file) => ports.files.linkChangedAt(file)).map((at) => (at.ok ? at.value : 0));
  const newest = changed.reduce((latest, at) => Math.max(latest, at), files.length);
  return generationOf(processes, newest, listening);
}
