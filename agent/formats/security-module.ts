/** What a security module says of a process: which one confines it, under which name (LSM: /proc/PID/attr/current). */
export interface Confinement {
  module: 'AppArmor' | 'SELinux';
  /** The profile, or the context. */
  label: string;
  /** It refuses; else it only notes what it would have refused. */
  enforces: boolean;
}

/**
 * Undefined where nothing confines it: no such module, an unconfined process, or text that is of neither. `attribute` is the text of
 * /proc/PID/attr/current, `selinuxEnforces` that of /sys/fs/selinux/enforce, which is there under SELinux alone.
 */
export function readConfinement(
  attribute: string | undefined,
  selinuxEnforces: string | undefined,
): Confinement | undefined {
  // SELinux ends it with a NUL, AppArmor with a line feed.
  const label = (attribute ?? '').replace(/[\0\n]+$/, '');
  if (selinuxEnforces !== undefined) {
    const [, type] = /^[^:]+:[^:]+:([^:]+)(?::.*)?$/.exec(label) ?? [];
    // Types of processes that the policy leaves alone.
    if (type === undefined || /^(?:unconfined|init|initrc|kernel)(?:_service)?_t$/.test(type)) return undefined;
    return { module: 'SELinux', label, enforces: selinuxEnforces.trim() === '1' };
  }
  const [, profile, mode] = /^(.+) \((enforce|complain|kill|prompt|mixed)\)$/.exec(label) ?? [];
  if (profile === undefined) return undefined;
  return { module: 'AppArmor', label: profile, enforces: mode !== 'complain' };
}
