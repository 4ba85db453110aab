import type { Dialer } from '@certherd/handshake/dial';
import type { Resolve } from '@certherd/handshake/outside/resolve';
import type { Outcome, Request } from './decide/action.ts';
import type { Result } from '@certherd/protocol/failure';

/** Time, as a parameter: wall clock for what is written down, timers on the monotonic clock. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number;
  /** Runs `task` once after `ms`; the returned function cancels it. */
  after(ms: number, task: () => void): () => void;
}

export interface FileContent {
  bytes: Uint8Array;
  /** Milliseconds since 1970. */
  modifiedAt: number;
  /** Permission bits, as 0o640. */
  mode: number;
}

/** By what a file that was read is told from a changed one (stat(2), links followed). */
export interface FileStatus {
  device: number;
  inode: number;
  size: number;
  /** Milliseconds since 1970, with fractions. */
  modifiedAt: number;
  /** When anything about it changed, its permissions included. */
  changedAt: number;
}

/** Reads only; every answer is a value. Paths are absolute. */
export interface Files {
  /** A regular file of at most 1 MiB, links followed, opened without blocking (a FIFO is a failure, not a hang). */
  read(path: string): Result<FileContent>;
  /** Names in a directory, sorted by code unit. */
  list(path: string): Result<string[]>;
  /** Where a path leads once all links are followed. */
  resolve(path: string): Result<string>;
  /** When the name itself last changed: for a link, the link and not what it leads to. Milliseconds since 1970. */
  linkChangedAt(path: string): Result<number>;
  /** Absent: nothing is kept of what is read. */
  status?(path: string): Result<FileStatus>;
}

/** What the kernel tells of processes, below /proc. What is gone, or may not be seen, is undefined. */
export interface Proc {
  list(path: string): string[] | undefined;
  read(path: string): string | undefined;
  /** Reads on only until the text is enough: some tables are long, and what counts stands first. */
  readUntil?(path: string, isEnough: (text: string) => boolean): string | undefined;
  readlink(path: string): string | undefined;
}

/** The last bytes of a log, and when it changed last (milliseconds since 1970): a log may be larger than what Files reads. */
export type LogEnd = (path: string, atMost: number) => Result<{ text: string; modifiedAt: number }>;

/** Who owns a path and who else may use it. */
export interface PathPermissions {
  /** Permission bits with the sticky and set-id bits, as 0o1777. */
  mode: number;
  uid: number;
  gid: number;
}

/** What a path leads to, by fstat; its content is not read and no right to it is needed. */
export interface Permissions {
  of(path: string): Result<PathPermissions>;
}

export type { Dialer, DialTarget } from '@certherd/handshake/dial';

/** Runs one action in a process of its own; progress lines arrive as they happen. */
export type Actor = (request: Request, progress: (line: string) => void) => Promise<Outcome>;

export interface ProgramEnd {
  /** Absent where the program was ended by a signal, or by its deadline. */
  exitCode?: number;
  /** Standard output and error as they came, cut to the last 64 KiB, raw. */
  output: string;
  timedOut: boolean;
}

/** Runs an absolute argv without a shell, in a clean environment and a process group that is ended at the deadline. */
export type Programs = (
  argv: string[],
  options: { environment: Record<string, string>; deadlineMs: number },
) => Promise<Result<ProgramEnd>>;

/** Replaces links. The name leads to the old target or to the new one at every moment, and is never gone. */
export interface Links {
  /** Makes `path` a symbolic link to `target` (kept as given), in place of the link or file that stands there. */
  replace(path: string, target: string): Result<void>;
  /** Renames a file to NAME.incomplete, in place of an earlier one of that name. */
  setAside(path: string): Result<void>;
}

/** A directory of its own (0700, files 0600) for what is kept of one action. A write is whole and on disk, or has not happened. */
export interface Keeping {
  write(name: string, content: string | Uint8Array): Result<void>;
}

/** A server's config files: the only files of others that are ever written, and by `adopt` alone. */
export interface ConfigFiles {
  /** May this process put another file in the place of the one that the path leads to, with nobody else able to come between? */
  replaceable(path: string): Result<void>;
  /**
   * Puts these bytes in the place of `target`, to which the path must still lead: written beside it under a name that no include fits,
   * with its owner and mode, synced, and renamed. Links stay links. It is whole, the old one or the new one, at every moment.
   */
  replace(path: string, target: string, bytes: Uint8Array): Result<void>;
}

/** A CAA record (RFC 8659): tag and value raw. */
export interface CaaRecord {
  critical: boolean;
  tag: string;
  value: string;
}

/** The DNS, as this host's resolvers or those of the settings answer. A name without such records is an empty list. */
export interface Names {
  /** IPv6 first, as CAs connect. */
  addresses(name: string): Promise<Result<string[]>>;
  caa(name: string): Promise<Result<CaaRecord[]>>;
}

export interface WebAnswer {
  status: number;
  /** Of a redirect, raw. */
  location?: string;
  /** The first 64 KiB. */
  body: string;
}

/** One GET of an http:// or https:// address, redirects not followed, no certificate judged. */
export type WebGet = (target: {
  url: string;
  /** Connect here in place of what the address names; Host and server name stay as the address has them. */
  at?: { address: string; port: number };
  timeoutMs: number;
}) => Promise<Result<WebAnswer>>;

/** A file with random name and content, put into WEBROOT/.well-known/acme-challenge for as long as it is asked for. */
export type PlaceToken = (webroot: string) => Result<{ path: string; content: string; remove(): void }>;

/** The agent's own state directory (0700, files 0600). A write is whole and on disk, or has not happened. */
export interface State {
  /** The text, or undefined where there is none yet. */
  read(name: string): Result<string | undefined>;
  /**
   * Not `lasting`: whole while the machine runs, but its crash may damage it; costs no wait for the disk. `inPlaceIfFull`: where the disk has no room for
   * another file beside it, the one that is there is written over; of a text within one sector (512 bytes) that is whole, too.
   */
  write(name: string, text: string, options?: { lasting: boolean; inPlaceIfFull?: boolean }): Result<void>;
  append(name: string, text: string): Result<void>;
}

/** The service manager that started this process and wants to hear of it. */
export interface ServiceManager {
  /** Without a sign of life for this long, in milliseconds, it ends this process; absent: it does not watch. */
  watchdogMs?: number;
  /** Assignments as sd_notify(3) has them: "READY=1". Resolves once they are told, or cannot be; each call starts a program. */
  notify(state: readonly string[]): Promise<void>;
}

export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** An open WebSocket to a collector whose TLS key is the pinned one, or whose certificate is trusted. Text frames only. */
export interface CollectorSocket {
  send(text: string): void;
  /** Called once; frames that came before are given at once. A binary frame arrives as "". */
  onMessage(listener: (text: string) => void): void;
  closed: Promise<void>;
  /** The Date header with which it was opened, where there was one. */
  date?: string;
  close(): void;
  /** Ends it without a closing handshake: for a peer that does not answer any more. */
  terminate(): void;
}

export type CollectorFailure = {
  reason: 'unreachable' | 'wrong-pin' | 'untrusted' | 'not-a-collector';
  detail: string;
};

/** `pin` as in a join string (protocol/join.ts). */
export type OpenCollectorSocket = (target: {
  authority: string;
  pin: string;
}) => Promise<Result<CollectorSocket, CollectorFailure>>;

/** What an HTTPS server answered, whatever its status. */
export interface HttpsAnswer {
  status: number;
  body: string;
  /** The Retry-After and Date headers as they came. */
  retryAfter?: string;
  date?: string;
}

/** GET of https:// addresses, one after the other. No redirect is followed, no client certificate or cookie is sent. */
export interface HttpsSession {
  /** Failures: 'unreachable', 'timed-out' (20 s for the whole answer), 'handshake-failed', 'too-large' (64 KiB), 'unsupported' (another scheme). */
  get(address: string): Promise<Result<HttpsAnswer>>;
  /** A question under way then fails. */
  close(): void;
}

/** `roots`: PEM texts; servers are trusted by these alone. */
export type OpenHttps = (roots: readonly string[]) => HttpsSession;

/** All that a look at the host needs: it reads and asks, and changes nothing. */
export interface LookPorts {
  clock: Clock;
  files: Files;
  dial: Dialer;
  proc: Proc;
  logEnd: LogEnd;
  permissions: Permissions;
  /** Roots in PEM for a host that has no list of its own. */
  bundledRoots(): readonly string[];
  /** The host's own addresses that clients from outside may connect to: without loopback, link-local ones and container bridges. */
  addresses(): readonly string[];
  /** The addresses behind names that a collector asks after, by these resolvers; none: the system's. */
  resolver: (servers: readonly string[]) => Resolve;
  /** From 0 to 1, for jitter. */
  random(): number;
}

/** Everything that the stages may ask of the machine. */
export interface Ports extends LookPorts {
  act: Actor;
  state: State;
  openCollectorSocket: OpenCollectorSocket;
  openHttps: OpenHttps;
  log: Log;
  /** Absent where no service manager listens. */
  service?: ServiceManager | undefined;
  /** Told whenever the loop goes to rest. Absent: nothing is tidied up. */
  atRest?: () => void;
}
