import { join } from 'node:path';
import { readUnit, type UnitSettings } from '../../formats/systemd-unit.ts';
import { findUnit, unitPlaces } from '../../observe/renewal-timer.ts';
import type { Files } from '../../ports.ts';

/** A systemd unit as its files tell of it: systemctl is not asked. */
export interface UnitState {
  name: string;
  path: string;
  masked: boolean;
  /** Something starts it at boot. */
  enabled: boolean;
  /** It is active, or on its way: systemd keeps a link for each such unit. */
  active: boolean;
  settings: UnitSettings;
}

/** Undefined where no such unit is installed. */
export function observeUnit(files: Files, name: string): UnitState | undefined {
  const places = unitPlaces(files, '/');
  const unit = findUnit(files, places, name);
  if (!unit) return undefined;
  const wanting = places.flatMap((place) =>
    ['multi-user.target.wants', 'sockets.target.wants', 'default.target.wants'].map((one) => join(place, one, name)),
  );
  return {
    name,
    path: unit.path,
    masked: unit.masked,
    enabled: wanting.some((link) => files.linkChangedAt(link).ok),
    active: files.linkChangedAt(join('/run/systemd/units', `invocation:${name}`)).ok,
    settings: readUnit(unit.texts),
  };
}
