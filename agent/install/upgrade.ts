import type { Result } from '@certherd/protocol/failure';
import type { ChangeFailure } from '../host-ports.ts';
import { type Unfit, unfitByHeader, versionOf } from './candidate.ts';
import { untilHealthy } from './healthy.ts';
import type { HostFacts } from './host.ts';
import type { InstallPorts } from './install-ports.ts';
import * as layout from './layout.ts';
import { rootObstacle, roomObstacle } from './obstacles.ts';
import type { Obstacle } from './step.ts';
import { mustRun, systemdOf } from './systemd.ts';

/** What came of an upgrade. `why` is raw. */
export type UpgradeOutcome =
  /** The installed program is this very file, and nothing was changed. */
  | { reason: 'same'; version: string }
  | { reason: 'would'; from: string; to: string }
  | { reason: 'done'; from: string; to: string }
  | { reason: 'obstacle'; obstacle: Obstacle }
  | { reason: 'unfit'; unfit: Unfit }
  /** Nothing was changed. */
  | { reason: 'not-begun'; failure: ChangeFailure }
  /** `isJudged`: the new one was seen, and is not well; else it had never been put in place. */
  | { reason: 'went-back'; from: string; to: string; why: string; isJudged: boolean }
  /** The old program is in its place, and does not run as it did; `why` the new one was left. */
  | { reason: 'old-one-fails'; version: string; why: string; now: string }
  | { reason: 'nothing-interrupted' };

export type Told = (line: string) => void;

const interrupted = 'it was interrupted';

/** Longer than `install` itself waits for the end of the one before (100 s) and the first look (60 s). */
const installMs = 250_000;

/**
 * Puts the program `file` in the place of the installed one, proves it, and goes back where that fails. The old one is in its place or
 * kept beside it at every moment: a run that is killed leaves what `settle` understands.
 */
export async function upgrade(
  file: string,
  facts: HostFacts,
  ports: InstallPorts,
  tell: Told,
  dryRun: boolean,
): Promise<UpgradeOutcome> {
  const { files } = ports;
  const size = files.standing(file)?.size ?? 0;
  const unfit = unfitByHeader(ports, file);
  if (unfit) return { reason: 'unfit', unfit };
  const from = await versionOf(ports, layout.program);
  const fromVersion = from.ok ? from.value : 'unknown';
  if (files.digest(file) === facts.digests.get(layout.program)) return { reason: 'same', version: fromVersion };
  const closed = facts.closed.get('/usr/bin');
  const obstacle: Obstacle | undefined = closed ? { reason: 'closed', failure: closed } : roomObstacle(facts, size);
  if (obstacle) return { reason: 'obstacle', obstacle };
  if (dryRun) {
    const to = await versionOf(ports, file);
    return to.ok ? { reason: 'would', from: fromVersion, to: to.value } : { reason: 'unfit', unfit: to.failure };
  }
  const candidate = await takeCandidate(file, ports, tell);
  if (!candidate.ok) return candidate.failure;
  const to = candidate.value;
  tell(`keep ${fromVersion} as ${layout.keptProgram}`);
  const kept = files.share(layout.program, layout.keptProgram);
  if (!kept.ok) {
    files.remove(layout.candidateProgram);
    return { reason: 'not-begun', failure: kept.failure };
  }
  tell(`put ${to} in its place`);
  const placed = files.rename(layout.candidateProgram, layout.program);
  if (!placed.ok) {
    files.remove(layout.candidateProgram);
    files.remove(layout.keptProgram);
    return { reason: 'not-begun', failure: placed.failure };
  }
  return prove(to, fromVersion, facts, ports, tell, facts.main?.pid);
}

/** What keeps an upgrade from beginning, or from being settled. */
export function obstacleToUpgrade(facts: HostFacts): Obstacle | undefined {
  const obstacle = rootObstacle(facts);
  if (obstacle) return obstacle;
  const kind = facts.places.get(layout.program)?.kind;
  if (kind === undefined && facts.places.has(layout.keptProgram)) return undefined;
  if (kind === undefined) return { reason: 'not-installed' };
  return kind === 'file' ? undefined : { reason: 'other-kind', path: layout.program, kind };
}

/** Waits until nobody else installs: an upgrade that was killed leaves the install that it began to its own end. False: it does not end. */
export async function untilNobodyInstalls(ports: InstallPorts, tell: Told): Promise<boolean> {
  const began = ports.clock.monotonic();
  if (ports.isInstalling()) tell('wait for the end of an install that is under way');
  while (ports.isInstalling()) {
    if (ports.clock.monotonic() - began >= installMs) return false;
    await new Promise<void>((resolve) => void ports.clock.after(500, resolve));
  }
  return true;
}

/** Finishes an upgrade that was interrupted, or takes it back where its program is not well; undefined where there was none. */
export async function settle(facts: HostFacts, ports: InstallPorts, tell: Told): Promise<UpgradeOutcome | undefined> {
  if (!facts.places.has(layout.keptProgram)) return undefined;
  const old = await versionOf(ports, layout.keptProgram);
  const from = old.ok ? old.value : 'unknown';
  if (facts.digests.get(layout.program) === facts.digests.get(layout.keptProgram))
    return goBack(from, from, interrupted, facts, ports, tell);
  const now = await versionOf(ports, layout.program);
  if (!now.ok) return goBack('another', from, 'it does not start', facts, ports, tell);
  tell(`an upgrade from ${from} to ${now.value} was interrupted`);
  return prove(now.value, from, facts, ports, tell);
}

/** A copy of root's own is looked at and run, and nothing else: the file itself may change, or be on a file system without programs. */
async function takeCandidate(file: string, ports: InstallPorts, tell: Told): Promise<Result<string, UpgradeOutcome>> {
  const { files } = ports;
  tell(`copy ${file} beside ${layout.program}`);
  const copied = files.copy(file, layout.candidateProgram, 0o755);
  if (!copied.ok) return { ok: false, failure: { reason: 'not-begun', failure: copied.failure } };
  const unfit = unfitByHeader(ports, layout.candidateProgram);
  const version = unfit ? { ok: false as const, failure: unfit } : await versionOf(ports, layout.candidateProgram);
  if (version.ok) return version;
  files.remove(layout.candidateProgram);
  return { ok: false, failure: { reason: 'unfit', unfit: version.failure } };
}

async function prove(
  to: string,
  from: string,
  facts: HostFacts,
  ports: InstallPorts,
  tell: Told,
  formerPid?: number,
): Promise<UpgradeOutcome> {
  const { files } = ports;
  tell(`start ${to}, and wait for its first look`);
  const proved = await installed(to, facts, ports, formerPid);
  if (!proved.ok) return goBack(to, from, proved.failure, facts, ports, tell);
  files.rename(layout.keptProgram, layout.previousProgram);
  return { reason: 'done', from, to };
}

async function goBack(
  to: string,
  from: string,
  why: string,
  facts: HostFacts,
  ports: InstallPorts,
  tell: Told,
): Promise<UpgradeOutcome> {
  const { files } = ports;
  tell(`go back to ${from}`);
  const back = files.share(layout.keptProgram, layout.program);
  if (!back.ok) return { reason: 'old-one-fails', version: from, why, now: back.failure.detail };
  // One that hangs would hear nothing else, and hold up the old one for as long as a service may take to stop.
  const { program } = systemdOf(ports, facts);
  await mustRun(ports, [program, 'kill', '--signal=KILL', layout.agentUnit]);
  const restored = await installed(from, facts, ports);
  if (!restored.ok) return { reason: 'old-one-fails', version: from, why, now: restored.failure };
  files.remove(layout.keptProgram);
  return { reason: 'went-back', from, to, why, isJudged: why !== interrupted };
}

/** The program in place brings its own units, and starts itself; whether it is well is not its own to say. */
async function installed(
  version: string,
  facts: HostFacts,
  ports: InstallPorts,
  formerPid?: number,
): Promise<Result<void, string>> {
  const argv = [layout.program, 'install', '--no-check'];
  const ran = await ports.programs(argv, { environment: {}, deadlineMs: installMs });
  if (!ran.ok) return { ok: false, failure: ran.failure.detail };
  const { exitCode, output, timedOut } = ran.value;
  const said =
    output
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^certherd-agent: /, '') ?? '';
  if (exitCode !== 0)
    return { ok: false, failure: timedOut ? 'its install does not end' : said || 'its install failed' };
  const healthy = await untilHealthy(ports, systemdOf(ports, facts).program, version, formerPid);
  return healthy.ok ? { ok: true, value: undefined } : healthy;
}
