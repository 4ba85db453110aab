import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { systemService as agentService } from '../../../agent/system/sd-notify.ts';
import { systemService as collectorService } from '../../../collector/system/sd-notify.ts';
import { silentLog, testDirectory } from '../../helpers/directory.ts';

const listening = `
import socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(repr(one.recv(65536).decode()), flush=True)
`;

/** A socket as systemd has one; the next message that it is told. */
async function manager(t: ExecutionContext) {
  const path = `${testDirectory(t)}/notify`;
  const child = spawn('python3', ['-c', listening, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  t.is(await next(), 'listening');
  return { path, next };
}

for (const [side, systemService] of [
  ['agent', agentService],
  ['collector', collectorService],
] as const) {
  test(`the ${side} tells the service manager through systemd's own program, and hands its name to nobody`, async (t) => {
    const { path, next } = await manager(t);
    const environment: NodeJS.ProcessEnv = {
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: '600000000',
      WATCHDOG_PID: String(process.pid),
      OTHER: 'kept',
    };
    const service = systemService(environment, silentLog);
    t.deepEqual(environment, { OTHER: 'kept' });
    t.is(service?.watchdogMs, 600_000);
    await service?.notify(['READY=1', 'STATUS=20 endpoints proved, 1 finding']);
    t.is(await next(), String.raw`'READY=1\nSTATUS=20 endpoints proved, 1 finding'`);
  });

  test(`the ${side} runs nothing where no manager listens, and one that is gone is a line`, async (t) => {
    t.is(systemService({ WATCHDOG_USEC: '1000000' }, silentLog), undefined);
    const warned: string[] = [];
    const log = { ...silentLog, warn: (_fields: object, text: string) => void warned.push(text) };
    await systemService({ NOTIFY_SOCKET: `${testDirectory(t)}/gone` }, log)?.notify(['READY=1']);
    t.deepEqual(warned, ['systemd could not be told']);
  });

  test(`the ${side} gives no signs of life for another process's watchdog`, (t) => {
    const service = systemService({ NOTIFY_SOCKET: '/n', WATCHDOG_USEC: '1000000', WATCHDOG_PID: '1' }, silentLog);
    t.is(service?.watchdogMs, undefined);
  });
}
