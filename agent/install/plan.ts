import { dirname } from 'node:path';
import type { Mode } from '@certherd/protocol/snapshot';
import { withMode } from '../formats/policy-mode.ts';
import type { HostFacts } from './host.ts';
import * as layout from './layout.ts';
import { obstacleOf, obstacleToSteps } from './obstacles.ts';
import type { Change, Plan, Step } from './step.ts';

/** What the person wants of the host, and what its settings say. */
export interface Wish {
  version: string;
  /** Absent: the mode stays as it is, and act's socket with it. */
  mode?: Mode;
  /** Of the settings as they are. */
  currentMode: Mode;
  stateDirectory: string;
  /** The collector of the join string. */
  join?: { authority: string; pin: string };
  enrolledWith?: { authority: string; pin: string };
}

/** A file is newer than the process that read it only by more than this: clocks of files and processes differ a little. */
const clockToleranceMs = 100;

/** All that makes the host as it should be, in order; what is so already is told as done. Or why none of it is begun. */
export function planInstall(facts: HostFacts, wish: Wish, shipped: (path: string) => string): Plan {
  const obstacle = obstacleOf(facts) ?? elsewhere(wish);
  if (obstacle) return { ok: false, failure: obstacle };
  const policy = policyText(facts, wish, shipped);
  if (policy === undefined) return { ok: false, failure: { reason: 'mode-line', path: layout.policyFile } };

  const step = (words: string, isDone: boolean, change: Change): Step => ({ words, isDone, change });
  const files = shippedHere(facts).map(({ from, to, what }) => fileStep(facts, to, shipped(from), 0o644, what));
  const program = step(
    `copy this program (${wish.version}) to ${layout.program}`,
    facts.digests.get(layout.program) === facts.own.digest,
    { do: 'copy-program' },
  );
  const units = files.filter(({ change }) => change.do === 'write' && dirname(change.path) === layout.unitDirectory);
  const isLoaded = [layout.agentUnit, layout.actSocket].every((name) => {
    const unit = facts.units.get(name);
    return unit?.get('LoadState') === 'loaded' && unit.get('NeedDaemonReload') === 'no';
  });
  const before = [
    program,
    ...(facts.places.has(layout.documents) ? layout.ownDocuments.map((path) => directoryStep(facts, path, 0o755)) : []),
    ...files,
    step(`make the account ${layout.account}`, facts.account.user !== undefined, { do: 'make-account' }),
    directoryStep(facts, layout.policyDirectory, 0o755),
    fileStep(
      facts,
      layout.policyFile,
      policy,
      facts.places.get(layout.policyFile)?.mode ?? 0o644,
      `the settings, with mode = "${modeWished(wish)}"`,
    ),
    ...enrolment(facts, wish),
    step('have systemd read the units', isLoaded && units.every(({ isDone }) => isDone), { do: 'reload-units' }),
  ];
  const socket = socketStep(facts, wish.mode);
  const steps = [...before, ...(socket ? [socket] : []), startStep(facts, before)];
  const closed = obstacleToSteps(facts, steps);
  return closed ? { ok: false, failure: closed } : { ok: true, value: steps };
}

/** The agent runs already as it should, and nothing that it read when it started is newer than it. */
function startStep(facts: HostFacts, before: readonly Step[]): Step {
  const unit = facts.units.get(layout.agentUnit);
  const { main } = facts;
  const isRunning = unit?.get('ActiveState') === 'active' && main?.program === layout.program;
  const read = [layout.program, `${layout.unitDirectory}/${layout.agentUnit}`, layout.policyFile];
  const newer = read.find(
    (path) => (facts.places.get(path)?.modifiedAt ?? 0) > (main?.startedAt ?? Number.MAX_VALUE) + clockToleranceMs,
  );
  const changes = before.some(
    ({ isDone, change }) =>
      !isDone &&
      (change.do === 'copy-program' ||
        change.do === 'reload-units' ||
        (change.do === 'write' && read.includes(change.path))),
  );
  const verb = isRunning ? 'start the agent again' : 'start the agent, now and at every boot';
  return {
    words: `${verb}, and wait for its first look`,
    isDone: isRunning && unit?.get('UnitFileState') === 'enabled' && newer === undefined && !changes,
    change: { do: 'start-agent' },
  };
}

/** Only where a mode was asked for: else whoever runs this host has decided. */
function socketStep(facts: HostFacts, mode: Mode | undefined): Step | undefined {
  if (mode === undefined) return undefined;
  const unit = facts.units.get(layout.actSocket);
  const [isEnabled, isActive] = [unit?.get('UnitFileState') === 'enabled', unit?.get('ActiveState') === 'active'];
  return mode === 'observe'
    ? {
        words: "switch act's socket off: nothing of root's can be started by the agent",
        isDone: !isEnabled && !isActive,
        change: { do: 'switch-socket', on: false },
      }
    : {
        words: `switch act's socket on: the agent asks there for what mode = "${mode}" allows`,
        isDone: isEnabled && isActive,
        change: { do: 'switch-socket', on: true },
      };
}

function enrolment(facts: HostFacts, { join, enrolledWith, stateDirectory }: Wish): Step[] {
  if (!join) return [];
  const isDone = enrolledWith?.pin === join.pin;
  const enrol: Step = { words: `enrol with the collector at ${join.authority}`, isDone, change: { do: 'enrol' } };
  return stateDirectory === layout.stateDirectory ? [directoryStep(facts, stateDirectory, 0o700), enrol] : [enrol];
}

function elsewhere({ join, enrolledWith }: Wish) {
  if (!join || !enrolledWith || join.pin === enrolledWith.pin) return undefined;
  return { reason: 'enrolled-elsewhere' as const, authority: enrolledWith.authority };
}

/** The settings that are there, with nothing changed but the mode; else those that are shipped. A link is somebody else's to change. */
function policyText({ places }: HostFacts, wish: Wish, shipped: (path: string) => string): string | undefined {
  const present = places.get(layout.policyFile);
  const mode = modeWished(wish);
  if (present === undefined) return withMode(shipped(layout.policySource), mode);
  if (mode === wish.currentMode) return present.text;
  return present.kind === 'file' ? withMode(present.text ?? '', mode) : undefined;
}

function modeWished({ mode, currentMode }: Wish): Mode {
  return mode ?? currentMode;
}

function directoryStep({ places }: HostFacts, path: string, mode: number): Step {
  return { words: `make ${path}`, isDone: places.has(path), change: { do: 'make-directory', path, mode } };
}

function fileStep({ places }: HostFacts, path: string, text: string, mode: number, what: string): Step {
  return {
    words: `write ${path}: ${what}`,
    isDone: places.get(path)?.text === text,
    change: { do: 'write', path, text, mode },
  };
}

/** Not all hosts keep manuals and the like, and none needs an account's file where there is no program that reads it. */
function shippedHere({ places, tools }: HostFacts): typeof layout.shippedFiles {
  return layout.shippedFiles.filter(({ to }) => {
    const directory = dirname(to);
    if (layout.ownDocuments.includes(directory)) return places.has(layout.documents);
    if (isAccount(to) && !tools.has('systemd-sysusers')) return false;
    return directory === layout.unitDirectory || places.has(directory);
  });
}

const isAccount = (path: string) => dirname(path) === '/usr/lib/sysusers.d';
