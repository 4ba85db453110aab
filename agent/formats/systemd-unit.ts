/** Settings of a unit by "Section.Key", every value in order; an empty assignment forgets the ones before it (systemd.syntax(7)). */
export type UnitSettings = Map<string, string[]>;

/** Reads a unit file and the drop-ins that follow it, in the order in which systemd applies them. Lines that make no sense are passed over. */
export function readUnit(texts: readonly string[]): UnitSettings {
  const settings: UnitSettings = new Map();
  for (const text of texts) {
    let section = '';
    for (const line of joined(text)) {
      const heading = /^\[([^\]]+)\]/.exec(line);
      const equals = line.indexOf('=');
      if (heading) section = heading[1] ?? '';
      else if (equals > 0) {
        const key = `${section}.${line.slice(0, equals).trim()}`;
        const value = line.slice(equals + 1).trim();
        settings.set(key, value === '' ? [] : [...(settings.get(key) ?? []), value]);
      }
    }
  }
  return settings;
}

/** When a timer is to elapse: its own words ("OnCalendar=daily"); empty where nothing is left of them. */
export function scheduleOf(settings: UnitSettings): string[] {
  const keys = ['OnCalendar', 'OnActiveSec', 'OnBootSec', 'OnStartupSec', 'OnUnitActiveSec', 'OnUnitInactiveSec'];
  return keys.flatMap((key) => (settings.get(`Timer.${key}`) ?? []).map((value) => `${key}=${value}`));
}

/** Lines without comments, those that end in a backslash put together with the next. */
function joined(text: string): string[] {
  return text
    .replaceAll('\r', '')
    .split('\n')
    .filter((line) => !/^\s*[#;]/.test(line))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim());
}
