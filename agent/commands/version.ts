import { oldestProtocolVersion, protocolVersion } from '@certherd/protocol/version';
import { agentCommit, agentVersion } from '../version.ts';
import { exitCodes, writeLine } from './context.ts';

/** `version`: this program and the commit it was built from, the wire versions it speaks, and what it runs on. */
export function versionCommand({ json }: { json: boolean }): number {
  const protocol = { oldest: oldestProtocolVersion, newest: protocolVersion };
  const { node } = process.versions;
  const lines = [
    `certherd-agent ${agentVersion}`,
    `commit ${agentCommit}`,
    `protocol ${protocol.oldest} to ${protocol.newest}`,
    `node ${node}`,
  ];
  writeLine(
    json
      ? JSON.stringify({ version: 1, program: agentVersion, commit: agentCommit, protocol, node }, null, 2)
      : lines.join('\n'),
  );
  return exitCodes.ok;
}
