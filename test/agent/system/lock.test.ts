import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { isLocked, takeLock } from '../../../agent/system/lock.ts';
import { testDirectory } from '../../helpers/directory.ts';

test('a process that was killed holds nothing, also where nobody has asked for its end yet', (t) => {
  const directory = testDirectory(t);
  const { pid = 0 } = spawn('/usr/bin/sleep', ['600'], { stdio: 'ignore' });
  fs.writeFileSync(path.join(directory, 'action.lock'), `${pid} ${statOf(pid)[19]}\n`);
  t.true(isLocked(directory, 'action'));
  t.is(takeLock(directory, 'action'), undefined);
  process.kill(pid, 'SIGKILL');
  // The loop has no turn here, so that the child stays a zombie.
  while (statOf(pid)[0] !== 'Z');
  t.false(isLocked(directory, 'action'));
  t.truthy(takeLock(directory, 'action'));
});

/** From its third field on, the state: proc(5). */
function statOf(pid: number): string[] {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
