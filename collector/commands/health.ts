import { formatAuthority } from '../authority.ts';
import { askWeb } from '../doctor/gather/listeners.ts';
import { type CommonOptions, configFor, type Console, exitCodes } from './command.ts';

/** `health`: the collector's own answer at /healthz, as an exit code, for probes where there is no curl. */
export async function showHealth(options: CommonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const { webListen, web } = config;
  const where = formatAuthority(webListen);
  const answer =
    webListen.port === 0
      ? { ok: false as const, detail: 'each start chooses a port' }
      : await askWeb(webListen, web.tls !== undefined);
  if (answer.ok && answer.status === 200) {
    console.print(`ok: ${where} answers, and what agents tell is kept`);
    return exitCodes.ok;
  }
  const why = !answer.ok
    ? `nobody answers (${answer.detail})`
    : answer.status === 503
      ? 'it answers that nothing can be written: certherd-collector doctor says why'
      : `it answers ${answer.status ?? 'nothing'}`;
  console.complain(`certherd-collector: ${where}: ${why}`);
  return exitCodes.failed;
}
