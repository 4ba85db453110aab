import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { typed } from '../../decide/command-line.ts';
import { keptProgram } from '../../install/layout.ts';
import type { Installation } from '../gather/installation.ts';
import type { UpgradeFacts } from '../gather/upgrade.ts';
import { asRoot } from './words.ts';

const why = {
  open: 'Nobody has proved the program in place; until that is done install refuses, and both fill the disk.',
  packaged: 'It is of no use beside a package, and fills the disk.',
};

/** Has an upgrade been left half done? */
export function judgeUpgrade(
  facts: UpgradeFacts | undefined,
  { named }: Pick<Installation, 'named'> = {},
): Diagnosis[] {
  if (!facts) return [];
  const { isUnderWay, isPackaged } = facts;
  if (isUnderWay === 'unknown')
    return [
      notTold('upgrade', `${keptProgram} is there: whether an upgrade goes on is told to root`, { fix: asRoot(named) }),
    ];
  if (isUnderWay) return [ok('upgrade', 'one goes on now')];
  return [
    isPackaged
      ? wrong('upgrade', `${keptProgram} is left of before the package`, why.packaged, typed(['rm', keptProgram]))
      : wrong(
          'upgrade',
          `one was interrupted: ${keptProgram} is the program of before it`,
          why.open,
          `${typed(['certherd-agent', 'upgrade'])} (it proves the program in place, or goes back)`,
        ),
  ];
}
