import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { failed, success } from '@certherd/protocol/failure';
import type { PlaceToken } from '../ports.ts';

const asDirectory = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY;
const ownName = /^certherd-[A-Za-z0-9_-]{22}$/;
const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/**
 * Puts a file where certbot puts its answers, and takes it away again: at remove(), and at the latest when this process ends,
 * by a signal too. What a process that was killed outright left behind is removed by the next one. Root writes here into what
 * another account may own: so no link below the webroot is followed, and a directory that everybody may write to is not
 * entered ('unsupported'). Other failures are certbot's own too: 'not-found', 'permission-denied', 'io-error'.
 */
export function systemPlaceToken(): PlaceToken {
  return (webroot) => {
    const opened: number[] = [];
    const made: string[] = [];
    let remove = () => {
      for (const directory of made.splice(0).toReversed()) quietly(() => fs.rmdirSync(directory));
      for (const descriptor of opened.splice(0)) fs.closeSync(descriptor);
    };
    const enter = (place: string, shown: string, isNew: boolean) => {
      const descriptor = fs.openSync(place, asDirectory | (place === webroot ? 0 : fs.constants.O_NOFOLLOW));
      opened.push(descriptor);
      // whatever this process's umask is: the server's workers must get in
      if (isNew) fs.fchmodSync(descriptor, 0o755);
      if ((fs.fstatSync(descriptor).mode & 0o002) !== 0) throw new Declined(`${shown} may be written to by everybody`);
      return `/proc/self/fd/${descriptor}`;
    };
    try {
      let challenges = enter(webroot, webroot, false);
      let shown = webroot;
      for (const name of ['.well-known', 'acme-challenge']) {
        const place = path.join(challenges, name);
        shown = path.join(shown, name);
        const status = fs.lstatSync(place, { throwIfNoEntry: false });
        if (status?.isSymbolicLink()) throw new Declined(`${shown} is a link`);
        if (!status) {
          fs.mkdirSync(place, { mode: 0o755 });
          made.push(place);
        }
        challenges = enter(place, shown, !status);
      }
      for (const left of fs.readdirSync(challenges).filter((name) => ownName.test(name))) removeOwn(challenges, left);
      const name = `certherd-${randomBytes(16).toString('base64url')}`;
      const content = randomBytes(32).toString('base64url');
      const leave = remove;
      remove = () => {
        if (opened.length === 0) return;
        for (const signal of signals) process.off(signal, onSignal);
        process.off('exit', remove);
        quietly(() => fs.unlinkSync(path.join(challenges, name)));
        leave();
      };
      const onSignal = (signal: NodeJS.Signals) => {
        // somebody else has the process go on to its own end
        if (process.listenerCount(signal) > 1) return;
        remove();
        process.kill(process.pid, signal);
      };
      for (const signal of signals) process.on(signal, onSignal);
      process.on('exit', remove);
      write(path.join(challenges, name), content);
      return success({ path: `/.well-known/acme-challenge/${name}`, content, remove });
    } catch (error) {
      remove();
      if (error instanceof Declined) return failed('unsupported', error.message);
      if (!(error instanceof Error)) throw error;
      const code = 'code' in error ? String(error.code) : '';
      const what = `${webroot}/.well-known/acme-challenge: ${code || error.message}`;
      if (code === 'ENOENT') return failed('not-found', `${webroot} does not exist`);
      return failed(['EACCES', 'EPERM', 'EROFS'].includes(code) ? 'permission-denied' : 'io-error', what);
    }
  };
}

/** Not written, and no fault of the host's. */
class Declined extends Error {}

function write(file: string, content: string): void {
  const descriptor = fs.openSync(file, 'wx', 0o644);
  try {
    fs.fchmodSync(descriptor, 0o644);
    fs.writeFileSync(descriptor, content);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** A leftover is a plain file of this account: nothing else may have such a name by chance. */
function removeOwn(directory: string, name: string): void {
  quietly(() => {
    const file = path.join(directory, name);
    const status = fs.lstatSync(file);
    if (status.isFile() && status.uid === process.geteuid?.()) fs.unlinkSync(file);
  });
}

function quietly(task: () => void): void {
  try {
    task();
  } catch {
    // it is gone, or somebody else's by now
  }
}
