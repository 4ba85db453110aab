import { randomBytes } from 'node:crypto';
import { startAgent } from '../agent.ts';
import type { Ports } from '../ports.ts';
import { systemActor } from '../system/actor.ts';
import { collectorSocketOpener } from '../system/collector-socket.ts';
import { systemCredential } from '../system/credential.ts';
import { httpsOpener } from '../system/https.ts';
import { systemLooking } from '../system/looking.ts';
import { takeLock } from '../system/lock.ts';
import { systemLog } from '../system/log.ts';
import { compileWhereLarge } from '../system/optimising.ts';
import { systemService } from '../system/sd-notify.ts';
import { spareMemory } from '../system/spare-memory.ts';
import { systemState } from '../system/state.ts';
import { keepYoungHeapSmall } from '../system/young-heap.ts';
import { watchFiles } from '../watch/file-changes.ts';
import { type Context, exitCodes, writeError } from './context.ts';
import { enrolAtStart, joinCredential } from './enrol-at-start.ts';
import { unusableState } from './unusable-state.ts';

/** The daemon: looks, judges, acts and reports until SIGTERM or SIGINT. */
export async function runCommand({ config, host }: Context): Promise<number> {
  keepYoungHeapSmall();
  const compile = compileWhereLarge();
  const log = await systemLog(config);
  const state = systemState(config.stateDirectory);
  // a full disk takes a name, and not a byte
  const probe = state.write('writable', '\n');
  if (!probe.ok) {
    writeError(unusableState(config.stateDirectory, probe.failure.detail));
    return exitCodes.failed;
  }
  const lock = takeLock(config.stateDirectory, 'run');
  if (!lock) {
    writeError(`another certherd-agent runs with ${config.stateDirectory}: see certherd-agent status`);
    return exitCodes.failed;
  }
  const tidy = spareMemory();
  const ports: Ports = {
    ...systemLooking(),
    act: systemActor(config),
    state,
    openCollectorSocket: collectorSocketOpener(config.extraRoots, process.env),
    openHttps: httpsOpener(process.env),
    log,
    service: systemService(process.env, log),
    atRest: () => {
      compile();
      tidy();
    },
  };
  log.info(
    { host: host.name, version: host.agentVersion, mode: config.mode, config: config.path ?? 'defaults' },
    'certherd-agent starts',
  );
  const epoch = () => randomBytes(12).toString('base64url');
  const joining = enrolAtStart(ports, systemCredential(process.env, joinCredential), host.name, config.stateDirectory);
  const agent = startAgent(config, host, ports, (changed) => watchFiles(log, changed), epoch);
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
  });
  log.info({ signal }, 'certherd-agent stops');
  joining.stop();
  await agent.stop();
  lock.release();
  return exitCodes.ok;
}
