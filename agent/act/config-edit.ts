import type { AdoptionPlan } from '../decide/adoption.ts';
import { stateOf } from '../observe/adoption-records.ts';
import type { AdoptPorts } from './adopt.ts';
import type { Ended } from './act.ts';
import type { Steps } from './steps.ts';

/** Puts the edited files into place, each whole at every moment; those that are in place already are left. */
export async function changeConfig(
  { files }: Pick<AdoptionPlan, 'files'>,
  ports: AdoptPorts,
  steps: Steps,
): Promise<Ended | undefined> {
  for (const file of files) {
    const failure = await steps.run(
      'change the config',
      () => {
        const state = stateOf(ports.files, file);
        if (state === 'after') return undefined;
        if (state === 'other') return `${file.path} was changed since the plan was made`;
        const replaced = ports.configFiles.replace(file.path, file.target, file.after);
        return replaced.ok ? undefined : replaced.failure.detail;
      },
      (problem) => (problem === undefined ? { ok: true, detail: file.path } : { ok: false, detail: problem }),
    );
    if (failure !== undefined) return { reason: 'internal', detail: failure };
  }
  return undefined;
}

/** Puts the original bytes back. What somebody changed in the meantime is not written over: then it says so. */
export async function takeBack(
  { files }: Pick<AdoptionPlan, 'files'>,
  ports: AdoptPorts,
  steps: Steps,
): Promise<string | undefined> {
  const problems: string[] = [];
  for (const file of files.toReversed()) {
    const failure = await steps.run(
      'put the original config back',
      () => {
        const state = stateOf(ports.files, file);
        if (state === 'before') return undefined;
        if (state === 'other') return `${file.path} was changed by somebody else, and was left as it is`;
        const replaced = ports.configFiles.replace(file.path, file.target, file.before);
        return replaced.ok ? undefined : replaced.failure.detail;
      },
      (problem) => (problem === undefined ? { ok: true, detail: file.path } : { ok: false, detail: problem }),
    );
    if (failure !== undefined) problems.push(failure);
  }
  return problems.length === 0 ? undefined : problems.join('; ');
}
