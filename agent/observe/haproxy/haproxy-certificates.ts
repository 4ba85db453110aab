import { failed, type Result, success } from '@certherd/protocol/failure';
import type { Bind } from '../../formats/haproxy-bind.ts';
import { below, type HaproxyConfig, type Place } from '../../formats/haproxy-config.ts';
import { type CrtList, readCrtList } from '../../formats/haproxy-crt-list.ts';
import type { Files } from '../../ports.ts';
import { mostCertificates, mostConfigFiles, note, type Reading } from './haproxy-reading.ts';

/** A certificate that a bind loads. */
export interface LoadedCertificate {
  certificatePath: string;
  keyPath: string;
  /** From a crt-list's filters; empty where HAProxy takes the names in the certificate. */
  names: string[];
}

/** Every certificate of one bind in the order in which HAProxy loads them: the first is the default one. */
export function certificatesOf(reading: Reading, bind: Bind & Place): LoadedCertificate[] {
  return bind.sources.flatMap(({ kind, path }) => {
    if (reading.loaded >= mostCertificates || reading.isSpent()) return [];
    const absolute = located(reading.config, bind.file, path);
    return kind === 'crt' ? fromPath(reading, bind, path, []) : fromList(reading, bind, absolute);
  });
}

function fromPath(reading: Reading, at: Place, written: string, names: string[]): LoadedCertificate[] {
  if (reading.loaded >= mostCertificates) return [];
  const found = filesAt(reading, at, written, names).slice(0, mostCertificates - reading.loaded);
  reading.loaded += found.length;
  if (reading.loaded === mostCertificates) {
    const detail = `more than ${mostCertificates} certificates are loaded`;
    note(reading, detail, at, { reason: 'too-many-includes' });
  }
  return found;
}

function filesAt(reading: Reading, { file }: Place, written: string, names: string[]): LoadedCertificate[] {
  const { config, files } = reading;
  const left = mostCertificates - reading.loaded;
  const stored = reading.stored.get(written.startsWith('@') ? written : `@/${written}`);
  if (stored) {
    const certificatePath = located(config, file, stored.path);
    const keyPath = stored.keyPath === undefined ? undefined : located(config, file, stored.keyPath);
    return [{ certificatePath, keyPath: keyPath ?? keyBeside(reading, certificatePath), names }];
  }
  const path = located(config, file, below(config.certificateBase, written));
  const exists = files.linkChangedAt(path).ok;
  const inside = exists ? filesInside(reading, path) : undefined;
  if (inside) return inside.slice(0, left).map((each) => loaded(reading, each, names));
  // One name for several files that differ in their key's kind (HAProxy's certificate bundles).
  const bundle = exists ? [] : ['rsa', 'ecdsa', 'dsa'].map((kind) => `${path}.${kind}`);
  const present = bundle.filter((each) => files.linkChangedAt(each).ok);
  return (present.length > 0 ? present : [path]).map((each) => loaded(reading, each, names));
}

/** The certificate files in a directory, none of those below it; undefined for what is no directory. */
function filesInside({ files, inside }: Reading, path: string): string[] | undefined {
  if (inside.has(path)) return inside.get(path);
  const names = files.list(path);
  const found = names.ok
    ? names.value
        .filter((name) => !name.startsWith('.') && !beside.test(name))
        .slice(0, mostCertificates)
        .map((name) => `${path.replace(/\/+$/, '')}/${name}`)
        .filter((each) => !files.list(each).ok)
    : undefined;
  inside.set(path, found);
  return found;
}

/** Files that HAProxy reads together with a certificate of the same name, never as one. */
const beside = /\.(?:key|issuer|ocsp|sctl)$/;

function fromList(reading: Reading, bind: Bind & Place, path: string): LoadedCertificate[] {
  const list = listAt(reading, path);
  if (!list.ok) {
    const { detail, reason } = list.failure;
    note(reading, `'crt-list' : cannot open file '${path}' : ${detail}`, bind, { reason });
    return [];
  }
  const { entries, fault } = list.value;
  if (fault) note(reading, `'crt-list' : ${fault.detail}`, { file: path, line: fault.line }, { reached: bind });
  return entries.flatMap((entry) => {
    if (reading.loaded >= mostCertificates || reading.isSpent()) return [];
    const found = fromPath(reading, bind, entry.path, entry.names);
    const key = entry.keyPath;
    if (key === undefined) return found;
    const keyPath = located(reading.config, bind.file, below(reading.config.keyBase, key));
    return found.map((each) => ({ ...each, keyPath }));
  });
}

function listAt(reading: Reading, path: string): Result<CrtList> {
  const known = reading.lists.get(path);
  if (known) return success(known);
  if (reading.configFiles.length >= mostConfigFiles)
    return failed('too-many-includes', `more than ${mostConfigFiles} files are read`);
  const content = reading.files.read(path);
  if (!content.ok) return content;
  const { bytes } = content.value;
  if (holdsPem(bytes)) {
    bytes.fill(0);
    return failed('malformed', 'it holds a certificate or a key, which `crt` loads, and not a list');
  }
  const list = readCrtList(new TextDecoder().decode(bytes));
  reading.lists.set(path, list);
  reading.configFiles.push(path);
  return success(list);
}

/** Read as a list each line of a key would be a path, and paths are told. */
function holdsPem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('-----BEGIN ');
}

function loaded(reading: Reading, certificatePath: string, names: string[]): LoadedCertificate {
  return { certificatePath, keyPath: keyBeside(reading, certificatePath), names };
}

/** The certificate's own file, unless it holds no key and there is one beside it. */
function keyBeside(reading: Reading, certificatePath: string): string {
  const known = reading.keyBeside.get(certificatePath);
  if (known !== undefined) return known;
  const key = findKey(reading, certificatePath);
  reading.keyBeside.set(certificatePath, key);
  return key;
}

function findKey({ config, files }: Reading, certificatePath: string): string {
  const bare = config.withoutExtension ? certificatePath.replace(/\.crt$/, '') : certificatePath;
  const keyPath = `${bare}.key`;
  if (!config.extraKeys || !files.linkChangedAt(keyPath).ok) return certificatePath;
  return holdsKey(files, certificatePath) ? certificatePath : keyPath;
}

/** HAProxy looks for a key in the certificate's file first. The bytes are wiped before this returns. */
function holdsKey(files: Files, path: string): boolean {
  const content = files.read(path);
  if (!content.ok) return false;
  const { bytes } = content.value;
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('PRIVATE KEY-----');
  bytes.fill(0);
  return found;
}

/** `default-path` goes before a relative path; "current" is the directory that HAProxy was started in, "/" for a service. */
function located({ relativeTo }: HaproxyConfig, configFile: string, path: string): string {
  if (path.startsWith('/') || path.startsWith('@')) return path;
  const directory = configFile.slice(0, configFile.lastIndexOf('/'));
  const base =
    relativeTo.kind === 'origin'
      ? relativeTo.directory
      : relativeTo.kind === 'config'
        ? directory
        : relativeTo.kind === 'parent'
          ? directory.slice(0, Math.max(directory.lastIndexOf('/'), 0))
          : '';
  return `${base.replace(/\/+$/, '')}/${path}`;
}
