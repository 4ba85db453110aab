import type { Finding } from '@certherd/protocol/finding';
import type { KeyFileObservation, KeyFilesObserved } from '../observe/key-exposure.ts';
import { typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';

/** A private key that others than root, its owner and the server can read, or can put their own in place of. */
export function exposedKey({ observations, now }: Facts & { observations: KeyFilesObserved }): Finding[] {
  const seen = new Set<string>();
  return observations.keyFiles.flatMap((key) => {
    const exposure = exposureOf(key);
    const file = key.file ?? key.path;
    if (!exposure || seen.has(file)) return [];
    seen.add(file);
    return [
      {
        code: 'key-exposed' as const,
        severity: exposure.byAll ? ('critical' as const) : ('warning' as const),
        subject: { kind: 'file' as const, id: key.path },
        since: instant(now),
        cause:
          `${exposure.cause}; whoever has read it can pass for this server, so have it replaced if others use this host`.slice(
            0,
            4000,
          ),
        evidence: {
          file,
          mode: (key.mode ?? 0).toString(8).padStart(4, '0'),
          owner: `${key.owner ?? ''}:${key.group ?? ''}`,
          ...(key.groupReaders ? { readers: key.groupReaders.join(', ').slice(0, 4000) } : {}),
          ...(key.replaceableIn.length > 0 ? { 'open directories': key.replaceableIn.join(', ').slice(0, 4000) } : {}),
          wanted: '0600, or 0640 with a group that only the server is in',
        },
        remedy: exposure.remedy,
      },
    ];
  });
}

function exposureOf(key: KeyFileObservation): { byAll: boolean; cause: string; remedy: string } | undefined {
  const { readableByAll, groupReaders, replaceableIn } = key;
  const file = key.file ?? key.path;
  const causes = [
    ...(readableByAll ? [`every account on this host can read the private key ${file}`] : []),
    ...(groupReaders ? [`the group ${key.group} (${groupReaders.join(', ')}) can read the private key ${file}`] : []),
    ...(replaceableIn.length > 0
      ? [`every account on this host can put another key in place of ${file}: ${replaceableIn.join(', ')} is writable`]
      : []),
  ];
  if (causes.length === 0) return undefined;
  const rights = [...(groupReaders ? ['g='] : []), ...(readableByAll ? ['o='] : [])].join(',');
  const commands = [
    ...(rights === '' ? [] : [typed(['chmod', rights, file])]),
    ...(replaceableIn.length > 0 ? [typed(['chmod', 'o-w', ...replaceableIn])] : []),
  ];
  return {
    byAll: readableByAll || replaceableIn.length > 0,
    cause: causes.join('; '),
    remedy: commands.join(' && '),
  };
}
