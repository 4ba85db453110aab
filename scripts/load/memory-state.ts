import { success } from '@certherd/protocol/failure';
import type { State } from '../../agent/ports.ts';

/** A state directory without a disk: ten thousand simulated agents would have ten thousand. */
export function memoryState(): State {
  const files = new Map<string, string>();
  return {
    read: (name) => success(files.get(name)),
    write(name, text) {
      files.set(name, text);
      return success(undefined);
    },
    append(name, text) {
      files.set(name, (files.get(name) ?? '') + text);
      return success(undefined);
    },
  };
}
