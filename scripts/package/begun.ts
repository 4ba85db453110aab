import fs from 'node:fs';
import { createRequire } from 'node:module';
import net, { Socket } from 'node:net';
import { join } from 'node:path';

type Part = (load: (name: string) => unknown, takePart: (part: string) => unknown) => unknown;

/**
 * Begins the daemon as a host does where it is enrolled, up to where it would wait for its collector, so that V8 has compiled what
 * each start needs. The same functions run on every machine: it sees no file but those in `folder`, is not root, and no network.
 */
export async function begun(part: Part, folder: string): Promise<void> {
  const state = join(folder, 'state');
  const settings = join(folder, 'agent.toml');
  const enrolment = { authority: '127.0.0.1:9', pin: 'none', agentId: 'none', collectorId: 'none' };
  fs.mkdirSync(state);
  fs.writeFileSync(settings, `host_name = "none"\nstate_directory = "${state}"\n`);
  fs.writeFileSync(join(state, 'enrolment.json'), JSON.stringify(enrolment));
  fs.writeFileSync(join(state, 'memory.json'), JSON.stringify({ attempts: [], sightings: [] }));
  const { dev, ino } = fs.fstatSync(2);
  process.env['JOURNAL_STREAM'] = `${dev}:${ino}`;
  process.getuid = () => 1000;
  process.argv.splice(2, process.argv.length, 'run', '--config', settings);
  const require = createRequire(import.meta.url);
  const own = new Map<string, object>([
    ['node:fs', onlyBelow(folder)],
    ['node:net', { ...net, connect: nowhere }],
  ]);
  part(
    (name) => own.get(name) ?? require(name),
    (name) => {
      throw new Error(`the daemon took ${name} as it began`);
    },
  );
  // Until then it awaits nothing of the kernel, which is not heard between these.
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
  const connecting = fs.readFileSync(join(state, 'status.json'), 'utf8').includes('"state":"connecting"');
  if (!connecting) throw new Error('the daemon did not begin');
}

/** Never connected, and never told that it cannot be. */
function nowhere(): Socket {
  return new Socket();
}

/** Of what is elsewhere there is nothing. */
function onlyBelow(folder: string): object {
  return new Proxy(fs, {
    get: (target, name) => {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function' || typeof name !== 'string' || !name.endsWith('Sync')) return own;
      return (path: unknown, ...rest: unknown[]) => {
        if (typeof path === 'string' && !path.startsWith(folder))
          throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
        return Reflect.apply(own, target, [path, ...rest]);
      };
    },
  });
}
