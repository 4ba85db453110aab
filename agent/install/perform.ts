import type { Result } from '@certherd/protocol/failure';
import type { ChangeFailure } from '../host-ports.ts';
import { accountIn, type HostFacts } from './host.ts';
import { untilHealthy } from './healthy.ts';
import type { InstallPorts } from './install-ports.ts';
import * as layout from './layout.ts';
import type { Change, Step } from './step.ts';
import { mustRun, systemdOf } from './systemd.ts';

/** Why a step failed; `detail` is raw. */
export type StepFailure =
  | ChangeFailure
  | { reason: 'program-failed' | 'not-healthy'; detail: string }
  /** `mayStand`: the collector may have taken the join string all the same. */
  | { reason: 'not-enrolled'; detail: string; mayStand: boolean };

/** What came of the steps: all done, or the one that failed and what could not be taken back after it. */
export type Performed =
  | { ok: true }
  | {
      ok: false;
      failure: { step: Step; why: StepFailure; left: ChangeFailure[]; enrolment: 'none' | 'begun' | 'made' };
    };

export interface PerformPorts extends InstallPorts {
  /** Spends the join string: this host's key is made and kept before it is asked. */
  enrol(): Promise<Result<void, Extract<StepFailure, { reason: 'not-enrolled' }>>>;
}

/** Takes a step back; `afterwards` is done once all are taken back. */
interface Undo {
  now?: () => Promise<Result<void, StepFailure>>;
  afterwards?: () => Promise<Result<void, StepFailure>>;
}

/**
 * Does what is not done yet, in order. When a step fails, those that were done here are taken back in reverse, and the host is as it was
 * before; all but an enrolment that may stand: a collector takes a join string once, and again only with the key that was kept for it.
 */
export async function perform(
  steps: readonly Step[],
  facts: HostFacts,
  ports: PerformPorts,
  tell: (step: Step, moment: 'begins' | 'done') => void,
): Promise<Performed> {
  const undos: { change: Change; undo: Undo }[] = [];
  for (const step of steps) {
    if (step.isDone) continue;
    tell(step, 'begins');
    const done = await apply(step.change, facts, ports);
    // A file is written whole or not at all; systemd and the account's programs may have begun.
    if (done.ok || mayBeginAndFail.includes(step.change.do))
      undos.push({ change: step.change, undo: undoOf(step.change, facts, ports) });
    if (!done.ok) {
      const isEnrolled = undos.some(({ change }) => change.do === 'enrol');
      const mayStand = done.failure.reason === 'not-enrolled' && done.failure.mayStand;
      const enrolment = isEnrolled ? 'made' : mayStand ? 'begun' : 'none';
      const left = await takeBack(undos);
      // Made by systemd as the agent started, or for the enrolment. It must not stay with an account that is gone.
      if (enrolment === 'none' && !facts.places.has(layout.stateDirectory))
        ports.files.removeTree(layout.stateDirectory);
      else if (!facts.account.user) ports.files.own(layout.stateDirectory, 0, 0);
      return { ok: false, failure: { step, why: done.failure, left, enrolment } };
    }
    tell(step, 'done');
  }
  return { ok: true };
}

const mayBeginAndFail: Change['do'][] = ['make-account', 'reload-units', 'switch-socket', 'start-agent'];

async function takeBack(undos: { undo: Undo }[]): Promise<ChangeFailure[]> {
  const left: ChangeFailure[] = [];
  const note = (result: Result<void, StepFailure> | undefined) => {
    if (result && !result.ok) left.push({ reason: 'io-error', detail: result.failure.detail });
  };
  for (const { undo } of undos.toReversed()) note(await undo.now?.());
  for (const { undo } of undos) note(await undo.afterwards?.());
  return left;
}

async function apply(change: Change, facts: HostFacts, ports: PerformPorts): Promise<Result<void, StepFailure>> {
  const { files } = ports;
  const systemd = systemdOf(ports, facts);
  switch (change.do) {
    case 'copy-program':
      return files.copy(facts.own.path, layout.program, 0o755);
    case 'write':
      return files.write(change.path, change.text, change.mode);
    case 'make-directory':
      return files.makeDirectory(change.path, change.mode);
    case 'make-account':
      return makeAccount(facts, ports);
    case 'enrol':
      return ports.enrol();
    case 'reload-units':
      return systemd.reload();
    case 'switch-socket':
      return systemd.switchSocket(change.on);
    case 'start-agent': {
      const started = await systemd.startAgent();
      if (!started.ok) return started;
      const healthy = await untilHealthy(ports, systemd.program, ports.own.version, facts.main?.pid);
      return healthy.ok
        ? { ok: true, value: undefined }
        : { ok: false, failure: { reason: 'not-healthy', detail: healthy.failure } };
    }
    case 'stop-units':
      return systemd.stopAll();
    case 'remove':
      return layout.sharedDirectories.includes(change.path) ? ifEmpty(ports, change.path) : files.remove(change.path);
    case 'remove-tree': {
      // From here on nobody but root can put anything into it.
      const owned = files.own(change.path, 0, 0);
      return owned.ok ? files.removeTree(change.path) : owned;
    }
    case 'give-to-root':
      return files.own(change.path, 0, 0);
    case 'remove-account':
      return removeAccount(facts, ports);
  }
}

/** Back to what `facts` tell, from before the first step. */
function undoOf(change: Change, facts: HostFacts, ports: PerformPorts): Undo {
  const { files } = ports;
  const systemd = systemdOf(ports, facts);
  switch (change.do) {
    case 'copy-program':
      return { now: async () => files.remove(layout.program) };
    case 'write': {
      const { path } = change;
      const place = facts.places.get(path);
      const { text } = place ?? {};
      return {
        now: async () => (text === undefined ? files.remove(path) : files.write(path, text, place?.mode ?? 0o644)),
      };
    }
    case 'make-directory':
      return change.path === layout.stateDirectory ? {} : { now: async () => ifEmpty(ports, change.path) };
    case 'make-account':
      return { now: () => removeAccount(facts, ports) };
    case 'reload-units':
      return { afterwards: () => systemd.reload() };
    case 'switch-socket':
      return { now: () => systemd.switchSocket(!change.on) };
    case 'start-agent':
      return facts.main ? { afterwards: () => systemd.startAgent() } : { now: () => systemd.stopAgent() };
    default:
      return {};
  }
}

async function makeAccount({ tools }: HostFacts, ports: PerformPorts): Promise<Result<void, StepFailure>> {
  const described = '/usr/lib/sysusers.d/certherd-agent.conf';
  const sysusers = ports.files.standing(described) ? tools.get('systemd-sysusers') : undefined;
  const nologin = ['/usr/sbin/nologin', '/sbin/nologin'].find((path) => ports.files.standing(path)) ?? '/bin/false';
  const made = await mustRun(
    ports,
    sysusers === undefined
      ? [
          [tools.get('useradd') ?? '', '--system', '--user-group', '--no-create-home'],
          ['--home-dir', layout.stateDirectory, '--shell', nologin, layout.account],
        ].flat()
      : [sysusers, described],
  );
  if (!made.ok || accountIn(ports.files).user) return made;
  return { ok: false, failure: { reason: 'program-failed', detail: `the account ${layout.account} was not made` } };
}

/** userdel(8) removes the group of the same name as well, where a distribution has it so. */
async function removeAccount({ tools }: HostFacts, ports: PerformPorts): Promise<Result<void, StepFailure>> {
  for (const [tool, isThere] of [
    ['userdel', () => accountIn(ports.files).user !== undefined],
    ['groupdel', () => accountIn(ports.files).group !== undefined],
  ] as const) {
    if (!isThere()) continue;
    const removed = await mustRun(ports, [tools.get(tool) ?? `/usr/sbin/${tool}`, layout.account]);
    if (!removed.ok) return removed;
  }
  return { ok: true, value: undefined };
}

function ifEmpty({ files }: PerformPorts, directory: string): Result<void, StepFailure> {
  return files.names(directory).length === 0 ? files.remove(directory) : { ok: true, value: undefined };
}
