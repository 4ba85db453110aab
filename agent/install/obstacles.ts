import { dirname } from 'node:path';
import type { HostFacts } from './host.ts';
import * as layout from './layout.ts';
import type { Obstacle, Step } from './step.ts';

/** System accounts end here unless a distribution says otherwise (login.defs(5), SYS_UID_MAX). */
const lastSystemId = 999;
const loginShells = /\/(?:ba|da|z|k|tc|c|fi)?sh$/;

/** What keeps `install` from beginning, whatever is asked of it. */
export function obstacleOf(facts: HostFacts): Obstacle | undefined {
  const installed = facts.digests.get(layout.program);
  return (
    rootObstacle(facts) ??
    (facts.own.digest === undefined ? { reason: 'not-a-single-binary' } : undefined) ??
    kindObstacle(facts) ??
    (facts.isUpgrading || !facts.places.has(layout.keptProgram) ? undefined : { reason: 'upgrade-interrupted' }) ??
    (installed !== undefined && installed !== facts.own.digest ? { reason: 'other-program' } : undefined) ??
    accountObstacle(facts) ??
    ownerObstacle(facts) ??
    hiddenUnit(facts)
  );
}

/** What keeps every one of the three commands from beginning. */
export function rootObstacle({ isRoot, hasSystemd, packaged }: HostFacts): Obstacle | undefined {
  if (!isRoot) return { reason: 'not-root' };
  if (!hasSystemd) return { reason: 'no-systemd' };
  return packaged && { reason: 'packaged', by: packaged };
}

/** A directory that a step writes in and that is closed, or too little room for the program. */
export function obstacleToSteps(facts: HostFacts, steps: readonly Step[]): Obstacle | undefined {
  const open = steps.filter(({ isDone }) => !isDone);
  for (const directory of open.flatMap(({ change }) => directoriesOf(change))) {
    const failure = facts.closed.get(directory);
    if (failure) return { reason: 'closed', failure };
  }
  const copies = open.some(({ change }) => change.do === 'copy-program');
  return copies ? roomObstacle(facts, facts.own.bytes) : undefined;
}

/** One more program has to fit in, and a little besides. */
export function roomObstacle({ freeBytes: free }: HostFacts, bytes: number): Obstacle | undefined {
  const needed = bytes + 1024 * 1024;
  return free < needed ? { reason: 'no-room', directory: dirname(layout.program), needed, free } : undefined;
}

/** Where a change writes or removes; of directories that are made by an earlier step, the one above. */
function directoriesOf(change: Step['change']): string[] {
  switch (change.do) {
    case 'copy-program':
      return [dirname(layout.program)];
    case 'write':
      return [dirname(change.path), dirname(dirname(change.path))].slice(
        0,
        dirname(change.path) === layout.policyDirectory ? 2 : 1,
      );
    case 'make-directory':
      return [dirname(change.path)];
    case 'make-account':
      return ['/etc'];
    case 'switch-socket':
    case 'start-agent':
      return ['/etc/systemd/system', '/var/lib'];
    case 'stop-units':
      return ['/etc/systemd/system'];
    case 'remove':
    case 'remove-tree':
      return [dirname(change.path)];
    case 'remove-account':
      return ['/etc'];
    default:
      return [];
  }
}

function kindObstacle({ places }: HostFacts): Obstacle | undefined {
  const files = [layout.program, ...layout.shippedFiles.map(({ to }) => to)];
  const directories = [layout.policyDirectory, layout.stateDirectory, layout.actDirectory, ...layout.ownDocuments];
  for (const [paths, wanted] of [
    [files, 'file'],
    [directories, 'directory'],
  ] as const) {
    for (const path of paths) {
      const kind = places.get(path)?.kind;
      if (kind !== undefined && kind !== wanted) return { reason: 'other-kind', path, kind };
    }
  }
  return undefined;
}

/** Whoever else owned one of these could have root, or the agent, read what he likes. */
function ownerObstacle({ places, account }: HostFacts): Obstacle | undefined {
  const rootsOwn = [layout.program, layout.policyDirectory, layout.policyFile, layout.actDirectory];
  const owned = [
    ...rootsOwn.map((path) => ({ path, uids: [0] })),
    { path: layout.stateDirectory, uids: [0, account.user?.uid ?? 0] },
  ];
  for (const { path, uids } of owned) {
    const place = places.get(path);
    if (place && !uids.includes(place.uid)) return { reason: 'other-owner', path, uid: place.uid };
    if (place && (place.mode & 0o022) !== 0) return { reason: 'open-to-others', path, mode: place.mode };
  }
  return undefined;
}

function accountObstacle({ account: { user, group }, tools }: HostFacts): Obstacle | undefined {
  if (!user) {
    if (group !== undefined && (group === 0 || group > lastSystemId))
      return { reason: 'other-account', why: `a group of that name has the id ${group}` };
    return tools.has('systemd-sysusers') || tools.has('useradd') ? undefined : { reason: 'no-account-tool' };
  }
  const { uid, gid, shell } = user;
  const why =
    uid === 0 || uid > lastSystemId
      ? `its id is ${uid}, which is no system account's`
      : loginShells.test(shell)
        ? `it may log in (${shell})`
        : gid !== group
          ? 'its group is another than the one of its name'
          : undefined;
  return why === undefined ? undefined : { reason: 'other-account', why };
}

function hiddenUnit({ places }: HostFacts): Obstacle | undefined {
  const path = [...places.keys()].find(
    (one) => layout.strongerUnitDirectories.includes(dirname(one)) && !one.endsWith('.d'),
  );
  return path === undefined ? undefined : { reason: 'hidden-unit', path };
}
