import { spawn } from 'node:child_process';

/** A lock that processes wait for. flock(1) holds it for as long as its standard input stays open: it ends with this process. */
export async function takeFileLock(file: string): Promise<{ release: () => void }> {
  const program = 'import sys; print("held", flush=True); sys.stdin.read()';
  const holder = spawn('/usr/bin/flock', [file, '/usr/bin/python3', '-c', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', (code) => reject(new Error(`flock ${file}: ${code}`)));
    holder.stdout.once('data', () => resolve());
  });
  return { release: () => holder.stdin.end() };
}
