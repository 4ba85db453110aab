import { Buffer } from 'node:buffer';
import { typed } from '@certherd/command-line/words';
import { type Collector, startCollector } from '../app.ts';
import { formatAuthority } from '../authority.ts';
import { startService } from '../service.ts';
import { createLog } from '../system/log.ts';
import { systemService } from '../system/sd-notify.ts';
import { removeSetUpLink, setUpLine } from './set-up-link.ts';
import { type CommonOptions, configFor, type Console, exitCodes, placesOf } from './command.ts';

/** Bytes that small buffers share. Of Node's own 64 KB each piece that is still used, or not collected yet, keeps all (decision 109). */
const poolBytes = 8 * 1024;

/** `serve`: runs until it is told to end. Prints one line per listener when both are ready. */
export async function serve(options: CommonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  Buffer.poolSize = poolBytes;
  const log = await createLog(options.verbose ? 'debug' : config.logLevel, config.logFormat, process.stderr.isTTY);
  const ended = console.ended();
  const collector = await startCollector(config, { clock: console.clock, log });
  console.print(`data: ${config.dataDirectory}`);
  console.print(`agents: ${formatAuthority(collector.agentAddress)}`);
  console.print(`web: ${collector.webUrl}/`);
  const link = collector.setUp === undefined ? undefined : `${collector.webUrl}/set-up?token=${collector.setUp}`;
  const place = { directory: config.dataDirectory, isTerminal: process.stdout.isTTY };
  const setUp = setUpLine(link, place);
  if (setUp !== undefined) console.print(setUp);
  if (collector.isNew) console.print(`next: ${typed(['certherd-collector', 'token', 'create', ...placesOf(options)])}`);
  const service = startService(console.clock, systemService(process.env, log), () => statusOf(collector));
  await ended;
  const told = service.stopping();
  removeSetUpLink(config.dataDirectory);
  await collector.close();
  await told;
  return exitCodes.ok;
}

/** "1 of 2 hosts connected, agents at 0.0.0.0:8443, page at 127.0.0.1:8480" */
async function statusOf({ hosts, agentAddress, webAddress }: Collector): Promise<string> {
  const { enrolled, connected } = await hosts();
  const counted =
    enrolled === 0 ? 'no host enrolled' : `${connected} of ${enrolled} host${enrolled === 1 ? '' : 's'} connected`;
  return `${counted}, agents at ${formatAuthority(agentAddress)}, page at ${formatAuthority(webAddress)}`;
}
