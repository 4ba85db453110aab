import { startCollector } from '../app.ts';
import { formatAuthority } from '../authority.ts';
import { createLog } from '../system/log.ts';
import { type CommonOptions, configFor, type Console, exitCodes } from './command.ts';

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
  if (collector.isNew) console.print(`next: ${nextCommand(options)}`);
  await ended;
  await collector.close();
  return exitCodes.ok;
}

/** What to type on this machine to enrol the first host. */
function nextCommand({ config, data }: CommonOptions): string {
  return ['certherd-collector token create', config && `--config ${quoted(config)}`, data && `--data ${quoted(data)}`]
    .filter(Boolean)
    .join(' ');
}

function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
