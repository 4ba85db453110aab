import type { Result } from '@certherd/protocol/failure';
import type { PathPermissions } from '../../ports.ts';
import type { DoctorPorts } from '../doctor-ports.ts';
import type { Installation } from './installation.ts';
import { observeUnit, type UnitState } from './units.ts';

export interface ActFacts {
  /** Something is allowed: the mode of the host, or of a lineage. */
  allowed: boolean;
  socketPath: string;
  socket: Result<PathPermissions>;
  /** Does somebody listen at it? Undefined where the kernel does not tell. */
  listening?: boolean;
  socketUnit?: UnitState;
  actUnit?: UnitState;
  /** Directories that certbot writes here, by the settings. */
  certbotDirectories: string[];
}

const actName = 'certherd-act@.service';

export function observeAct(ports: DoctorPorts, { config }: Installation): ActFacts {
  const { socket: socketPath } = config.act;
  const listening = listensAt(ports, socketPath);
  const [socketUnit, actUnit] = [observeUnit(ports.files, 'certherd-act.socket'), observeUnit(ports.files, actName)];
  const { configDirectory, workDirectory, logsDirectory } = config.certbot;
  return {
    allowed:
      config.mode !== 'observe' || [...config.lineages.values()].some(({ mode = 'observe' }) => mode !== 'observe'),
    socketPath,
    socket: ports.permissions.of(socketPath),
    ...(listening !== undefined && { listening }),
    ...(socketUnit && { socketUnit }),
    ...(actUnit && { actUnit }),
    certbotDirectories: [configDirectory, workDirectory, logsDirectory],
  };
}

/** Flag 0x10000 is that of a socket that accepts connections (proc(5), /proc/net/unix). */
function listensAt({ proc }: DoctorPorts, path: string): boolean | undefined {
  return proc
    .read('/proc/net/unix')
    ?.split('\n')
    .some((line) => line.endsWith(` ${path}`) && / 00010000 /.test(line));
}
