import { modeOf } from '../config.ts';
import type { Outcome } from '../decide/action.ts';
import { observeLineages } from '../observe/lineage.ts';
import { performHere } from './act.ts';
import { type Context, exitCodes, writeError, writeLine } from './context.ts';
import { printable, printableJson } from '@certherd/command-line/printable';
import { terminalOf } from '@certherd/command-line/terminal';

/** Tries the renewal of one lineage, or of all that the agent may renew, without renewing: what the daemon does now and then. */
export async function rehearseCommand(
  context: Context,
  lineage: string | undefined,
  options: { json: boolean },
): Promise<number> {
  const names = lineage === undefined ? renewedHere(context) : [lineage];
  if (names.length === 0 && !options.json) {
    const { path = '/etc/certherd/agent.toml' } = context.config;
    writeError(`there is no lineage that the agent may renew: set mode = "renew" in ${path}`);
    return exitCodes.failed;
  }
  const rehearsals: { lineage: string; outcome: Outcome }[] = [];
  for (const name of names) {
    if (!options.json && names.length > 1) process.stderr.write(`${printable(name)}\n`);
    const outcome = await performHere(context, { verb: 'rehearse', lineage: name }, (line) => {
      if (!options.json) process.stderr.write(`  ${printable(line)}\n`);
    });
    rehearsals.push({ lineage: name, outcome });
    if (!options.json) tell(name, outcome);
  }
  if (options.json) writeLine(printableJson({ version: 1, rehearsals }));
  const allWell = rehearsals.length > 0 && rehearsals.every(({ outcome }) => outcome.reason === 'done');
  return allWell ? exitCodes.ok : exitCodes.failed;
}

function tell(name: string, outcome: Outcome): void {
  const { colours, glyphs } = terminalOf(process.stdout, process.env);
  if (outcome.reason === 'done') writeLine(`${colours.green(glyphs.fine)} ${printable(outcome.detail)}`);
  else writeError(`${printable(name)} (${outcome.reason}): ${printable(outcome.detail)}`);
}

/** Without a name those that the local policy lets the agent renew; certbot renews none that says `autorenew = False`. */
function renewedHere({ config, files }: Context): string[] {
  return observeLineages(files, config.certbot.configDirectory)
    .lineages.filter(({ name, autorenew }) => modeOf(config, name) === 'renew' && autorenew !== false)
    .map(({ name }) => name);
}
