import { typed } from '@certherd/command-line/words';
import { startCollector } from '../app.ts';
import { formatAuthority } from '../authority.ts';
import { createLog } from '../system/log.ts';
import { type CommonOptions, configFor, type Console, exitCodes, placesOf } from './command.ts';

/** `serve`: runs until it is told to end. Prints one line per listener when both are ready. */
export async function serve(options: CommonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const log = createLog(options.verbose ? 'debug' : config.logLevel, process.stderr.isTTY);
  const ended = console.ended();
  const collector = await startCollector(config, { clock: console.clock, log });
  console.print(`data: ${config.dataDirectory}`);
  console.print(`agents: ${formatAuthority(collector.agentAddress)}`);
  console.print(`web: http://${formatAuthority(collector.webAddress)}/`);
  if (collector.isNew) console.print(`next: ${typed(['certherd-collector', 'token', 'create', ...placesOf(options)])}`);
  await ended;
  await collector.close();
  return exitCodes.ok;
}
