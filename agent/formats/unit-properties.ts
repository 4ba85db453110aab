/** What systemd says of one unit; absent fields are those that were not asked for. */
export type UnitProperties = ReadonlyMap<string, string>;

/** Reads `systemctl show UNIT… --property=Id,…`: KEY=VALUE lines, a blank line between units. By the unit's Id. */
export function readUnitProperties(text: string): Map<string, UnitProperties> {
  const units = text.split(/\n{2,}/).map(
    (block) =>
      new Map(
        block.split('\n').flatMap((line): [string, string][] => {
          const equals = line.indexOf('=');
          return equals > 0 ? [[line.slice(0, equals), line.slice(equals + 1)]] : [];
        }),
      ),
  );
  return new Map(units.flatMap((unit): [string, UnitProperties][] => [[unit.get('Id') ?? '', unit]]));
}
