import { oldestProtocolVersion, protocolVersion } from '@certherd/protocol/version';
import { collectorCommit, collectorVersion } from '../version.ts';
import { type Console, exitCodes } from './command.ts';

/** `version`: this program and the commit it was built from, the wire versions it speaks, and what it runs on. */
export function showVersion(console: Console): number {
  console.print(`certherd-collector ${collectorVersion}`);
  console.print(`commit ${collectorCommit}`);
  console.print(`protocol ${oldestProtocolVersion} to ${protocolVersion}`);
  console.print(`node ${process.versions.node}`);
  return exitCodes.ok;
}
