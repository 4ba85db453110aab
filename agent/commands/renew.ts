import type { Outcome, ReloadableServer } from '../decide/action.ts';
import { serversUsing } from '../decide/reload.ts';
import { observeFiles } from '../observe/observe.ts';
import { systemClock } from '../system/clock.ts';
import { performHere } from './act.ts';
import { type Context, exitCodes, writeError, writeLine } from './context.ts';
import { printable, printableJson } from '@certherd/command-line/printable';
import { uninterrupted } from './uninterrupted.ts';

/** Renews a lineage now, then brings it into service and proves it: what the daemon does when the time has come. */
export async function renewCommand(context: Context, lineage: string, options: { json: boolean }): Promise<number> {
  const progress = (line: string) => {
    if (!options.json) process.stderr.write(`  ${printable(line)}\n`);
  };
  const outcomes = await uninterrupted(progress, async (ending) => {
    const renewal = await performHere(context, { verb: 'renew', lineage }, progress, ending);
    const all: Outcome[] = [renewal];
    if (renewal.reason === 'done')
      for (const server of await serversOf(context, lineage))
        all.push(await performHere(context, { verb: 'reload', server }, progress, ending));
    return all;
  });
  const failed = outcomes.find((outcome) => outcome.reason !== 'done');
  if (options.json) writeLine(printableJson({ version: 1, lineage, outcomes }));
  else if (failed) writeError(`${failed.verb} failed (${failed.reason}): ${printable(failed.detail)}`);
  else writeLine(outcomes.map((outcome) => printable(outcome.detail)).join('\n'));
  return failed ? exitCodes.failed : exitCodes.ok;
}

/** Every server of this host that names the lineage and can be reloaded. */
async function serversOf({ config, files }: Context, lineage: string): Promise<ReloadableServer[]> {
  const { deployments } = await observeFiles({ files, clock: systemClock() }, config);
  return serversUsing(deployments, lineage);
}
