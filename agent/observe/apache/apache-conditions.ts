import { fromServerRoot } from '../../formats/apache-deployments.ts';
import { versionFits } from '../../formats/apache-modules.ts';
import type { Reading } from './apache-reading.ts';

/**
 * Whether a section that httpd decides about while it reads counts; undefined for every other section. `<If>` is none
 * of these: it is decided at each request, and no TLS directive may stand in it.
 */
export function conditionHolds(reading: Reading, section: string, args: string[]): boolean | undefined {
  const [first = ''] = args;
  const negated = first.startsWith('!');
  const subject = negated ? first.slice(1) : first;
  if (section === 'ifmodule') return reading.modules.has(subject) !== negated;
  if (section === 'ifdefine') return reading.defines.has(subject) !== negated;
  if (section === 'iffile') return reading.files.resolve(fromServerRoot(reading.serverRoot, subject)).ok !== negated;
  if (section === 'ifversion') return versionFits(args);
  // Which directives a build knows cannot be told from its config: all but mod_ssl's are taken to be there.
  if (section === 'ifdirective') return (!/^ssl/i.test(subject) || reading.modules.has('ssl_module')) !== negated;
  if (section === 'ifsection') return !negated;
  return undefined;
}
