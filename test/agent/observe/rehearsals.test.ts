import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { observeRehearsals } from '../../../agent/observe/rehearsals.ts';
import { systemFiles } from '../../../agent/system/files.ts';

const noon = Date.parse('2026-11-23T12:00:00.000Z');
const day = 86_400_000;

/** A state directory in which `shop` was rehearsed so long after noon, or with this text. */
function directory(t: ExecutionContext, afterMs: number, text?: string): string {
  const made = mkdtempSync(join(tmpdir(), 'certherd-rehearsals-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  const rehearsal = { at: new Date(noon + afterMs).toISOString(), ok: true, reasons: [], failures: 0 };
  writeFileSync(join(made, 'rehearsals.json'), text ?? JSON.stringify({ shop: rehearsal }));
  return made;
}

test('of two places the later rehearsal counts, but none from a clock that was ahead, and nothing that is damaged', (t) => {
  const [old, fresh, ahead] = [directory(t, -2 * day), directory(t, -day), directory(t, 300 * day)];
  const at = (...directories: string[]) => observeRehearsals(systemFiles(), directories, noon).get('shop')?.at;
  t.is(at(old, fresh), new Date(noon - day).toISOString());
  t.is(at(fresh, old), new Date(noon - day).toISOString());
  t.is(at(ahead, fresh), new Date(noon - day).toISOString());
  t.is(at(ahead), undefined);
  t.is(at(directory(t, 0, '{"shop":'), '/nonexistent'), undefined);
});
