import { mountOf } from '../formats/own-process.ts';
import type { OwnRights } from '../observe/own-rights.ts';

/** A right that the agent lacks and the server has. */
export interface MissingRight {
  /** "read files": names it in the finding's subject. */
  right: string;
  /** How that was told, as the end of "certherd-agent cannot …: …". */
  because: string;
  /** What [Service] of its systemd unit needs. */
  directives: string[];
  /** What it needs where there is no unit, as the end of "start it with …". */
  need: string;
}

/** Numbers of linux/capability.h. */
const capabilities = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_KILL: 5,
  CAP_NET_BIND_SERVICE: 10,
} as const;
type Capability = keyof typeof capabilities;

/** The right to read what only root, or its owner, may read; undefined where the agent has it. */
export function missingRead(rights: OwnRights): MissingRight | undefined {
  return holds(rights, 'CAP_DAC_OVERRIDE') ? undefined : lacking(rights, 'read files', 'CAP_DAC_READ_SEARCH');
}

/**
 * The right whose absence made the server's own program fail when the agent ran it: from the error that it printed, and only
 * where the kernel says of this process that it lacks that right. Undefined where the words blame something else.
 */
export function missingByWords(words: string, rights: OwnRights): MissingRight | undefined {
  if (/Read-only file system/i.test(words)) return missingWrite(words, rights);
  if (/Permission denied|don't have the appropriate permissions/i.test(words)) {
    if (/\bbind\(\)|Could not bind/.test(words)) return lacking(rights, 'use ports below 1024', 'CAP_NET_BIND_SERVICE');
    if (/cannot load certificate|BIO_new_file|SSL_CTX_use_/.test(words)) return missingRead(rights);
    return lacking(rights, 'write files', 'CAP_DAC_OVERRIDE');
  }
  if (/Operation not permitted/i.test(words)) {
    if (/\bkill\(/.test(words)) return lacking(rights, 'signal the server', 'CAP_KILL');
    if (/\bchown\(/.test(words)) return lacking(rights, 'change owners', 'CAP_CHOWN');
  }
  return undefined;
}

function missingWrite(words: string, rights: OwnRights): MissingRight | undefined {
  const [, path] = /"(\/[^"]+)"/.exec(words) ?? /'(\/[^']+)'/.exec(words) ?? [];
  const mount = path === undefined ? undefined : mountOf(rights.readOnlyMounts, path);
  if (path === undefined || !mount) return undefined;
  const directory = path.slice(0, path.lastIndexOf('/')) || '/';
  return {
    right: 'write files',
    because: `${mount.point} is mounted read-only for it, and for others writable`,
    directives: [`ReadWritePaths=${directory}`],
    need: `${directory} mounted writable`,
  };
}

function lacking(rights: OwnRights, right: string, capability: Capability): MissingRight | undefined {
  if (holds(rights, capability)) return undefined;
  return {
    right,
    because: `it runs as uid ${rights.uid} without ${capability} (CapEff ${rights.capabilities.toString(16)})`,
    directives: [`AmbientCapabilities=${capability}`, `CapabilityBoundingSet=${capability}`],
    need: capability,
  };
}

function holds({ capabilities: own }: OwnRights, capability: Capability): boolean {
  return ((own >> BigInt(capabilities[capability])) & 1n) === 1n;
}
