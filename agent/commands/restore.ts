import { performHere } from './act.ts';
import { type Context, exitCodes, writeError, writeLine } from './context.ts';
import { printable, printableJson } from '@certherd/command-line/printable';
import { uninterrupted } from './uninterrupted.ts';

/** Links the version before back, has every server that uses the lineage load it, and proves that. */
export async function restoreCommand(context: Context, lineage: string, options: { json: boolean }): Promise<number> {
  const progress = (line: string) => {
    if (!options.json) process.stderr.write(`  ${printable(line)}\n`);
  };
  const outcome = await uninterrupted(progress, (ending) =>
    performHere(context, { verb: 'restore', lineage }, progress, ending),
  );
  const isDone = outcome.reason === 'done';
  if (options.json) writeLine(printableJson({ version: 1, lineage, outcomes: [outcome] }));
  else if (isDone) writeLine(printable(outcome.detail));
  else writeError(`restore failed (${outcome.reason}): ${printable(outcome.detail)}`);
  return isDone ? exitCodes.ok : exitCodes.failed;
}
