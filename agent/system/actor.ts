import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import type { Actor } from '../ports.ts';
import { hear, longestMs, unheard } from './act-answer.ts';
import { socketActor } from './act-socket.ts';
import { ownCommand } from './own-command.ts';

/**
 * Runs each action in a process of its own: the daemon itself runs no other program and loads nothing that could. Root's
 * is a child; for an agent that is not root systemd starts it at act's socket. Without a socket an agent that may write
 * certbot's directory acts by itself: then lineages and servers are its own user's.
 */
export function systemActor({ path, act, certbot }: Pick<Config, 'path' | 'act' | 'certbot'>): Actor {
  const child = childActor(path);
  const socket = socketActor(act.socket);
  const isOwn = () => process.getuid?.() === 0 || (!existsSync(act.socket) && isWritable(certbot.configDirectory));
  return (request, progress) => (isOwn() ? child : socket)(request, progress);
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function childActor(configPath: string | undefined): Actor {
  return (request, progress) =>
    new Promise((resolve) => {
      const [program, ...words] = ownCommand();
      const child = spawn(program, [...words, 'act', ...(configPath ? ['--config', configPath] : [])], {
        stdio: ['pipe', 'pipe', 'inherit'],
        detached: true,
      });
      hear(child.stdout, progress, resolve);
      const deadline = setTimeout(() => child.kill('SIGTERM'), longestMs);
      const end = (fallback: string) => {
        clearTimeout(deadline);
        // Without effect where the outcome was heard.
        resolve(unheard(request, 'internal', fallback));
      };
      child.once('error', (error) => end(error.message));
      child.stdin.on('error', () => {});
      child.stdin.end(`${JSON.stringify(request)}\n`);
      child.once('close', (code, signal) => end(`the action's process ended without an outcome (${signal ?? code})`));
    });
}
