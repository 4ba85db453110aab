import { dirname } from 'node:path';
import { besideOf } from '../formats/beside.ts';
import type { HostFacts } from './host.ts';
import * as layout from './layout.ts';
import { obstacleToSteps, rootObstacle } from './obstacles.ts';
import type { Change, Plan, Step } from './step.ts';

/** What stays behind after an uninstall without --purge, and is there. */
export function leftBehind({ places }: HostFacts): string[] {
  return [layout.policyFile, ...dropIns, layout.stateDirectory, layout.actDirectory].filter((path) => places.has(path));
}

/**
 * All that takes the agent off the host, in order: the program itself goes last, so that an uninstall that was cut off can be typed
 * again. Only steps that have something to do. Without `purge` settings and state stay, and belong to root: the account goes.
 */
export function planRemoval(facts: HostFacts, purge: boolean): Plan {
  const obstacle = rootObstacle(facts) ?? (facts.isUpgrading ? { reason: 'upgrade-under-way' as const } : undefined);
  if (obstacle) return { ok: false, failure: obstacle };
  const { places, account } = facts;
  const step = (words: string, change: Change): Step => ({ words, isDone: false, change });
  const remove = (path: string) =>
    places.has(path) || places.has(besideOf(path)) ? [step(`remove ${path}`, { do: 'remove', path })] : [];
  const removeTree = (path: string) =>
    places.has(path) ? [step(`remove ${path} and all in it`, { do: 'remove-tree', path })] : [];
  const units = layout.shippedFiles.map(({ to }) => to).filter((path) => dirname(path) === layout.unitDirectory);
  const files = [...layout.shippedFiles.map(({ to }) => to), ...layout.ownDocuments.toReversed()].flatMap(remove);
  const state = places.get(layout.stateDirectory);
  const isOurs = account.user?.home === layout.stateDirectory;
  const steps = [
    ...(isActive(facts) ? [step('stop the agent and its actions, now and at every boot', { do: 'stop-units' })] : []),
    ...files,
    ...(units.some((path) => places.has(path)) ? [step('have systemd forget the units', { do: 'reload-units' })] : []),
    ...remove(layout.runtimeDirectory),
    ...(purge
      ? [
          ...[...dropIns, layout.stateDirectory, layout.actDirectory].flatMap(removeTree),
          ...remove(layout.policyFile),
          ...remove(layout.policyDirectory),
        ]
      : state && state.uid !== 0
        ? [step(`give ${layout.stateDirectory} to root`, { do: 'give-to-root', path: layout.stateDirectory })]
        : []),
    ...(isOurs ? [step(`remove the account ${layout.account}`, { do: 'remove-account' })] : []),
    ...[layout.candidateProgram, layout.previousProgram, layout.keptProgram, layout.program].flatMap(remove),
  ];
  const closed = obstacleToSteps(facts, steps);
  return closed ? { ok: false, failure: closed } : { ok: true, value: steps };
}

const dropIns = [layout.agentUnit, layout.actSocket, 'certherd-act@.service'].map(
  (unit) => `/etc/systemd/system/${unit}.d`,
);

function isActive({ units }: HostFacts): boolean {
  return [layout.agentUnit, layout.actSocket].some((name) => {
    const unit = units.get(name);
    return (
      unit?.get('UnitFileState') === 'enabled' || !['inactive', 'failed', undefined].includes(unit?.get('ActiveState'))
    );
  });
}
