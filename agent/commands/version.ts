import { agentVersion } from '../version.ts';
import { exitCodes, writeLine } from './context.ts';

export function versionCommand(): number {
  writeLine(agentVersion);
  return exitCodes.ok;
}
