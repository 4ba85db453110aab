import { parseJoin } from '@certherd/protocol/join';
import { type EnrolmentFailure, enrol } from '../report/enrolment.ts';
import { loadEnrolment } from '../report/identity.ts';
import { systemClock } from '../system/clock.ts';
import { collectorSocketOpener } from '../system/collector-socket.ts';
import { systemState } from '../system/state.ts';
import { type Context, exitCodes, writeError, writeLine } from './context.ts';
import { firstLine } from './first-line.ts';
import { unusableState } from './unusable-state.ts';

/** A join string on standard input: so many characters at most, waited for so long. */
export const longestJoin = 4096;
export const inputMs = 60_000;

/** Enrols this host with the collector that the join string names; "-" is one on standard input, which no list of processes shows. */
export async function enrollCommand(
  { config, host }: Context,
  word: string,
  options: { replace: boolean; json: boolean },
): Promise<number> {
  const text = word === '-' ? await firstLine(longestJoin, inputMs) : word;
  const join = parseJoin(text.trim());
  if (!join.ok) {
    writeError(`the join string cannot be used: ${join.failure}. Make one with: certherd-collector token create`);
    return exitCodes.usage;
  }
  const state = systemState(config.stateDirectory);
  const before = loadEnrolment(state);
  if (before.ok && before.value && !options.replace && before.value.pin !== join.value.pin) {
    writeError(`this host is enrolled with ${before.value.authority} already; to enrol it elsewhere, add --replace`);
    return exitCodes.failed;
  }
  const ports = {
    state,
    clock: systemClock(),
    openCollectorSocket: collectorSocketOpener(config.extraRoots, process.env),
  };
  const enrolled = await enrol(ports, join.value, host.name, options.replace);
  if (!enrolled.ok) {
    writeError(worded(enrolled.failure, join.value.authority, config.stateDirectory));
    return exitCodes.failed;
  }
  const { authority, agentId } = enrolled.value;
  if (options.json) writeLine(JSON.stringify({ version: 1, authority, agentId }));
  else
    writeLine(
      `${host.name} is enrolled with ${authority} as ${agentId}.\nA running agent connects within ${options.replace ? 'half a minute' : '10 s'}; else start it: certherd-agent run`,
    );
  return exitCodes.ok;
}

/** Why this host could not be enrolled, and what to do. */
export function worded({ reason, detail }: EnrolmentFailure, authority: string, stateDirectory: string): string {
  switch (reason) {
    case 'unreachable':
      return `${authority} cannot be reached (${detail}): is the collector running, and its port open? The token was not sent.`;
    case 'wrong-pin':
      return `${authority} is not the collector of this join string (${detail}). The token was not sent: make a new join string there.`;
    case 'untrusted':
      return `${authority} shows a certificate that this host does not trust (${detail}). The token was not sent: where its CA is your own, name its root in extra_roots.`;
    case 'not-a-collector':
      return `${authority} does not answer as a collector (${detail}).`;
    case 'refused':
      if (detail === 'token-refused')
        return 'the collector refused the token, which was used, has expired, or is unknown. Make a new one with: certherd-collector token create';
      return detail === 'revoked'
        ? "this host's identity was revoked at the collector. To enrol it as a new one, with a new key, add --replace."
        : `the collector refused (${detail}).`;
    case 'state':
      return `${unusableState(stateDirectory, detail)}.`;
  }
}
