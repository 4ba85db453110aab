import { act, type ActPorts } from '../act/act.ts';
import type { Config } from '../config.ts';
import { type Outcome, Request } from '../decide/action.ts';
import { checkedJson } from '../formats/checked-json.ts';
import { rootsActDirectory } from '../observe/rehearsals.ts';
import { systemAddresses } from '../system/addresses.ts';
import { systemPlaceToken } from '../system/challenge-token.ts';
import { systemClock } from '../system/clock.ts';
import { systemDialer } from '@certherd/handshake/dialer';
import { journalPrefix } from '../system/journal.ts';
import { systemNames } from '../system/names.ts';
import { systemLinks } from '../system/links.ts';
import { takeLock } from '../system/lock.ts';
import { systemLogEnd } from '../system/log-end.ts';
import { systemPermissions } from '../system/permissions.ts';
import { systemProc } from '../system/proc.ts';
import { systemPrograms } from '../system/programs.ts';
import { systemSignal } from '../system/signal.ts';
import { systemState } from '../system/state.ts';
import { systemWebGet } from '../system/web-get.ts';
import { type Context, exitCodes, writeError, writeLine } from './context.ts';
import { printable } from '@certherd/command-line/printable';
import { firstLine } from './first-line.ts';

/** The longest line that is read, in characters, and how long it is waited for. */
const longestLine = 8192;
const lineMs = 5_000;

/**
 * One request as a JSON line on standard input; JSON lines of progress and one outcome on standard output. Where systemd
 * started it for a connection, the journal is told as well: whoever asked may be gone by then. At SIGTERM it goes on, in a hurry.
 */
export async function actCommand(context: Context): Promise<number> {
  const ending = new AbortController();
  process.on('SIGTERM', () => ending.abort());
  const request = checkedJson(await firstLine(longestLine, lineMs), Request);
  if (!request) {
    writeError(
      'standard input must be one JSON line: {"verb":"renew","lineage":NAME} or {"verb":"reload","server":"nginx"}',
    );
    return exitCodes.usage;
  }
  const journal: typeof writeJournal = process.env.SYSTEMD_EXEC_PID === String(process.pid) ? writeJournal : () => {};
  journal(`asked for ${JSON.stringify(request)}`);
  const tell = (line: string) => {
    journal(line);
    writeLine(JSON.stringify({ progress: line }));
  };
  const outcome = await performHere(context, request, tell, ending.signal);
  journal(`${outcome.verb}: ${outcome.reason}: ${outcome.detail}`, outcome.reason === 'done' ? 'info' : 'warn');
  writeLine(JSON.stringify({ outcome }));
  return outcome.reason === 'done' ? exitCodes.ok : exitCodes.failed;
}

/** The same action in this very process, for the commands that a person starts. Once `ending` is aborted it has to come to its end. */
export function performHere(
  context: Pick<Context, 'config' | 'files'>,
  request: Request,
  progress: (line: string) => void,
  ending?: AbortSignal,
): Promise<Outcome> {
  return act(request, context.config, actingPorts(context, ending), progress);
}

/** The machine, for one action of this process. */
export function actingPorts({ config, files }: Pick<Context, 'config' | 'files'>, ending?: AbortSignal): ActPorts {
  const directory = actStateDirectory(config);
  return {
    clock: systemClock(),
    files,
    dial: systemDialer(),
    ...(ending && { ending }),
    programs: systemPrograms(ending),
    proc: systemProc(),
    logEnd: systemLogEnd(),
    links: systemLinks(),
    signal: systemSignal,
    state: systemState(directory),
    rehearsal: {
      names: systemNames(config.certbot.nameServers),
      webGet: systemWebGet(),
      placeToken: systemPlaceToken(),
      addresses: () => systemAddresses(),
    },
    takeLock: () => takeLock(directory, 'action'),
  };
}

/**
 * Where actions keep their lock and their ledger: the agent's own state directory, and a directory of root's where root
 * acts and others may write to that one. They could have root write elsewhere by a link, or renew without a limit.
 */
export function actStateDirectory({ stateDirectory }: Pick<Config, 'stateDirectory'>): string {
  const found = systemPermissions().of(stateDirectory);
  // an agent that never ran has no directory yet; systemd made root's for this process
  const isOpen = found.ok
    ? found.value.uid !== 0 || (found.value.mode & 0o022) !== 0
    : process.env.STATE_DIRECTORY === rootsActDirectory;
  return process.getuid?.() === 0 && isOpen ? rootsActDirectory : stateDirectory;
}

function writeJournal(line: string, level: 'info' | 'warn' = 'info'): void {
  process.stderr.write(`${journalPrefix(level)}${printable(line)}\n`);
}
